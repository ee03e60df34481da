"""The pages of the bank's staff and of their sign-ins."""
