"""A process that is frozen just before a write, and comes back after another has written on.

No lease can stop it: its request is on the way before it can learn that its place is taken. The
next cycle must see the stale value and write the newer one again.
"""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from service import worker
from service.app import App
from tests.torture.crashing import CALM, Course, Ready, Run
from tests.torture.points import Points

LEASE_SECONDS = 0.5
# How many ticks of the other process until it has watched for long enough.
_TICKS = 15_000
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What became of the tier of an account: at each moment, and what is wrong at the end."""

    newer: str
    stale: str
    healed: str
    wrong: list[str] = field(default_factory=list)


def _freezing(batch: str) -> Callable[[Points], None]:
    """Stop before the first batch leaves."""

    def freeze(points: Points) -> None:
        def stop(path: str) -> None:
            if path.endswith(batch):
                points.before_call = lambda _: None
                # To this very thread, so that it does not get ahead while the others stop.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

        points.before_call = stop

    return freeze


def _take_over(app: App) -> None:
    """Tick until the place of the other process is free, as a worker does, only faster."""
    for _ in range(_TICKS):
        if worker.tick(app, app.vendors()) is not None:
            return
        app.stopping.wait(0.02)
    raise AssertionError("the place of a frozen process was never taken")


def frozen(ready: Ready, course: Course = CALM) -> Story:
    """Tell it once, on a stage that writes another tier for the first company.

    What is written meanwhile is a third one: neither what the process had in hand nor what was
    there before.
    """
    place = ready.place.copied("run")
    run = Run(ready.stage, ready.portal, place, replace(course, lease_seconds=LEASE_SECONDS))
    company = ready.portal.number_of(1)
    begins = ready.stage.begins_at
    with run.begun() as served:
        sleeper = run.start(served, ready.stage.work, prepare=_freezing(ready.portal.batch))
        assert sleeper.wait_until_stopped(), "the process ended without a write"
        served.ask("set_potential", company, "")
        served.set_clock(begins + _MINUTE)
        assert run.start(served, _take_over).wait() == 0, "the other process failed"
        newer = served.ask("tier", company)
        sleeper.signal(signal.SIGCONT)
        sleeper.wait()
        stale = served.ask("tier", company)
        served.set_clock(begins + 20 * _MINUTE)
        run.writes(served)
        healed = served.ask("tier", company)
        served.set_clock(begins + 40 * _MINUTE)
        wrong = ["the second cycle writes again"] * run.writes(served)
        wrong += run.picture(served)["wrong"]
    place.remove()
    if healed != newer:
        wrong.append(f"the tier of {company} is {healed}, not {newer}")
    return Story(newer=newer, stale=stale, healed=healed, wrong=wrong)
