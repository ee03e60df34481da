"""JUnit reports of several passes in; exit 1 with the names of the tests that ran in none of them out."""

from __future__ import annotations

import sys
from xml.etree import ElementTree


def main(reports: list[str]) -> int:
    """A test that is skipped everywhere promises nothing."""
    ran: set[str] = set()
    reasons: dict[str, str] = {}
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest
            name = f"{case.get('classname')}::{case.get('name')}"
            skipped = case.find("skipped")
            # an expected failure stands among the skipped, but it did run
            if skipped is None or skipped.get("type") == "pytest.xfail":
                ran.add(name)
            else:
                reasons[name] = skipped.get("message") or "no reason given"
    never = sorted(reasons.keys() - ran)
    for name in never:
        print(f"never ran: {name} ({reasons[name]})")
    print(f"{len(ran)} tests ran in one pass or another, {len(never)} in none.")
    return 1 if never or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
