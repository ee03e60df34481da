"""In which words and by which road the users of a service hear, and whether it arrived."""
