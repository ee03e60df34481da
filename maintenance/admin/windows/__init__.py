"""A window's own pages: found, booked, decided, moved, started, ended."""
