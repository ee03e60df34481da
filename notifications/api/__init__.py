"""The bank's own app in; what it shows a customer, out."""
