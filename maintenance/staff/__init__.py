"""The bank's staff: their groups, and how they sign in."""
