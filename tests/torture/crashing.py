"""One death, or several: a stage is killed at given points, taken up again, and looked at."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from connectors.pace import Clock
from rules.time import instant_of
from service import lease, owe
from service.app import App, open_app
from service.settings import Settings
from tests.scenarios.world import Hurried
from tests.torture import serving, world
from tests.torture.checking import Picture, violations
from tests.torture.places import Place
from tests.torture.points import Points
from tests.torture.portal import Portal
from tests.torture.processes import FAILED, KILLED, Process, forked
from tests.torture.serving import Served
from tests.torture.world import Stage

# Rounds of the worker after the last death, until one finds all as it should be. The later ones, on
# the next day, come after all waits that a CRM or the outbox may ask for.
ROUNDS = tuple(timedelta(hours=hours) for hours in (2, 3, 9, 26, 27, 34))
FIRST_OF_LATE = 3
BETWEEN_DEATHS = timedelta(minutes=16)
PATIENT, HASTY = 20.0, 0.4

Planted = Callable[[pytest.MonkeyPatch, Portal], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the processes of a run are made: what is planted in them, and how they call."""

    planted: Planted | None = None
    # One thread for each kind of work, so that the points come in the same order each time.
    is_ordered: bool = True
    faults: Sequence[dict[str, Any]] = ()
    seed: int = 0
    # Switches of the portal until the last death, and what they are from then on.
    switches: Mapping[str, object] = field(default_factory=dict)
    calm_switches: Mapping[str, object] = field(default_factory=dict)
    lease_seconds: float = 60

    @property
    def is_calm(self) -> bool:
        """Whether the CRM answers as it should, at once."""
        return not self.faults


CALM = Course()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A stage about to begin: the portal, the store beside it, and how a calm run ends.

    `labels` are the points that a calm run passes.
    """

    stage: Stage
    portal: Portal
    place: Place
    clean: Picture
    # The same once all rounds are over.
    late: Picture
    labels: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a run: how its processes ended, what is wrong, which faults it met."""

    ends: Sequence[int]
    wrong: Sequence[str]
    fired: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_died(self) -> bool:
        """Whether somebody was really killed."""
        return KILLED in self.ends


class Run:
    """A store and a portal on the way through a stage."""

    def __init__(self, stage: Stage, portal: Portal, place: Place, course: Course) -> None:
        self.stage, self.portal, self.place, self.course = stage, portal, place, course
        self.since = portal.written()

    @contextmanager
    def begun(self) -> Iterator[Served]:
        """The portal served, at the instant at which the stage begins."""
        self.portal.sandbox.clock.set(self.stage.begins_at)
        with serving.served(self.portal) as served:
            yield served

    def start(
        self, served: Served, work: Callable[[App], None], *, dies_at: int = 0,
        seconds: float = PATIENT, prepare: Callable[[Points], None] | None = None,
    ) -> Process:  # fmt: skip
        """A process of Arpent that does this work, and dies at a point."""

        def run(line: Any) -> None:
            patch, points = pytest.MonkeyPatch(), Points(dies_at, seconds)
            app = opened(self.portal, self.place, served, self.course, patch, seconds=seconds)
            points.install(patch)
            meanwhile = self.stage.meanwhile
            if meanwhile is not None:
                points.before_call = _once(self.portal.batch, lambda: meanwhile(app))
            if prepare is not None:
                prepare(points)
            try:
                work(app)
            finally:
                if not dies_at:
                    line.send(points.labels)
                app.store.close()

        return forked(run)

    def settle(self, served: Served, clean: Picture, late: Picture) -> list[str]:
        """Rounds of the worker until all is as it should be; what is wrong after the last one."""
        is_done = self.stage.work is world.cycle
        wrong = ["no round was quiet"]
        for number, after in enumerate(ROUNDS):
            served.set_clock(self.stage.begins_at + after)
            is_done = is_done or self.start(served, self.stage.work).wait() == 0
            if not self.writes(served) and is_done:
                expected = late if number >= FIRST_OF_LATE else clean
                wrong = violations(self.picture(served), expected)
                if not wrong or self.course.is_calm:
                    break
        return wrong

    def writes(self, served: Served) -> bool:
        """Whether the worker has something to write in a round."""
        before = served.ask("written")
        process = self.start(served, _round)
        assert process.wait() == 0, "a round without faults failed"
        return bool(served.ask("written") != before)

    def picture(self, served: Served) -> Picture:
        """How it stands now."""
        return served.picture(self.place.url, self.since)


def _round(app: App) -> None:
    """A tick, and what a person does about values that the CRM refused."""
    for crm in app.connections():
        owe.retry(app.store, crm.id)
    world.cycle(app)


