"""One file a face: the windows as the public may see them in, one document out."""
