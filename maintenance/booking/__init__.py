"""A proposal in; a booked, moved or cancelled window, or everything that stands against it, out."""
