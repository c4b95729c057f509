"""`arpent worker` with a quick clock: `python -m tests.acceptance.fast_worker START SPEED LOOKS`.

START is an instant in ISO 8601, at which this process begins; SPEED is how many of its seconds go
by in one real second, 0 for a clock that stands. Each SIGUSR1 puts it 40 seconds on. To LOOKS, a
file, it adds a byte each time that the clock is looked at. Everything else is the worker as it is.
"""

import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from types import FrameType

from rules.time import Instant, instant_of
from service import ending, logs, worker
from service.app import open_app
from service.settings import load_settings

TICK_SECONDS = 0.1
LATER_MS = 40_000


def main(start: str, speed: str, looks: str) -> None:
    """Work until SIGTERM."""
    begun, first = time.monotonic(), instant_of(datetime.fromisoformat(start))

    def put_on(_number: int, _frame: FrameType | None) -> None:
        nonlocal first
        first += LATER_MS

    def clock() -> Instant:
        with Path(looks).open("a", encoding="ascii") as file:
            file.write(".")
        return first + int((time.monotonic() - begun) * 1000 * float(speed))

    signal.signal(signal.SIGUSR1, put_on)
    app = open_app(load_settings(), clock)
    logs.configure(app.settings.log)
    with ending.until_signal() as wait:
        worker.run(app, app.vendors(), wait=wait, tick_seconds=TICK_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
