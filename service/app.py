"""The composition root: it opens what the stages need, and alone owns the clock."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from connectors.base import Connector, Misconfigured, Retriable
from connectors.registry import VENDORS, none_is_set, open_connector
from rules.language import Text
from rules.located import PlaybookError
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant, instant_of
from service import access, parking, preflight
from service.playbook_folder import read_folder
from service.read_only import ReadOnly, guarded, restored, switched_off
from service.settings import Settings
from service.store import connections, record_pages, requests, rulebooks, schema
from service.store.connections import CrmConnection
from service.store.engine import Store, StoreError, open_store
from service.store.requests import Wanted
from service.store.rulebooks import Published
from service.watch import Watch

Clock = Callable[[], Instant]


def system_clock() -> Instant:
    """Now."""
    return instant_of(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class App:
    """An installation: its settings, its store, its clock.

    `watch` is what this process knows of others at work; `stopping` is set once it is to end.
    """

    settings: Settings
    store: Store
    clock: Clock = field(default=system_clock)
    watch: Watch = field(default_factory=Watch)
    stopping: Event = field(default_factory=Event)

    def published(self) -> Published:
        """The rulebook in force; raises when nothing was published yet."""
        with self.store.read() as connection:
            found = rulebooks.load(connection)
        if found is None:
            raise StoreError(
                Text(
                    "Aucun playbook n'est publié. Lancez « arpent rules publish ».",
                    "No playbook is published. Run `arpent rules publish`.",
                )
            )
        return found

    def compile(self) -> Rulebook:
        """The playbook on disk, compiled; raises `PlaybookError` with all that is wrong."""
        return compile_rulebook(read_playbook(self.settings.playbook))

    def connections(self) -> list[CrmConnection]:
        """The CRM accounts of the workspace."""
        with self.store.read() as connection:
            return connections.find_all(connection)

    def connection(self, vendor: str) -> CrmConnection:
        """A CRM account that was opened before; raises when it never was."""
        with self.store.read() as connection:
            found = connections.find(connection, vendor)
        if found is None:
            raise StoreError(
                Text(
                    f"{vendor} n'a jamais été lu. Lancez « arpent pull ».",
                    f"{vendor} was never pulled. Run `arpent pull`.",
                )
            )
        return found

    def vendors(self) -> list[str]:
        """The CRMs that the settings can open."""
        return [name for name, vendor in VENDORS.items() if vendor.is_set(self.settings)]

    def vendors_or_raise(self) -> list[str]:
        """The CRMs that the settings can open; raises `Misconfigured` when there is none."""
        found = self.vendors()
        if not found:
            raise Misconfigured(none_is_set())
        return found

    @contextmanager
    def connector(self, vendor: str) -> Iterator[Connector]:
        """A CRM, opened and closed; raises `Misconfigured` when the settings can not open it.

        While nothing may be written, whatever would write into it raises `ReadOnly`.
        """
        with self.store.read() as connection:
            known = connections.find(connection, vendor)
        opened = open_connector(
            vendor, self.settings, keeping=partial(access.keeping, sealing=self.settings.sealing),
            account_id=known.account_id if known else None,
        )  # fmt: skip
        try:
            with self.heeding(vendor):
                why = self.unwritable()
                yield opened if why is None else guarded(opened, why)
        finally:
            self._remember(opened)
            opened.close()

    @contextmanager
    def heeding(self, vendor: str) -> Iterator[None]:
        """Work with a CRM; where it asks to be left alone for long, remember it for all."""
        try:
            yield
        except Retriable as error:
            parking.heed(self.store, vendor, error, self.clock())
            raise

    def _remember(self, connector: Connector) -> None:
        """Keep what a CRM has told of its limits, for `status`."""
        told = connector.allowance
        if told is not None:
            with self.store.write() as connection:
                connections.save_allowance(connection, connector.vendor, told)

    def unwritable(self) -> Text | None:
        """Why nothing may be written to a CRM now; None when it may."""
        if self.settings.read_only:
            return switched_off()
        with self.store.read() as connection:
            held = requests.find(connection, Wanted.HOLD)
        return restored(held.reason) if held else None

    def require_writable(self) -> None:
        """Raise `ReadOnly` while nothing may be written to a CRM."""
        why = self.unwritable()
        if why is not None:
            raise ReadOnly(why)

    def connect(self, connector: Connector) -> CrmConnection:
        """Check the credentials, and remember which CRM account they open.

        Raises `Retriable`, without a call, while the CRM is to be left alone.
        """
        self.respect(connector.vendor)
        identity = connector.identify()
        with self.store.write() as connection:
            saved = connections.save(connection, identity)
            record_pages.keep(connection, saved.id, connector)
        return saved

    def respect(self, vendor: str) -> None:
        """Raise `Retriable` while a CRM is to be left alone."""
        with self.store.read() as connection:
            known = connections.find(connection, vendor)
        if known is not None and known.not_before_at is not None:
            parking.respect(known, self.clock(), self.zone())

    def zone(self) -> ZoneInfo:
        """The team's zone; UTC before anything is published."""
        with self.store.read() as connection:
            found = rulebooks.load(connection)
        return found.rulebook.team.zone if found else ZoneInfo("UTC")

    def preflight(self, connector: Connector) -> None:
        """Park the fields that the CRM no longer has as the rulebook reads them, before a pull.

        Raises `Fatal` for one that was never read: see `service.preflight`.
        """
        own = self.published().rulebook.own_fields
        preflight.check(self.store, connector, self.clock(), own=own)


def open_app(settings: Settings, clock: Clock = system_clock) -> App:
    """An installation whose store exists and is at this version's revision."""
    store = open_store(settings.database_url)
    try:
        schema.check(store)
    except BaseException:
        store.close()
        raise
    return App(settings, store, clock)


def author() -> str:
    """Who is at the keyboard, for publications."""
    return os.environ.get("USER") or os.environ.get("LOGNAME") or "ops"


def read_playbook(folder: Path) -> dict[str, bytes]:
    """The files of a playbook by name (`plans/elise.yaml`); raises `PlaybookError` when unread."""
    files, issues = read_folder(folder)
    if issues:
        raise PlaybookError(issues)
    return files