def _once(path: str, work: Callable[[], None]) -> Callable[[str], None]:
    done: list[str] = []

    def hear(called: str) -> None:
        if called.endswith(path) and not done:
            done.append(called)
            work()

    return hear


def opened(
    portal: Portal,
    place: Place,
    served: Served,
    course: Course,
    patch: pytest.MonkeyPatch,
    *,
    seconds: float = PATIENT,
) -> App:
    """An installation in this process, whose clock is the portal's and who never really waits."""
    lease.me.cache_clear()
    hurried, connector = Hurried(), portal.connector

    def wall() -> int:
        return instant_of(served.clock.now())

    clock = Clock(monotonic=hurried.monotonic, sleep=hurried.sleep, wall=wall, jitter=lambda: 0.5)
    make: Callable[..., None] = connector.__init__

    def made(self: Any, *given: Any, **how: Any) -> None:
        make(self, *given, **how, clock=clock, **dict.fromkeys(portal.waits, seconds))

    patch.setattr(connector, "__init__", made)
    if course.is_ordered:
        patch.setattr(connector, "readers", 1)
        patch.setattr(connector, "senders", 1)
    if course.planted is not None:
        course.planted(patch, portal)
    settings = Settings(
        database_url=place.url,
        lease_seconds=course.lease_seconds,
        **portal.settings(served.url, place.refresh_file),
    )
    app = open_app(settings, wall)
    if place.warm is not None:
        # What was compiled before this process was made is not compiled again.
        app.store.engine.dialect = place.warm.dialect
        app.store.engine._compiled_cache = place.warm._compiled_cache
    return app


def prepared(stage: Stage, portal: Portal, place: Place) -> tuple[Ready, Portal, Place]:
    """A stage to be killed in, from where the one before has left; and where it ends itself."""
    portal.sandbox.clock.set(stage.changed_at)
    stage.change(portal)
    kept = place.copied(f"before-{stage.name}")
    run = Run(stage, portal, place, CALM)
    with run.begun() as served:
        process = run.start(served, stage.work)
        labels = process.line.recv()
        assert process.wait() == 0, f"the stage {stage.name} failed"
        _played(run, served, ROUNDS[:FIRST_OF_LATE])
        clean, state = run.picture(served), served.ask("state")
        ended = place.copied(f"after-{stage.name}")
        _played(run, served, ROUNDS[FIRST_OF_LATE:])
        late = run.picture(served)
    assert not clean["wrong"] + late["wrong"], clean["wrong"] + late["wrong"]
    following = world.PORTALS[portal.vendor]()
    following.take_over(state)
    ready = Ready(stage=stage, portal=portal, place=kept, clean=clean, late=late, labels=labels)
    return ready, following, ended


def _played(run: Run, served: Served, rounds: Sequence[timedelta]) -> None:
    """The first and the last of some rounds: what the one writes, the other reads back."""
    for after in (rounds[0], rounds[-1]):
        served.set_clock(run.stage.begins_at + after)
        run.writes(served)


def killed(
    ready: Ready, deaths: Iterable[int], course: Course = CALM, *, times: int | None = None
) -> Verdict:
    """Kill the stage at these points, one process after the other, then let it come to its end.

    A process that is to die at 0 lives. With `times`, once so many have died, one lives.
    """
    place = ready.place.copied("run")
    run = Run(ready.stage, ready.portal, place, course)
    ends: list[int] = []
    wrong: list[str] = []
    with run.begun() as served:
        served.ask("disturb", list(course.faults), course.seed, course.switches)
        for number, dies_at in enumerate(_until_enough(deaths, ends, times)):
            served.set_clock(ready.stage.begins_at + number * BETWEEN_DEATHS)
            seconds = PATIENT if course.is_calm else HASTY
            process = run.start(served, ready.stage.work, dies_at=dies_at, seconds=seconds)
            ends.append(process.wait())
            wrong += served.ask("false_acknowledgements", place.url)
        fired = served.ask("fired")
        served.ask("disturb", [], 0, course.calm_switches)
        wrong += run.settle(served, ready.clean, ready.late)
    place.remove()
    wrong += ["a process ended by a defect"] * (FAILED in ends)
    return Verdict(ends=ends, wrong=wrong, fired=fired)


def _until_enough(deaths: Iterable[int], ends: list[int], times: int | None) -> Iterator[int]:
    for dies_at in deaths:
        if ends.count(KILLED) == times:
            yield 0
            return
        yield dies_at


def passed(ready: Ready, course: Course) -> list[str]:
    """The points that the stage passes in this course, where nobody dies."""
    place = ready.place.copied("run")
    run = Run(ready.stage, ready.portal, place, course)
    with run.begun() as served:
        process = run.start(served, ready.stage.work)
        labels: list[str] = process.line.recv()
        process.wait()
    place.remove()
    return labels
