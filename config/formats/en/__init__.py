"""English, as it is read outside of North America too."""
