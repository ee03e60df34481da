"""What Ada and Ben type in; checked values, in aware times, out. No decisions."""

from __future__ import annotations

from maintenance.admin.forms.audit import AuditForm
from maintenance.admin.forms.booking import BookForm, MoveForm, TimeForm, time_of
from maintenance.admin.forms.decisions import DecisionForm, ReasonForm
from maintenance.admin.forms.moments import DayField, MomentField, offered_minutes
from maintenance.admin.forms.search import SlotsForm
from maintenance.admin.forms.series import SettleForm
from maintenance.admin.forms.target import TargetForm

__all__ = [
    "AuditForm",
    "BookForm",
    "DayField",
    "DecisionForm",
    "MomentField",
    "MoveForm",
    "ReasonForm",
    "SettleForm",
    "SlotsForm",
    "TargetForm",
    "TimeForm",
    "offered_minutes",
    "time_of",
]
