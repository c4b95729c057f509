"""The composition root: it opens what the stages need, and alone owns the clock."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Connector, Fatal
from connectors.registry import open_connector
from rules.language import Text
from rules.located import Issue, PlaybookError
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant, instant_of
from service import preflight
from service.settings import Settings
from service.store import connections, ledger, rulebooks, schema
from service.store.bindings import load_bindings
from service.store.connections import CrmConnection
from service.store.engine import Store, StoreError, open_store
from service.store.rulebooks import Published

Clock = Callable[[], Instant]


def system_clock() -> Instant:
    """Now."""
    return instant_of(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class App:
    """An installation: its settings, its store, its clock."""

    settings: Settings
    store: Store
    clock: Clock = field(default=system_clock)

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
                    f"{vendor} n'a jamais été tiré. Lancez « arpent pull ».",
                    f"{vendor} was never pulled. Run `arpent pull`.",
                )
            )
        return found

    def vendors(self) -> list[str]:
        """The CRMs that the settings have a key for."""
        return ["hubspot"] if self.settings.hubspot_token else []

    @contextmanager
    def connector(self, vendor: str) -> Iterator[Connector]:
        """A CRM, opened and closed; raises `Fatal` when the settings have no key for it."""
        token = self.settings.hubspot_token
        if vendor != "hubspot" or token is None or not token.get_secret_value().strip():
            raise Fatal(
                Text(
                    "Aucune clé HubSpot. Créez une clé de service dans HubSpot (Développement → "
                    "Clés → Clés de service) et mettez-la dans ARPENT_HUBSPOT_TOKEN. Pour essayer "
                    "sans CRM : « arpent demo ».",
                    "No HubSpot key. Create a service key in HubSpot (Development → Keys → "
                    "Service keys) and put it in ARPENT_HUBSPOT_TOKEN. To try without a CRM: "
                    "`arpent demo`.",
                )
            )
        with self.store.read() as connection:
            known = connections.find(connection, vendor)
        pinned = self.settings.hubspot_account_id or (known.account_id if known else None)
        opened = open_connector(
            vendor, token=token, base_url=self.settings.hubspot_url, expected_account_id=pinned
        )
        try:
            yield opened
        finally:
            opened.close()

    def connect(self, connector: Connector) -> CrmConnection:
        """Check the credentials, and remember which CRM account they open."""
        identity = connector.identify()
        with self.store.write() as connection:
            return connections.save(connection, identity)

    def preflight(self, connector: Connector) -> None:
        """Check once for each rulebook that the CRM has its fields; raises `Fatal` if it lacks any.

        The ledger remembers that it was done.
        """
        published = self.published()
        with self.store.read() as connection:
            bindings = load_bindings(connection, connector.vendor)
            is_done = ledger.is_done(
                connection, "preflight", scope=connector.vendor, period=str(published.id)
            )
        if is_done:
            return
        problems = preflight.run(connector, bindings)
        if problems:
            spoken = ("\n".join(words) for words in zip(*problems, strict=True))
            raise Fatal(Text(*spoken))
        with self.store.write() as connection:
            ledger.enter(
                connection, "preflight", scope=connector.vendor, period=str(published.id),
                run_id=0, now=self.clock(),
            )  # fmt: skip


def open_app(settings: Settings, clock: Clock = system_clock) -> App:
    """An installation whose store exists and is at this version's revision."""
    store = open_store(settings.database_url)
    schema.check(store)
    return App(settings, store, clock)


def author() -> str:
    """Who is at the keyboard, for publications."""
    return os.environ.get("USER") or os.environ.get("LOGNAME") or "ops"


def read_playbook(folder: Path) -> dict[str, bytes]:
    """The files of a playbook by name (`plans/elise.yaml`); raises `PlaybookError` when unread."""
    try:
        found = sorted(path for path in folder.rglob("*.yaml") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
    except OSError as error:
        raise PlaybookError([_unread(folder, str(error.strerror))]) from error
    if not files:
        raise PlaybookError([_unread(folder, "no *.yaml")])
    return files


def _unread(folder: Path, cause: str) -> Issue:
    return Issue(
        str(folder), 1, 1,
        Text(
            f"pas de playbook ici ({cause}) : indiquez son dossier dans ARPENT_PLAYBOOK",
            f"no playbook here ({cause}): name its folder in ARPENT_PLAYBOOK",
        ),
    )  # fmt: skip
