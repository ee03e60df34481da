"""What Ada and Ben type in; checked values, in aware times, out. No decisions."""

from __future__ import annotations

from maintenance.forms.audit import AuditForm
from maintenance.forms.booking import BookForm, MoveForm, TimeForm, time_of
from maintenance.forms.decisions import DecisionForm, ReasonForm
from maintenance.forms.moments import LENGTHS, Day, Moment, offered
from maintenance.forms.passing import EmergencyForm, PassingForm, approvers, bookers
from maintenance.forms.search import SlotsForm
from maintenance.forms.series import SettleForm
from maintenance.forms.target import TargetForm

__all__ = [
    "LENGTHS",
    "AuditForm",
    "BookForm",
    "Day",
    "DecisionForm",
    "EmergencyForm",
    "Moment",
    "MoveForm",
    "PassingForm",
    "ReasonForm",
    "SettleForm",
    "SlotsForm",
    "TargetForm",
    "TimeForm",
    "approvers",
    "bookers",
    "offered",
    "time_of",
]
