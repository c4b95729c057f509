"""The rehearsal of a year: the worked case's people at work, and Arpent every Monday at seven.

1. The emulated CRM holds the case as it stood when the year began, with the shipped playbook.
2. People do there what the case dates, then what a seed draws (`connectors.sandbox.year`).
3. Every Monday at 07:00 the worker's own tick runs, and composes the digests of the reps; those of
   their manager and of the team follow a day later. On Thursdays the tasks that were made are done.
   A review that is asked for has its pack written beside.
4. Each digest is written as a file in the folder as it comes. No mail leaves.

The clock of the CRM and that of Arpent are moved together; the latter stands still meanwhile, so
that a seed gives the same digests to the byte. Whatever was written when it is killed can be read.
"""

import tempfile
import time as clocks
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.hubspot.playing import HubSpotPeople
from connectors.sandbox.hubspot.sandbox import HubSpotSandbox
from connectors.sandbox.year import Act
from connectors.sandbox.year_ahead import Ahead
from connectors.sandbox.year_so_far import Past
from rules.digest.digest import Digest, plain
from rules.language import Text
from rules.review import pack as review_pack
from rules.time import Instant, day_of, instant_of
from service import digest, provision, rehearsal, review, review_task, worker, year_report
from service.app import App, open_app
from service.delivery.page import page
from service.settings import SHIPPED_PLAYBOOK, Settings, load_settings
from service.store import alerts, rulebooks, schema
from service.store.digests import KeptDigest
from service.store.engine import MistakenError, StoreError, open_store
from service.year_report import Monday, YearReport

CRM = "hubspot"
SEED = 9
FIRST = date(2026, 1, 5)
HALF_YEAR = date(2026, 6, 29)
WEEKS = 52
WEEKLY_LOOK = "monday 07:00"
_SEVEN, _WEEK, _DAY = time(7), timedelta(days=7), timedelta(days=1)
# When people do the tasks that were made since Monday.
_TASKS_DONE = timedelta(days=3, hours=9)
_NO_LIMIT = 1_000_000
_OF_THE_TERMINAL = ("language", "log")
_REVIEWS = "reviews"
_DATABASE, _DIGESTS, _CASE = "arpent.sqlite3", "digests", "case"

Told = Callable[[int, int], None]


@dataclass(slots=True)
class YearClock:
    """Arpent's clock, which stands where it is put; the CRM's is put there with it."""

    portal: HubSpotSandbox
    at: datetime

    def __call__(self) -> Instant:
        """The present of Arpent."""
        return instant_of(self.at)

    def put(self, at: datetime) -> None:
        """Move both forward."""
        self.at = at
        self.portal.clock.set(at)


def run(
    *,
    crm: str | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    keep: Path | None = None,
    told: Told | None = None,
) -> YearReport:
    """Play so many weeks of the year, all of them by default. With `keep` the folder stays.

    `told` hears how many weeks are done, and of how many. Raises `MistakenError` for a folder that
    is not empty, `RehearsalError` for a CRM in which nobody plays.
    """
    if rehearsal.named(crm, "all") != CRM:
        raise rehearsal.RehearsalError(
            Text(
                f"--year : l'année ne se joue que dans {CRM}, émulé. Retirez --crm.",
                f"--year: the year is played in an emulated {CRM} alone. Remove --crm.",
            )
        )
    wanted = WEEKS if weeks is None else weeks
    started = clocks.monotonic()
    with _folder(keep) as folder:
        drawn = SEED if seed is None else seed
        year = _begun(folder, drawn)
        with year:
            for number in range(wanted):
                year.week(number)
                if told is not None:
                    told(number + 1, wanted)
            found = year.report(drawn, keep)
    return replace(found, seconds=round(clocks.monotonic() - started, 1))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder of a year, made and empty; gone at the end unless it is to stay."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="arpent-year-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        is_empty = not any(keep.iterdir())
    except OSError as error:
        raise MistakenError(
            Text(
                f"--keep : {keep} ne peut servir ({error.strerror}). Donnez un dossier où "
                "l'on peut écrire.",
                f"--keep: {keep} can't be used ({error.strerror}). Name a writable folder.",
            )
        ) from error
    if not is_empty:
        raise MistakenError(
            Text(
                f"--keep : {keep} n'est pas vide, et une année commence sur rien. Donnez un autre "
                "dossier, ou videz celui-ci.",
                f"--keep: {keep} is not empty, and a year starts from nothing. Name another "
                "folder, or empty this one.",
            )
        )
    yield keep


def _begun(folder: Path, seed: int) -> "Year":
    """The CRM as it stood when the year began, what its people will do, and Arpent beside it."""
    case = rehearsal.read_case(rehearsal.ELISE)
    zone = ZoneInfo(case.time_zone)
    begins = datetime.combine(FIRST, _SEVEN, tzinfo=zone)
    half = datetime.combine(HALF_YEAR, _SEVEN, tzinfo=zone)
    past = Past(rehearsal.ELISE, zone=zone, since=begins, until=half)
    start = folder / _CASE
    start.mkdir()
    past.write(start)
    ahead = Ahead(past.files, zone=zone, since=half, seed=seed)
    portal = HubSpotSandbox(now=begins - timedelta(minutes=30), portal_timezone=case.time_zone)
    # A week passes in a second: what a CRM lets through in ten has no meaning here.
    portal.switches.ten_second_limit = portal.switches.search_per_second = _NO_LIMIT
    portal.load(start)
    return Year(folder, portal, [*past.acts(), *ahead.acts()], zone)


