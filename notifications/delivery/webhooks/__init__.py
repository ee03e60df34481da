"""What providers say of our messages in; a receipt, kept before anything is done about it, out.

These doors stand open to the world: they verify, record and answer, no more. `receipts.apply_receipts`
does the rest later, so that a receipt which overtakes our own commit is not lost.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from notifications.delivery.webhooks import mail, sms

urlpatterns: list[URLPattern | URLResolver] = [
    path("receipts/sms/<str:token>/", sms.callback, name="receipt-sms"),
    path("receipts/email/", include((mail.mail_patterns(), "anymail"))),
]
