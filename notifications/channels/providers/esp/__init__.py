"""Mail by a mail service: anymail's, or any other backend of Django's."""
