"""Records and pages in few words, and what the store holds after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, delete, insert, select

from connectors.base import Page
from rules.records import (
    Account,
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    Kind,
    Link,
    Opportunity,
    Owner,
    Record,
    Relation,
    Stage,
    StageEntry,
    StageKind,
)
from rules.time import Day, Instant
from service.store import mirror
from service.store.context import MirrorContext, load_context
from service.store.engine import Store
from service.store.tables import connection as connection_table
from service.store.tables import dirty, metadata, team

# 2026-01-05 12:00 in Montréal, a Monday.
NOON: Instant = 1_767_632_400_000
MINUTE: Instant = 60_000
NOW: Instant = NOON + 1_000 * MINUTE


def account(external_id: str = "A1", *, modified_at: Instant = NOON, **values: Any) -> Account:
    plain = {"name": "Érablière Tremblay", "domain": None, "owner_id": "O1", "created_at": NOON}
    return Account(external_id=external_id, modified_at=modified_at, **{**plain, **values})


def opportunity(
    external_id: str = "D1", *, modified_at: Instant = NOON, **values: Any
) -> Opportunity:
    plain = {
        "name": "Renouvellement",
        "owner_id": "O1",
        "stage_id": "S1",
        "amount": 100_00,
        "currency": "CAD",
        "home_amount": None,
        "peak_amount": None,
        "created_at": NOON,
        "closes_at": None,
    }
    return Opportunity(external_id=external_id, modified_at=modified_at, **{**plain, **values})


def contact(external_id: str = "C1", *, modified_at: Instant = NOON, **values: Any) -> Contact:
    plain = {"role": ContactRole.DECISION_MAKER}
    return Contact(external_id=external_id, modified_at=modified_at, **{**plain, **values})


def activity(external_id: str = "V1", *, modified_at: Instant = NOON, **values: Any) -> Activity:
    plain = {
        "kind": ActivityKind.CALL,
        "owner_id": "O1",
        "happened_at": NOON,
        "is_contact": True,
    }
    return Activity(external_id=external_id, modified_at=modified_at, **{**plain, **values})


def owner(external_id: str = "O1", **values: Any) -> Owner:
    plain = {"name": "Maude Roy", "email": "maude@example.test", "is_active": True}
    return Owner(external_id=external_id, **{**plain, **values})


def stage(external_id: str = "S1", **values: Any) -> Stage:
    plain = {
        "pipeline_id": "P1",
        "pipeline_label": "Ventes",
        "label": "Proposition",
        "position": 1,
        "probability": 0.5,
        "kind": StageKind.OPEN,
    }
    return Stage(external_id=external_id, **{**plain, **values})


def entry(stage_id: str, entered_at: Instant) -> StageEntry:
    return StageEntry(stage_id=stage_id, entered_at=entered_at)


def deal_of(account_id: str, opportunity_id: str = "D1", *, is_primary: bool = True) -> Link:
    return Link(
        relation=Relation.OPPORTUNITY_ACCOUNT,
        from_id=opportunity_id,
        to_id=account_id,
        is_primary=is_primary,
    )


def linked(relation: Relation, from_id: str, to_id: str) -> Link:
    return Link(relation=relation, from_id=from_id, to_id=to_id)


_KINDS: Mapping[type, Kind] = {
    Account: Kind.ACCOUNT,
    Opportunity: Kind.OPPORTUNITY,
    Contact: Kind.CONTACT,
    Activity: Kind.ACTIVITY,
    Owner: Kind.OWNER,
    Stage: Kind.STAGE,
}


def page(*records: Record, kind: Kind | None = None, cursor: str = "1", **values: Any) -> Page:
    """A page of the kind of its records; `kind` names it where there is none."""
    kind = kind or _KINDS[type(records[0])]
    return Page(kind=kind, records=records, cursor=cursor, **{"is_last": True, **values})


@dataclass(frozen=True, slots=True)
class Workspace:
    """A store with one CRM in it, and what a test asks of it."""

    store: Store
    connection_id: int

    def context(self, now: Instant = NOW, **values: Any) -> MirrorContext:
        with self.store.read() as connection:
            context = load_context(connection, self.connection_id, run_id=None, now=now)
        return replace(context, **values)

    def write(self, *pages: Page, now: Instant = NOW, **values: Any) -> mirror.PageCounts:
        """Write pages, each in its own transaction; returns the counts of the last."""
        context = self.context(now, **values)
        for each in pages:
            with self.store.write() as connection:
                counts = mirror.write_page(connection, context, each)
        return counts

    def rows(self, name: str) -> Sequence[Row[Any]]:
        """A whole table, in the order of its primary key."""
        table = metadata.tables[name]
        with self.store.read() as connection:
            return connection.execute(select(table).order_by(*table.primary_key)).all()

    def row(self, name: str, external_id: str) -> Row[Any]:
        """The row of a record."""
        (found,) = [each for each in self.rows(name) if each.external_id == external_id]
        return found

    def id_of(self, kind: Kind, external_id: str) -> int:
        """Our id of an external one."""
        (found,) = [
            each.entity_id
            for each in self.rows("external_ref")
            if (each.kind, each.external_id) == (kind.value, external_id)
        ]
        return int(found)

    def dirty(self) -> set[str]:
        """The external ids of the accounts marked dirty."""
        names = {
            each.entity_id: each.external_id
            for each in self.rows("external_ref")
            if each.kind == Kind.ACCOUNT.value and each.is_current
        }
        return {names[each.account_id] for each in self.rows("dirty")}

    def evaluate(self) -> None:
        """Take what is dirty, as an evaluation does."""
        with self.store.write() as connection:
            connection.execute(delete(dirty))

    def links(self) -> set[tuple[int, int, bool]]:
        """The links: from, to, whether it is the main one."""
        return {(each.from_id, each.to_id, each.is_primary) for each in self.rows("link")}

    def history(self, field: str) -> list[tuple[str | None, Instant, Instant | None]]:
        """The values of a tracked field, from when to when."""
        found = [each for each in self.rows("history") if each.field == field]
        return [(each.value, each.valid_from_at, each.valid_to_at) for each in found]

    def add_rate(self, currency: str, rate: float, *, on: Day = 0) -> None:
        """A dated exchange rate."""
        self._insert("fx_rate", currency=currency, rate=rate, valid_from_on=on)

    def add_rep(self, key: str, email: str) -> None:
        """A rep of the team."""
        self._insert("rep", key=key, name=key, email=email)

    def _insert(self, table: str, **values: Any) -> None:
        with self.store.write() as connection:
            connection.execute(insert(metadata.tables[table]).values(values))


def settle(
    store: Store, *, currency: str = "CAD", home: str = "CAD", vendor: str = "memory"
) -> Workspace:
    """A workspace of a team in Montréal, with one CRM."""
    with store.write() as connection:
        connection.execute(
            insert(team).values(
                id=1,
                zone="America/Toronto",
                currency=currency,
                fiscal_year_start=1,
                language="fr",
            )
        )
        created = connection.execute(
            insert(connection_table)
            .values(vendor=vendor, account_id="1", name="CRM", currency=home, state="active")
            .returning(connection_table.c.id)
        )
        return Workspace(store, created.scalar_one())
