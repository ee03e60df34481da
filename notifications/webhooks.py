"""What providers call with their receipts."""
