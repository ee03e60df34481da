"""A change in; the notices that it calls for, and in time the deliveries of each, out."""
