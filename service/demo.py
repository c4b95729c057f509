"""Demo: the whole job on the worked case, in emulated CRMs, with nothing to set up.

Élise's territory is loaded into a sandbox at the case's own date; the shipped playbook is
published; one cycle runs, then a second, which must have nothing left to write. Where several CRMs
are shown, each holds the whole case and all are read into one store: she then has as many
territories, and her plan is as many times what it was.
"""

import re
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

from connectors.base import Connector
from connectors.registry import CrmSettings
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.registry import EMULATED
from rules.language import Text
from rules.records import Kind
from rules.rulebook import compile_rulebook
from rules.time import instant_of
from service import cycle, provision, rehearsal
from service.app import App, open_app, read_playbook
from service.cli.show import cycle as cycle_words
from service.cli.show import operations as show
from service.cli.show import terminal
from service.cycle_report import CycleReport
from service.settings import SHIPPED_PLAYBOOK, load_settings
from service.store import overview, rulebooks, schema
from service.store.engine import StoreError, open_store

# What stands for every emulated CRM, side by side.
ALL = "all"
# The case stands on that very minute, whatever the settings of the machine say.
WEEKLY_LOOK = "monday 07:00"
_LAST_PORT = 65_535
# The figures of a plan that grow with the territory.
_AMOUNTS = re.compile(
    r"^ *(?:objective|sources|quarters|opportunities_opened|active_pipeline):.*$", re.MULTILINE
)
_NUMBER = re.compile(r"(?<![a-z\d])\d(?:[\d ]*\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """The figures of a demo, of all its CRMs. `accounts` are those in the plan's scope."""

    accounts: int
    opportunities: int
    tiers: dict[str, int]
    fields_written: int
    tasks_created: int
    second_push_calls: int
    seconds: float


def run(*, once: bool, json: bool, port: int, crm: str | None = None) -> None:
    """Do it, show it, and unless `once` stay up until Ctrl-C. Raises on any failure."""
    started = time.monotonic()
    name = rehearsal.named(crm, ALL)
    with ExitStack() as serving:
        portals = _served(serving, list(EMULATED) if name == ALL else [name], port)
        with _folder() as folder, _opened(folder, portals) as app, ExitStack() as opening:
            connectors = {
                vendor: opening.enter_context(app.connector(vendor)) for vendor in portals
            }
            first, second = _two_cycles(app, connectors)
            pages = {vendor: _a_gold_page(app, each) for vendor, each in connectors.items()}
            report = _report(app, first, second, seconds=time.monotonic() - started)
        if json:
            terminal.as_json(asdict(report))
        else:
            cycle_words.cycled(first, "CAD")
            show.demonstrated(asdict(report))
        if not once:
            _stay_up(portals, pages)


def _stay_up(portals: Mapping[str, Emulated], pages: Mapping[str, str]) -> None:
    """Say where to look, and wait for Ctrl-C, which ends the command as it does everywhere."""
    stopped: SimpleQueue[None] = SimpleQueue()
    # Raised in the middle of something that may not fail, an interrupt would be lost: it is noted,
    # without a lock, which the same thread might hold.
    before = signal.signal(signal.SIGINT, lambda *_: stopped.put(None))
    try:
        for vendor, portal in portals.items():
            show.addresses(portal.url, pages[vendor] if portal.has_pages else None)
        show.how_to_stop()
        stopped.get()
    finally:
        signal.signal(signal.SIGINT, before)
    raise KeyboardInterrupt


def _served(serving: ExitStack, crms: Sequence[str], port: int) -> dict[str, Emulated]:
    """The emulated CRMs by name, at this port and the following ones, or at free ones for 0."""
    portals = {}
    for place, crm in enumerate(crms):
        portals[crm] = rehearsal.open_sandbox(rehearsal.ELISE, crm=crm)
        rehearsal.start(portals[crm], min(port + place, _LAST_PORT) if port else 0)
        serving.callback(portals[crm].stop)
    return portals


@contextmanager
def _folder() -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="arpent-demo-") as name:
            yield Path(name)
    except PermissionError as error:
        raise StoreError(
            Text(
                f"Impossible d'écrire dans {tempfile.gettempdir()} : donnez un dossier "
                "inscriptible dans TMPDIR.",
                f"Can't write in {tempfile.gettempdir()}: name a writable folder in TMPDIR.",
            )
        ) from error


@contextmanager
def _opened(folder: Path, portals: Mapping[str, Emulated]) -> Iterator[App]:
    """An installation of its own, whatever this machine is set to."""
    database = f"sqlite:///{folder / 'arpent.sqlite3'}"
    store = open_store(database)
    schema.upgrade(store)
    store.close()
    nothing_set = {name: field.default for name, field in CrmSettings.model_fields.items()}
    emulated = {name: value for each in portals.values() for name, value in each.settings.items()}
    settings = load_settings(
        database_url=database, playbook=SHIPPED_PLAYBOOK, read_only=False, weekly_look=WEEKLY_LOOK,
        **(nothing_set | emulated),
    )  # fmt: skip
    clock = next(iter(portals.values())).clock
    app = open_app(settings, lambda: instant_of(clock.now()))
    try:
        book = compile_rulebook(_playbook(territories=len(portals)))
        with app.store.write() as connection:
            rulebooks.publish(
                connection, book, author="demo", reason="le cas d'Élise", now=app.clock()
            )
        yield app
    finally:
        app.store.close()


def _playbook(territories: int) -> dict[str, bytes]:
    """The shipped playbook, its plans so many times what they are."""
    files = read_playbook(SHIPPED_PLAYBOOK)

    def grown(line: re.Match[str]) -> str:
        return _NUMBER.sub(lambda found: str(int(found[0].replace(" ", "")) * territories), line[0])

    for name, content in files.items():
        if name.startswith("plans/"):
            files[name] = _AMOUNTS.sub(grown, content.decode()).encode()
    return files


def _two_cycles(app: App, connectors: Mapping[str, Connector]) -> tuple[CycleReport, CycleReport]:
    for connector in connectors.values():
        provision.run(connector, app.published().rulebook, dry_run=False)
    reports = []
    for _ in range(2):
        report = cycle.run(app, connectors)
        for text in report.failures.values():
            raise StoreError(text)
        reports.append(report)
    first, second = reports
    if any(pushed.calls for pushed in second.pushed.values()):
        raise StoreError(
            Text(
                "Le second push avait encore à écrire : c'est un défaut, signalez-le.",
                "The second push still had something to write: that is a defect, report it.",
            )
        )
    return first, second


def _report(app: App, first: CycleReport, second: CycleReport, *, seconds: float) -> DemoReport:
    with app.store.read() as connection:
        records = [overview.records(connection, crm.id) for crm in app.connections()]
        tiers = overview.tiers(connection)
    return DemoReport(
        accounts=sum(tiers.values()),
        opportunities=sum(each[Kind.OPPORTUNITY.value] for each in records),
        tiers=tiers,
        fields_written=sum(pushed.written for pushed in first.pushed.values()),
        tasks_created=sum(pushed.tasks["applied"] for pushed in first.pushed.values()),
        second_push_calls=sum(pushed.calls for pushed in second.pushed.values()),
        seconds=round(seconds, 1),
    )


def _a_gold_page(app: App, connector: Connector) -> str:
    crm = app.connection(connector.vendor)
    with app.store.read() as connection:
        external_id = overview.first_account(connection, crm.id, tier="gold")
    return connector.record_url(Kind.ACCOUNT, external_id or "")
