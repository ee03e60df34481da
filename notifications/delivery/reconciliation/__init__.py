"""Deliveries whose fate is unknown in; found at the provider, or left to their policy, out.

Asked in this order: the receipt that names delivery and attempt (receipts, at any time), the
provider's own list or its answer to the same key again (whatever its `find` does), and after
UNKNOWN_WAIT_SECONDS the policy of the channel. Each step is on record.
"""

from notifications.delivery.reconciliation.decide import reconcile
from notifications.delivery.reconciliation.steps import release, release_all, resent

__all__ = ["reconcile", "release", "release_all", "resent"]
