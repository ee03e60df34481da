"""The table of moves in; the diagram of docs/delivery_states.md out.

manage.py shell -c "from tests.notifications.delivery.state_diagram import drawn; print(drawn())"
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Final

from notifications.delivery.transitions import MOVES
from notifications.models import State

_MADE: Final = (State.QUEUED, State.EXPIRED, State.SUPPRESSED, State.NO_ADDRESS)
"""The states in which rows are made (preparation)."""


def drawn() -> str:
    """The table as a mermaid diagram: an arrow for each two states, with every reason to go there."""
    why: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for line in MOVES:
        for before, after in product(_names(line.before), _names(line.after)):
            why[before, after].append(line.act.value)
    arrows = [
        f"{before} --> {after}: {', or '.join(dict.fromkeys(acts))}" for (before, after), acts in why.items()
    ]
    named = [f"{state.name.lower()}: {state.label}" for state in State]
    made = [f"[*] --> {state.name.lower()}" for state in _MADE]
    return "\n    ".join(["stateDiagram-v2", *named, f"any: Any but {_left_out()}", *made, *arrows])


def _names(states: frozenset[State]) -> list[str]:
    """Where most states lead somewhere, one stands for them."""
    return ["any"] if _is_most(states) else [state.name.lower() for state in sorted(states)]


def _is_most(states: frozenset[State]) -> bool:
    return len(states) > len(State) / 2


def _left_out() -> str:
    wide = frozenset[State]().union(*(line.before for line in MOVES if _is_most(line.before)))
    return ", ".join(state.label for state in sorted(frozenset(State) - wide)).lower()
