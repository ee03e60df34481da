"""A profile in; the bytes in which it is kept out, and back again."""

from __future__ import annotations

import io
import json
from typing import Final

import numpy as np

from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place
from maintenance.traffic.replay import Record
from maintenance.traffic.spread import Spread

FORM: Final = 1
"""Rises when what is kept changes its meaning: what was kept in another form is learnt anew."""
_ARRAYS: Final = ("shares", "of_kinds", "of_marks", "critical")
_RECORD: Final = ("corrections", "low", "high", "least", "middle")


def packed(profile: Profile) -> bytes:
    """All of it but its name, zone and country, which the service has."""
    arrays = {name: getattr(profile, name) for name in _ARRAYS}
    arrays |= {name: getattr(profile.record, name) for name in _RECORD}
    values = {
        "mean_rate": profile.mean_rate,
        "level": profile.level,
        "single": profile.scatter.single,
        "together": profile.scatter.together,
        "one": profile.scatter.one,
        "doubts": profile.doubts,
    }
    file = io.BytesIO()
    np.savez(file, values=np.array(json.dumps(values)), **arrays)
    return file.getvalue()


def unpacked(content: bytes, place: Place) -> Profile:
    """What was packed, for the service that is at this place."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        values = json.loads(str(kept["values"]))
        return Profile(
            name=place.name,
            zone=place.zone,
            country=place.country,
            mean_rate=values["mean_rate"],
            level=values["level"],
            scatter=Spread(values["single"], values["together"], values["one"]),
            record=Record(**{name: kept[name] for name in _RECORD}),
            doubts=tuple(values["doubts"]),
            **{name: kept[name] for name in _ARRAYS},
        )
