"""An iCalendar file (RFC 5545) in; freezes, and rejected events with their reasons, out."""
