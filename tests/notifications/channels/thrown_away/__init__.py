"""A folder that a test adds to notifications/channels/."""
