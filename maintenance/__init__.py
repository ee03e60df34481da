"""Services, who uses them, when they may be touched, and what happened to each window."""
