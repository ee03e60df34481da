"""Mail by SMTP (RFC 5321), over connections that are kept."""
