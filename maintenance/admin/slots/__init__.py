"""The page on which a quiet slot is found."""
