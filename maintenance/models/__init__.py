"""The tables of services, their users, their traffic and their windows; no decisions."""

from __future__ import annotations

from maintenance.models.audit import AuditEntry
from maintenance.models.decisions import Approval, Change, Conflict, Override, RuleSetting
from maintenance.models.policies import NoticeKind, NoticePolicy, NoticeRule
from maintenance.models.register import Alternative, Customer, Service, Use
from maintenance.models.signins import OneTimePassword, SignIn, SignInBucket
from maintenance.models.times import CriticalDay, Cutoff, Freeze, Holiday, StandingWindow, SupportCover
from maintenance.models.traffic import TrafficProfile, TrafficSample
from maintenance.models.windows import Exemption, Impact, Series, Skipped, Window

__all__ = [
    "Alternative",
    "Approval",
    "AuditEntry",
    "Change",
    "Conflict",
    "CriticalDay",
    "Customer",
    "Cutoff",
    "Exemption",
    "Freeze",
    "Holiday",
    "Impact",
    "NoticeKind",
    "NoticePolicy",
    "NoticeRule",
    "OneTimePassword",
    "Override",
    "RuleSetting",
    "Series",
    "Service",
    "SignIn",
    "SignInBucket",
    "Skipped",
    "StandingWindow",
    "SupportCover",
    "TrafficProfile",
    "TrafficSample",
    "Use",
    "Window",
]
