"""What Ada and Ben type in; checked values, in aware times, out. No decisions."""

from __future__ import annotations

from maintenance.forms.audit import AuditForm
from maintenance.forms.booking import BookForm, MoveForm, TimeForm, time_of
from maintenance.forms.decisions import DecisionForm, ReasonForm
from maintenance.forms.moments import LENGTHS, DayField, MomentField, offered_minutes
from maintenance.forms.passing import EmergencyForm, PassingForm, approvers, bookers
from maintenance.forms.search import SlotsForm
from maintenance.forms.series import SettleForm
from maintenance.forms.target import TargetForm

__all__ = [
    "LENGTHS",
    "AuditForm",
    "BookForm",
    "DayField",
    "DecisionForm",
    "EmergencyForm",
    "MomentField",
    "MoveForm",
    "PassingForm",
    "ReasonForm",
    "SettleForm",
    "SlotsForm",
    "TargetForm",
    "TimeForm",
    "approvers",
    "bookers",
    "offered_minutes",
    "time_of",
]
