"""A provider's word in; kept as it came, and its delivery moved on, out.

Receipts come twice, late, early and out of order. Within one attempt the rank may only rise; a
later attempt outranks an earlier one; the same event is kept once.
"""

from notifications.receipts.keeping import keep_receipt, keep_receipts, receipt_of
from notifications.receipts.working import apply_receipts

__all__ = ["keep_receipts", "receipt_of", "keep_receipt", "apply_receipts"]
