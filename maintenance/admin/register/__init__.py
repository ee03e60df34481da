"""The pages of services and of whom the bank must tell."""
