"""A delivery on its way: every legal move of it, in one table, and the statements that make them."""
