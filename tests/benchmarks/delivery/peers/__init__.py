"""What a bank would run instead: Celery, Django, the Twilio SDK, anymail and post_office, as one would."""
