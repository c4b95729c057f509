"""An emulated CRM and an installation beside it, in this process, on the portal's own clock."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Row, select

from connectors.base import Connector
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.time import instant_of
from service import cycle, provision
from service.app import App, open_app
from service.cycle_report import CycleReport
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import rulebooks
from service.store.tables import metadata

VENDOR = "hubspot"
# Longer than the overlap that a pull reads again, so that an unchanged record stays unread.
A_WHILE = timedelta(minutes=40)
PEOPLE = "pat-na1-the-people-of-the-company"


@dataclass(frozen=True, slots=True)
class Territory:
    """A portal, and Arpent connected to it."""

    portal: HubSpotSandbox
    app: App
    connector: Connector

    def cycle(self, **options: Any) -> CycleReport:
        """One cycle, which must have no failure."""
        report = cycle.run(self.app, {VENDOR: self.connector}, **options)
        assert report.failures == {}
        return report

    def wait(self, span: timedelta = A_WHILE) -> None:
        """Let time pass in the portal, and so for Arpent."""
        self.portal.clock.advance(span)

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Use HubSpot's API as another tool of the company does; it must succeed."""
        status, answer = self.portal.call(method, path, body, token=PEOPLE)
        assert status < 300, answer
        return answer

    def edit(self, kind: str, record: str, **properties: str) -> None:
        """Change a record through the API."""
        path = f"/crm/objects/2026-09/{kind}/{record}"
        self.call("PATCH", path, {"properties": properties})

    def archive(self, kind: str, record: str) -> None:
        """Delete a record through the API."""
        self.call("DELETE", f"/crm/objects/2026-09/{kind}/{record}")

    def create(self, kind: str, company: str, association: int, **properties: str) -> str:
        """Create a record on a company through the API; returns its id."""
        linked = {
            "to": {"id": company},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association}],
        }
        body = {"properties": properties, "associations": [linked]}
        return str(self.call("POST", f"/crm/objects/2026-09/{kind}", body)["id"])

    def record(self, company: str) -> Mapping[str, str]:
        """The values of a company in the CRM."""
        return self.portal.values_of("companies", company)

    def writes(self, after: int = 0) -> list[dict[str, Any]]:
        """What Arpent wrote in the CRM after a place in its history."""
        rows = self.portal.history()[after:]
        return [row for row in rows if row["source"] == "Arpent"]

    def rows(self, table: str) -> list[Row[Any]]:
        """A table of the store."""
        with self.app.store.read() as connection:
            return list(connection.execute(select(metadata.tables[table])))

    def tiers(self) -> dict[str, str]:
        """The tier of each account in scope, by its id in the CRM, as the store has it."""
        names = {row.id: row.external_id for row in self.rows("account")}
        return {names[row.account_id]: row.tier for row in self.rows("tag") if row.is_in_scope}


@contextmanager
def settled(
    portal: HubSpotSandbox, database: str, *, playbook: Path = SHIPPED_PLAYBOOK
) -> Iterator[Territory]:
    """A running portal with a migrated store: the playbook published, its fields created."""
    settings = Settings(
        database_url=database,
        playbook=playbook,
        hubspot_url=portal.url,
        hubspot_token=SecretStr(portal.token),
    )
    portal.add_token(PEOPLE, name="Gestion")
    app = open_app(settings, lambda: instant_of(portal.clock.now()))
    try:
        with app.store.write() as connection:
            rulebooks.publish(
                connection, app.compile(), author="ops", reason="essai", now=app.clock()
            )
        with app.connector(VENDOR) as connector:
            provision.run(connector, app.published().rulebook, dry_run=False)
            yield Territory(portal, app, connector)
    finally:
        app.store.close()
