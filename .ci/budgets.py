"""JUnit reports of several passes in; what each folder of tests took, beside what it may take, out.

A sentence for whoever adds tests, never a failure: machines differ, and a time that is asserted is flaky.
"""

from __future__ import annotations

import sys
from collections import Counter
from xml.etree import ElementTree

BUDGETS = {
    "tests": 170,  # the files in it, without its folders
    "tests.browser": 420,
    "tests.crawl": 200,
    "tests.faults": 950,
    "tests.maintenance": 450,
    "tests.notifications": 550,
    "tests.servers": 10,
    "tests.simulation": 60,
}
"""Seconds of tests by folder, all passes and processes added up, on the two cores of the CI machine."""


def main(reports: list[str]) -> int:
    """Print the table, and loudly whatever is beyond its budget or has none."""
    took: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest
            folder = _folder(case.get("classname") or "")
            took[folder] += round(1000 * float(case.get("time") or 0))
            tests[folder] += 1
    beyond = 0
    print(f"{'folder':<24}{'tests':>8}{'seconds':>10}{'budget':>8}")
    for folder, milliseconds in took.most_common():
        seconds, budget = milliseconds / 1000, BUDGETS.get(folder)
        over = (
            "" if budget and seconds <= budget else "   NO BUDGET" if budget is None else "   OVER ITS BUDGET"
        )
        beyond += bool(over)
        print(f"{folder:<24}{tests[folder]:>8}{seconds:>10.1f}{budget or '-':>8}{over}")
    print(f"{'together':<24}{tests.total():>8}{took.total() / 1000:>10.1f}{sum(BUDGETS.values()):>8}")
    if beyond:
        print(f"*** {beyond} FOLDERS ARE OVER THEIR BUDGETS: see .ci/budgets.py ***")
    return 0


def _folder(module: str) -> str:
    first, _, rest = module.partition(".")
    inner = rest.partition(".")[0]
    return f"{first}.{inner}" if inner and not inner.startswith("test_") else first


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
