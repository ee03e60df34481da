"""The command line in; which parts, how many messages and how often, out."""

from __future__ import annotations

import argparse
from typing import Final

PARTS: Final = ("sms", "latency", "smtp", "esp", "prepare", "million")
_ONCE: Final = ("million",)
"""Too long to repeat in a full run."""
_FEW, _MANY = 50_000, 1_000_000


def parse(words: str) -> argparse.Namespace:
    """The options, `words` being what --help says."""
    parser = argparse.ArgumentParser(
        prog="tests.benchmarks.delivery",
        description=words,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", default="", help="only what has this in its name: Lull, (e)")
    parser.add_argument("--messages", type=int, default=40_000, help="of a run; slow peers send fewer")
    parser.add_argument("--rounds", type=int, default=3, help="everything in turn, so many times")
    parser.add_argument("--full", action="store_true", help=f"prepare and send {_MANY:,}, not {_FEW:,}")
    parser.add_argument("--million", type=int, default=0, help="how many that is, instead")
    parser.add_argument("--server", default="postgres://postgres@127.0.0.1:5432", help="a PostgreSQL")
    parser.add_argument("--queue", default="redis://127.0.0.1:6379/14", help="a Redis to empty and use")
    options = parser.parse_args()
    options.million = options.million or (_MANY if options.full else _FEW)
    options.once = _ONCE if options.full else ()
    return options
