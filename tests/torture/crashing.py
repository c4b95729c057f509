"""One death, or several: a stage is killed at given points, taken up again, and looked at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

import service.app
from connectors.base import Access, Connector
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.sandbox import Sandbox
from rules.time import instant_of
from service import lease, owe
from service.app import App, open_app
from service.settings import Settings
from tests.scenarios.world import Hurried
from tests.torture import serving, world
from tests.torture.checking import Picture, violations
from tests.torture.places import Place
from tests.torture.points import BATCH, Points
from tests.torture.processes import KILLED, Process, forked
from tests.torture.serving import Served
from tests.torture.world import Stage

# Rounds of the worker after a death: until one writes nothing; after faults all of them, for the
# last ones come after all waits that a CRM or the outbox may ask for.
ROUNDS = tuple(timedelta(hours=hours) for hours in (0.4, 1, 2, 9, 27, 34))
PATIENT, HASTY = 20.0, 0.4

Planted = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the processes of a run are made: what is planted in them, and how they call."""

    planted: Planted | None = None
    # One thread for each kind of work, so that the points come in the same order each time.
    is_ordered: bool = True
    faults: Sequence[dict[str, Any]] = ()
    seed: int = 0


CALM = Course()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A stage about to begin: the portal, the store beside it, and the picture of a clean run."""

    stage: Stage
    portal: Sandbox
    place: Place
    clean: Picture
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

    def __init__(self, ready: Stage, portal: Sandbox, place: Place, course: Course) -> None:
        self.stage, self.portal, self.place, self.course = ready, portal, place, course
        self.since = len(portal.portal.state.writes)

    @contextmanager
    def begun(self) -> Iterator[Served]:
        """The portal served, at the instant at which the stage begins."""
        self.portal.clock.set(self.stage.begins_at)
        with serving.served(self.portal) as served:
            yield served

    def start(
        self, served: Served, work: Callable[[App], None], *, dies_at: int = 0,
        read: float = PATIENT, prepare: Callable[[Points], None] | None = None,
    ) -> Process:  # fmt: skip
        """A process of Arpent that does this work, and dies at a point."""

        def run(line: Any) -> None:
            points = Points(dies_at)
            app = _opened(self.place, served, self.course, points, read)
            meanwhile = self.stage.meanwhile
            if meanwhile is not None:
                points.before_call = _once(BATCH, lambda: meanwhile(app))
            if prepare is not None:
                prepare(points)
            try:
                work(app)
            finally:
                line.send(points.labels)
                app.store.close()

        return forked(run)

    def settle(self, served: Served) -> None:
        """Rounds of the worker until nothing is left to write."""
        for after in ROUNDS:
            served.set_clock(self.stage.begins_at + after)
            before = served.ask("written")
            ended = self.start(served, _round).wait()
            assert ended == 0, "a round without faults failed"
            if served.ask("written") == before and not self.course.faults:
                return

    def picture(self, served: Served) -> Picture:
        """How it stands now."""
        return served.picture(self.place.url, self.since)


def _round(app: App) -> None:
    """A tick, and what a person does about values that the CRM refused."""
    known = [crm for crm in app.connections() if crm.vendor == world.VENDOR]
    for crm in known:
        owe.retry(app.store, crm.id)
    world.cycle(app)


def _once(path: str, work: Callable[[], None]) -> Callable[[str], None]:
    done = []

    def hear(called: str) -> None:
        if called.endswith(path) and not done:
            done.append(called)
            work()

    return hear


def _opened(place: Place, served: Served, course: Course, points: Points, read: float) -> App:
    """An installation in this process, which was just made."""
    lease.me.cache_clear()
    patch = pytest.MonkeyPatch()
    hurried = Hurried()

    def wall() -> int:
        return instant_of(served.clock.now())

    def connected(vendor: str, **how: Any) -> Connector:
        return _connector(vendor, how["token"], how["base_url"], how["expected_account_id"])

    def _connector(_: str, token: Access, base_url: str, expected: str | None) -> Connector:
        clock = Clock(
            monotonic=hurried.monotonic, sleep=hurried.sleep, wall=wall, jitter=lambda: 0.5
        )
        return HubSpot(
            token, base_url=base_url, expected_account_id=expected, clock=clock,
            read_seconds=read, write_seconds=read,
        )  # fmt: skip

    patch.setattr(service.app, "open_connector", connected)
    if course.is_ordered:
        patch.setattr(HubSpot, "readers", 1)
        patch.setattr(HubSpot, "senders", 1)
    if course.planted is not None:
        course.planted(patch)
    points.install(patch)
    settings = Settings(
        database_url=place.url,
        hubspot_url=served.url,
        hubspot_client_id=world.CLIENT,
        hubspot_client_secret=SecretStr(world.SECRET),
        hubspot_refresh_token=SecretStr(world.REFRESH),
        hubspot_refresh_token_file=place.refresh_file,
    )
    return open_app(settings, wall)


def prepared(stage: Stage, portal: Sandbox, place: Place) -> tuple[Ready, Sandbox, Place]:
    """A stage to be killed in, from where the one before has left; and where it ends itself."""
    portal.clock.set(stage.changed_at)
    stage.change(portal)
    kept = place.copied(f"before-{stage.name}")
    run = Run(stage, portal, place, CALM)
    with run.begun() as served:
        process = run.start(served, stage.work)
        labels = process.line.recv()
        assert process.wait() == 0, f"the stage {stage.name} failed"
        run.settle(served)
        clean = run.picture(served)
        state = served.ask("state")
    assert not clean["wrong"], clean["wrong"]
    following = world.portal()
    serving.take_over(following, state)
    ready = Ready(stage=stage, portal=portal, place=kept, clean=clean, labels=labels)
    return ready, following, place


def killed(ready: Ready, deaths: Sequence[int], course: Course = CALM) -> Verdict:
    """Kill the stage at these points, one process after the other, then let it come to its end."""
    place = ready.place.copied("run")
    run = Run(ready.stage, ready.portal, place, course)
    ends = []
    with run.begun() as served:
        read = HASTY if course.faults else PATIENT
        served.ask("set_faults", list(course.faults), course.seed)
        for dies_at in deaths:
            process = run.start(served, ready.stage.work, dies_at=dies_at, read=read)
            ends.append(process.wait())
        fired = served.ask("fired")
        served.ask("set_faults", [], 0)
        if ready.stage.work is not world.cycle:
            ends.append(run.start(served, ready.stage.work).wait())
        run.settle(served)
        wrong = violations(run.picture(served), ready.clean)
    place.remove()
    return Verdict(ends=ends, wrong=wrong, fired=fired)
