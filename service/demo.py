"""Demo: the whole job on the worked case, in an emulated CRM, with nothing to set up.

Élise's territory is loaded into a HubSpot sandbox at the case's own date; the shipped playbook is
published; one cycle runs, then a second, which must have nothing left to write.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

from pydantic import SecretStr

from connectors.base import Connector
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.language import Text
from rules.records import Kind
from rules.time import instant_of
from service import cycle, provision, rehearsal
from service.app import App, open_app
from service.cli.show import cycle as cycle_words
from service.cli.show import operations as show
from service.cli.show import terminal
from service.cycle import CycleReport
from service.settings import SHIPPED_PLAYBOOK, load_settings
from service.store import overview, rulebooks, schema
from service.store.engine import StoreError, open_store

VENDOR = "hubspot"
# The case stands on that very minute, whatever the settings of the machine say.
REVIEW = "monday 07:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """The figures of a demo. `accounts` are those in the plan's scope."""

    accounts: int
    opportunities: int
    tiers: dict[str, int]
    fields_written: int
    tasks_created: int
    second_push_calls: int
    seconds: float


def run(*, once: bool, json: bool, port: int) -> None:
    """Do it, show it, and unless `once` stay up until Ctrl-C. Raises on any failure."""
    started = time.monotonic()
    portal = rehearsal.open_sandbox(rehearsal.ELISE)
    url = rehearsal.start(portal, port)
    try:
        with _folder() as folder:
            app = _open(folder, portal, url)
            with app.connector(VENDOR) as connector:
                first, second = _two_cycles(app, connector)
                page = _a_gold_page(app, connector)
            report = _report(app, first, second, seconds=time.monotonic() - started)
            app.store.close()
        if json:
            terminal.as_json(asdict(report))
        else:
            cycle_words.cycled(first, "CAD")
            show.demonstrated(asdict(report))
        if not once:
            show.addresses(url, page)
            Event().wait()
    finally:
        portal.stop()


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


def _open(folder: Path, portal: HubSpotSandbox, url: str) -> App:
    database = f"sqlite:///{folder / 'arpent.sqlite3'}"
    store = open_store(database)
    schema.upgrade(store)
    store.close()
    settings = load_settings(
        database_url=database, playbook=SHIPPED_PLAYBOOK, hubspot_url=url, read_only=False,
        hubspot_token=SecretStr(portal.token), hubspot_account_id=None, review=REVIEW,
    )  # fmt: skip
    app = open_app(settings, lambda: instant_of(portal.clock.now()))
    with app.store.write() as connection:
        rulebooks.publish(
            connection, app.compile(), author="demo", reason="le cas d'Élise", now=app.clock()
        )
    return app


def _two_cycles(app: App, connector: Connector) -> tuple[CycleReport, CycleReport]:
    provision.run(connector, app.published().rulebook, dry_run=False)
    reports = []
    for _ in range(2):
        report = cycle.run(app, {VENDOR: connector})
        for text in report.failures.values():
            raise StoreError(text)
        reports.append(report)
    first, second = reports
    if second.pushed[VENDOR].calls:
        raise StoreError(
            Text(
                "Le second push avait encore à écrire : c'est un défaut, signalez-le.",
                "The second push still had something to write: that is a defect, report it.",
            )
        )
    return first, second


def _report(app: App, first: CycleReport, second: CycleReport, *, seconds: float) -> DemoReport:
    crm = app.connection(VENDOR)
    with app.store.read() as connection:
        records = overview.records(connection, crm.id)
        tiers = overview.tiers(connection)
    return DemoReport(
        accounts=sum(tiers.values()),
        opportunities=records[Kind.OPPORTUNITY.value],
        tiers=tiers,
        fields_written=first.pushed[VENDOR].written,
        tasks_created=first.pushed[VENDOR].tasks["applied"],
        second_push_calls=second.pushed[VENDOR].calls,
        seconds=round(seconds, 1),
    )


def _a_gold_page(app: App, connector: Connector) -> str:
    with app.store.read() as connection:
        external_id = overview.first_account(connection, tier="gold")
    return connector.record_url(Kind.ACCOUNT, external_id or "")
