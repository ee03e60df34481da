"""What a request says in; checked values, or what is wrong with it, out."""
