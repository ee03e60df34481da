"""The bank's own files in; checked rows, and rejected lines with their reasons, out."""
