"""A provider's word in; kept as it came, and its delivery moved on, out.

Receipts come twice, late, early and out of order. Within one attempt the rank may only rise; a
later attempt outranks an earlier one; the same event is kept once.
"""

from notifications.delivery.receipts.apply import apply_receipts
from notifications.delivery.receipts.store import ProviderEvent, keep_receipt, keep_receipts

__all__ = ["ProviderEvent", "apply_receipts", "keep_receipt", "keep_receipts"]
