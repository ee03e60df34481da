"""What the pages of both apps say of times."""
