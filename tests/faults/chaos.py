"""A long run in; processes killed at random, or replaced again and again as by deploys; its figures out."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import Final

from tests.faults import processes, scene
from tests.faults.bank import Bank
from tests.faults.processes import Process
from tests.faults.table import Figures

CHILDREN: Final = 2
_NAMES: Final = ("first", "second")
_PATIENCE: Final = 900.0


class _Crew:
    """Two workers and a clock, each replaced as soon as it is gone."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.clock = bank.bench.quick_beat()
        self.workers: list[Process] = []
        self.hired = 0
        for _ in _NAMES:
            self.hire()

    def hire(self) -> None:
        """One worker more; no two have ever had the same name."""
        self.hired += 1
        self.workers.append(self._bank.bench.worker(f"worker{self.hired}", children=CHILDREN))

    def kill_worker(self) -> int:
        """A whole worker; how many processes of it may have been sending."""
        self._bank.kill(self.workers.pop(random.randrange(len(self.workers))))
        self.hire()
        return CHILDREN

    def kill_child(self) -> int:
        """One child of a pool, as the machine does when memory is short."""
        children = processes.children(random.choice(self.workers).pid)
        if not children:
            return 0  # it is still being started
        os.kill(random.choice(children), signal.SIGKILL)
        self._bank.strike()
        return 1

    def kill_clock(self) -> int:
        """The clock, which sends nothing."""
        self._bank.kill(self.clock)
        self.clock = self._bank.bench.quick_beat()
        return 0


def random_kills(bank: Bank, *, deliveries: int, kills: int, seed: int) -> tuple[Figures, int]:
    """F7: so many kills, spread over so many deliveries; with the most that may have been in doubt."""
    random.seed(seed)
    scene.notice(deliveries)
    bank.behave(delay=0.05)
    crew = _Crew(bank)
    died = 0
    for kill in range(kills):
        # somewhere in its own share of the run; the last share is left to recover in
        reached = int(deliveries * (kill + random.random()) / (kills + 1))
        bank.until(lambda reached=reached: bank.texted() >= reached, _PATIENCE)  # type: ignore[misc]
        died += random.choice(
            (crew.kill_worker, crew.kill_worker, crew.kill_child, crew.kill_child, crew.kill_clock)
        )()
    name = f"F7 {kills} random kills"
    return bank.whole(name, deliveries, by_hand=True, seconds=_PATIENCE), died * bank.in_flight


def deploys(bank: Bank, *, deliveries: int, times: int, every: float, grace: float) -> tuple[Figures, int]:
    """F23: every so often all workers are asked to stop, and killed after a grace; new ones are there."""
    scene.notice(deliveries)
    bank.behave(delay=0.1)
    crew = _Crew(bank)
    bank.until(lambda: bank.texted() > 0)
    killed = 0
    for _ in range(times):
        time.sleep(every)
        old, crew.workers = crew.workers, []
        for worker in old:
            worker.send_signal(signal.SIGTERM)
        for _ in _NAMES:
            crew.hire()
        until = time.monotonic() + grace
        for worker in old:
            try:
                worker.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                killed += CHILDREN
        for worker in old:
            bank.bench.kill(worker)
        bank.strike()
    name = f"F23 {times} deploys"
    return bank.whole(name, deliveries, by_hand=True, seconds=_PATIENCE), killed * bank.in_flight
