"""A message in; the mail that carries it, as it goes on the wire, out."""
