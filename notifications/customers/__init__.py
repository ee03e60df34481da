"""Customers as the bank names them, where they are written to, and when they may be."""
