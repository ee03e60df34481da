"""What the clock does, who works, what is wrong, and whom to call."""
