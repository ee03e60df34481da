"""The pages of windows that repeat."""
