"""What working out times may take in; BudgetExceeded, once it has taken more, out."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from maintenance.recurrence.errors import BudgetExceeded

ROW_TIMES: Final = 5_000
"""Times of one row: every day of thirteen years. No page and no job asks for more than three."""
ROW_STEPS: Final = 40_000
"""Days, weeks, months or years of one rule that are looked at: each day of a century."""
ROW_CPU: Final = timedelta(seconds=1)
"""Ten times what those steps take: the last resort, where the counts do not help."""
ALL_TIMES: Final = 500_000
ALL_CPU: Final = timedelta(seconds=5)
"""Of all rows that one page or one turn of a job reads: enough for 2,000 daily or 10,000 weekly ones."""
_CLOCK_EVERY: Final = 16
"""Steps between two looks at the clock, which costs as much as a step."""
_TOGETHER: Final = "There are too many rows to work out all of them: delete those that are over."


class Budget:
    """How many times may be named, how many steps taken and how much CPU time used, by this thread.

    A row gets one of its own, within that of the page or job that reads many rows: `page.row()`. All that
    is asked of the row is asked within it, and a question that can do without an answer within a part of
    it: `row.part()`. What has been used up stays so. Not to be shared between threads.
    """

    __slots__ = ("_cpu", "_since", "_steps", "_times", "_whole", "_within", "steps", "times")

    def __init__(
        self,
        times: int = ROW_TIMES,
        steps: int = ROW_STEPS,
        cpu: timedelta = ROW_CPU,
        *,
        within: Budget | None = None,
    ) -> None:
        """By default what one row may take. The CPU time counts from now on."""
        self.times = 0
        """Named so far."""
        self.steps = 0
        """Taken so far."""
        self._times, self._steps, self._cpu = times, steps, cpu.total_seconds()
        self._since = time.thread_time()
        self._within = within
        self._whole: Budget | None = None

    @classmethod
    def of_all(cls) -> Budget:
        """What all rows may take together that one page or one turn of a job reads."""
        return cls(ALL_TIMES, ALL_TIMES * (ROW_STEPS // ROW_TIMES), ALL_CPU)

    def row(self) -> Budget:
        """For one more row, within this one. Raises BudgetExceeded where nothing is left."""
        if not self.is_left():
            raise BudgetExceeded(_TOGETHER)
        return Budget(within=self)

    def part(self) -> Budget:
        """Half of its steps, which are taken from it: once they are used up, `is_left` says whether it is."""
        part = Budget(self._times, self._steps // 2, timedelta(seconds=self._cpu))
        part._whole = self
        return part

    def step(self) -> None:
        """One more day, week, month or year is looked at. Raises BudgetExceeded."""
        self.steps += 1
        if self._whole is not None:
            self._whole.step()
        if self.steps > self._steps:
            raise BudgetExceeded(f"Its rule looks at more than {self._steps:,} days: write a simpler one.")
        if self.steps % _CLOCK_EVERY == 0 and not self.is_left():
            raise BudgetExceeded("Its times take too long to work out: write a simpler rule.")
        if self._within is not None:
            self._within.steps += 1

    def name(self) -> None:
        """One more time is named. Raises BudgetExceeded."""
        self.times += 1
        if self._whole is not None:
            self._whole.name()
        if self.times > self._times:
            raise BudgetExceeded(
                f"It comes to more than {self._times:,} times: let it repeat less often, or until a day."
            )
        if self._within is not None:
            self._within.times += 1

    def is_left(self) -> bool:
        """Whether it is not used up."""
        used = time.thread_time() - self._since
        return self.times <= self._times and self.steps <= self._steps and used <= self._cpu
