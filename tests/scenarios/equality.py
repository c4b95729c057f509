"""Whether a store equals a CRM: every live record, its values, owner, stage, links, tombstones."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Table, select

from connectors.sandbox.hubspot import HubSpotSandbox
from service.store.engine import Store
from service.store.tables import metadata
from tests.scenarios.truth import Facts, Team, Truth, truth_of

_SHOWN = 8
_DATED = ("account", "opportunity", "contact", "activity")
_COLUMNS = {
    "account": ("name", "domain", "created_on", "modified_at", "observed_tier", "observed_why"),
    "opportunity": (
        *("name", "amount", "currency", "team_amount", "team_peak_amount"),
        *("created_at", "closes_on", "modified_at"),
    ),
    "contact": ("role", "modified_at"),
    "activity": ("kind", "happened_at", "is_contact", "modified_at"),
    "owner": ("name", "email", "is_active", "rep_key"),
    "stage": ("pipeline_id", "pipeline_label", "label", "position", "probability", "kind"),
}


def assert_equal(portal: HubSpotSandbox, store: Store) -> None:
    """The store must hold what the portal holds; the first differences are told."""
    found = differences(portal, store)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:_SHOWN])


def differences(portal: HubSpotSandbox, store: Store) -> list[str]:
    """What is not the same in the CRM and in the store, one line each; none when they are equal."""
    with store.read() as connection:
        return differences_seen(portal, connection)


def differences_seen(portal: HubSpotSandbox, connection: Connection) -> list[str]:
    """The same, as a transaction sees the store."""
    return differences_from(lambda team: truth_of(portal, team), connection, "hubspot")


def differences_from(
    tell: Callable[[Team], Truth], connection: Connection, vendor: str
) -> list[str]:
    """The same for any CRM: `tell` reads the truth from it, for what the installation says."""
    mirror = _Mirror(connection)
    truth = tell(mirror.team(vendor))
    found: list[str] = []
    for kind, expected in truth.live.items():
        stored, tombstones = mirror.records(kind)
        found += _compared(kind, expected, stored, tombstones)
        found += [
            f"{kind} {key} is archived in the CRM and live in the store"
            for key in truth.archived.get(kind, set()) & stored.keys()
        ]
    return found + mirror.misled(truth.merged)


def _compared(kind: str, expected: Facts, stored: Facts, tombstones: set[str]) -> list[str]:
    found = []
    for key, facts in expected.items():
        if key not in stored:
            where = "a tombstone" if key in tombstones else "missing"
            found.append(f"{kind} {key} is live in the CRM and {where} in the store")
            continue
        if (held := stored[key]) != facts:
            found += [
                f"{kind} {key}: {name} is {value!r} in the CRM, {held.get(name)!r} in the store"
                for name, value in facts.items()
                if held.get(name) != value
            ]
    # A stage that was taken away stays, for the deals that went through it.
    if kind != "stage":
        found += [
            f"{kind} {key} is in the store and not in the CRM"
            for key in stored.keys() - expected.keys()
        ]
    return found


class _Mirror:
    """The store in the words of the CRM: external ids, one dictionary for each record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names = {kind: self._named(metadata.tables[kind]) for kind in ("owner", "stage")}
        self._slots = {
            kind: {row.name: row.slot for row in self._rows("field_binding") if row.kind == kind}
            for kind in ("account", "opportunity")
        }

    def _named(self, table: Table, *only: ColumnElement[bool]) -> dict[int, str]:
        found = self._connection.execute(select(table.c.id, table.c.external_id).where(*only))
        return {row.id: row.external_id for row in found}

    def _rows(self, table: str) -> list[Row[Any]]:
        return list(self._connection.execute(select(metadata.tables[table])))

    def team(self, vendor: str) -> Team:
        (us,) = self._rows("team")
        bound: dict[str, dict[str, Any]] = {"account": {}, "opportunity": {}}
        for row in self._rows("field_binding"):
            if row.vendor == vendor:
                bound[row.kind][row.name] = (row.crm_field, row.type, json.loads(row.choices))
        return Team(
            zone=ZoneInfo(us.zone),
            currency=us.currency,
            reps={row.email.casefold(): row.key for row in self._rows("rep") if row.email},
            bound=bound,
        )

    def records(self, kind: str) -> tuple[Facts, set[str]]:
        """The live records of a kind by external id, and the ids of its tombstones."""
        live: Facts = {}
        tombstones: set[str] = set()
        table, extras = metadata.tables[kind], self._extras(kind)
        # Named as the truth names them: a bound field by its name, wherever its slot is.
        columns = {name: table.c[name] for name in ("id", "external_id", *_COLUMNS[kind])}
        columns |= {
            f"field_{name}": table.c[slot] for name, slot in self._slots.get(kind, {}).items()
        }
        referring = {"owner": "owner_id", "stage": "stage_id"}
        columns |= {name: table.c[key] for name, key in referring.items() if key in table.c}
        if kind in _DATED:
            columns["archived_at"] = table.c.archived_at
        for row in self._connection.execute(select(*columns.values())):
            facts = dict(zip(columns, row, strict=True))
            entity, key = facts.pop("id"), facts.pop("external_id")
            if facts.pop("archived_at", None) is not None:
                tombstones.add(key)
                continue
            for name in referring.keys() & facts.keys():
                facts[name] = self._name(name, facts[name])
            for name, (held, empty) in extras.items():
                facts[name] = held.get(entity, empty)
            assert key not in live, f"two live rows of {kind} {key}"
            live[key] = facts
        return live, tombstones

    def _extras(self, kind: str) -> dict[str, tuple[dict[int, Any], object]]:
        """What stands in other tables, and what a record without any has there."""
        extras: dict[str, tuple[dict[int, Any], object]] = {}
        if kind in {"opportunity", "contact", "activity"}:
            extras["companies"] = self._companies(f"{kind}_account"), {}
        if kind == "opportunity":
            extras["stages"] = self._entered(), []
        return extras

    def _companies(self, relation: str) -> dict[int, dict[str, bool]]:
        accounts = metadata.tables["account"]
        live = self._named(accounts, accounts.c.archived_at.is_(None))
        linked: defaultdict[int, dict[str, bool]] = defaultdict(dict)
        for row in self._rows("link"):
            if row.relation == relation and row.to_id in live:
                linked[row.from_id][live[row.to_id]] = row.is_primary
        return linked

    def _entered(self) -> dict[int, list[tuple[int, str]]]:
        entered: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        for row in self._rows("history"):
            if (row.kind, row.field) == ("opportunity", "stage_id") and row.value is not None:
                name = self._names["stage"].get(int(row.value), f"?{row.value}")
                entered[row.entity_id].append((row.valid_from_at, name))
        return {key: sorted(rows) for key, rows in entered.items()}

    def _name(self, kind: str, entity: int | None) -> str | None:
        return None if entity is None else self._names[kind].get(entity, f"?{entity}")

    def misled(self, merged: dict[str, str]) -> list[str]:
        """References of merged companies that do not lead to the survivor."""
        if not merged:
            return []
        refs = {row.external_id: row for row in self._rows("external_ref") if row.kind == "account"}
        found = []
        for loser, survivor in merged.items():
            while survivor in merged:
                survivor = merged[survivor]  # noqa: PLW2901 - a chain of merges
            ours, theirs = refs.get(loser), refs.get(survivor)
            if ours is None or theirs is None:
                continue
            if ours.entity_id != theirs.entity_id or ours.is_current:
                found.append(f"account {loser} was merged into {survivor}, not in the store")
        return found