@dataclass(slots=True)
class Year:
    """A year under way, in its folder."""

    folder: Path
    portal: HubSpotSandbox
    acts: Sequence[Act]
    zone: ZoneInfo
    mondays: list[Monday] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)
    _done: int = 0
    _opened: ExitStack = field(default_factory=ExitStack)
    _people: HubSpotPeople = field(init=False)
    _clock: YearClock = field(init=False)
    _app: App = field(init=False)

    def __enter__(self) -> None:
        """Serve the CRM, publish the playbook, make our fields."""
        rehearsal.start(self.portal, 0)
        self._opened.callback(self.portal.stop)
        self._people = HubSpotPeople(self.portal)
        self._clock = YearClock(self.portal, self._monday(0) - timedelta(minutes=30))
        for name in (_DIGESTS, _REVIEWS):
            (self.folder / name).mkdir()
        self._app = _installed(self.folder, self.portal, self._clock)
        self._opened.callback(self._app.store.close)
        with self._app.connector(CRM) as connector:
            provision.run(connector, self._app.published().rulebook, dry_run=False)

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._opened.close()

    def week(self, number: int) -> None:
        """Play the days before a Monday, that Monday, and the day after for the manager."""
        at = self._monday(number)
        self._live(until=at)
        report = worker.tick(self._app, [CRM])
        if report is None:
            raise StoreError(
                Text(
                    f"Le lundi {at:%Y-%m-%d}, il n'y avait rien à faire : c'est un défaut.",
                    f"On Monday {at:%Y-%m-%d} there was nothing to do: that is a defect.",
                )
            )
        for text in report.failures.values():
            raise StoreError(text)
        composed = self._digests()
        today = day_of(self._clock(), self.zone)
        previous = self.mondays[-1] if self.mondays else None
        found = year_report.monday(self._app.store, report, today, previous)
        self._review(found.week)
        self._live(until=at + _DAY)
        composed += self._digests()
        self._live(until=at + _TASKS_DONE)
        self._people.finish_tasks(older_than=at + _DAY)
        self.mondays.append(replace(found, digests=composed))

    def report(self, seed: int, keep: Path | None) -> YearReport:
        """What the weeks that were played have shown."""
        first, last = self.mondays[0], self.mondays[-1]
        half = [each for each in self.mondays if each.as_of == str(HALF_YEAR - _DAY)]
        return YearReport(
            seed=seed, weeks=len(self.mondays), months=year_report.by_month(self.mondays),
            half_year=year_report.standing(first, half[0]) if half else None,
            end=year_report.standing(first, last),
            confirmed=sum(each.confirmed for each in self.mondays),
            tasks=sum(each.tasks for each in self.mondays),
            subjects=self._people.tasks(), digests=tuple(self.files), reviews=tuple(self.reviews),
            folder=None if keep is None else str(self.folder),
        )  # fmt: skip

    def _monday(self, number: int) -> datetime:
        return datetime.combine(FIRST + number * _WEEK, _SEVEN, tzinfo=self.zone)

    def _live(self, *, until: datetime) -> None:
        """Let people work until an instant, and be there."""
        while self._done < len(self.acts) and self.acts[self._done].at < until:
            self._people.play(self.acts[self._done])
            self._done += 1
        self._clock.put(until)

    def _digests(self) -> int:
        """Compose what is due and write it into the folder; how many."""
        composed = digest.run(self._app).composed
        for each in composed:
            self.files += _written(self.folder / _DIGESTS, each)
        return len(composed)

    def _review(self, week: str) -> None:
        """Write the pack of each review that was asked for this week."""
        app = self._app
        with app.store.read() as connection:
            latest = alerts.latest_episodes(connection)
        for (rule, rep), episode in latest.items():
            if rule != review_task.RULE or episode.episode <= self._asked.get(rep, 0):
                continue
            self._asked[rep] = episode.episode
            pack = review.pack(app.store, app.published().rulebook, rep, now=app.clock())
            for form, text in (
                ("md", review_pack.markdown(pack)),
                ("html", review_pack.page(pack)),
            ):
                name = f"{_REVIEWS}/{week}-{rep}.{form}"
                (self.folder / name).write_text(text, encoding="utf-8")
                self.reviews.append(name)


def _written(folder: Path, kept: KeptDigest) -> Iterator[str]:
    """A digest as a page and as text; the names of the files."""
    found = Digest.of_json(kept.body)
    # Of the team there is one for ops, beside those of the channels.
    name = f"{kept.period}-{kept.recipient}-{kept.audience.value}"
    (folder / f"{name}.html").write_text(page(found), encoding="utf-8")
    (folder / f"{name}.md").write_text(f"# {found.subject}\n\n{plain(found)}", encoding="utf-8")
    yield f"{_DIGESTS}/{name}.html"
    yield f"{_DIGESTS}/{name}.md"


def _installed(folder: Path, portal: HubSpotSandbox, clock: YearClock) -> App:
    """An installation of its own in the folder, whatever this machine is set to."""
    database = f"sqlite:///{(folder / _DATABASE).resolve()}"
    store = open_store(database)
    schema.upgrade(store)
    store.close()
    nothing_set: dict[str, Any] = {
        name: each.get_default(call_default_factory=True)
        for name, each in Settings.model_fields.items()
        if name not in _OF_THE_TERMINAL
    }
    settings = load_settings(
        **nothing_set
        | dict(portal.settings)
        | {"database_url": database, "playbook": SHIPPED_PLAYBOOK, "weekly_look": WEEKLY_LOOK}
    )
    (folder / "arpent.toml").write_text(f'database_url = "{database}"\n', encoding="utf-8")
    app = open_app(settings, clock)
    book = app.compile()
    with app.store.write() as connection:
        rulebooks.publish(
            connection, book, author="demo", reason="l'année d'Élise", now=app.clock()
        )
    return app
