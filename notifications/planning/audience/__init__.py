"""A notice in; whom it must reach, walked by index and never read as a whole, out."""
