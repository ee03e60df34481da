"""How fast deliveries go: one command, some minutes, two tables.

    python -m tests.benchmarks.delivery [--parts sms smtp] [--messages 40000] [--rounds 3] [--full]

Needs a PostgreSQL and a Redis on this machine, and leaves nothing in them: it works in a database of
its own, and in one numbered Redis that it empties. Servers, workers and peers are processes that it
starts. On two cores they share what there is: let nothing else run, and trust ratios before rates.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.benchmarks.delivery.options import parse
from tests.benchmarks.delivery.place import place

if __name__ == "__main__":
    options = parse(__doc__)
    with place(options.server, options.queue) as environment:
        # Django reads its settings once, so what runs on the new database is another process
        inside = [sys.executable, "-m", "tests.benchmarks.delivery.run", *sys.argv[1:]]
        ended = subprocess.run(inside, env={**os.environ, **environment}, check=False)
    sys.exit(ended.returncode)
