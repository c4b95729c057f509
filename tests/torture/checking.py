"""What is looked at once all is quiet, and what is wrong with it.

A *picture* holds what the portal and the store have to say, in the words of the CRM, so that the
picture of a run that was killed can be laid over that of one that was not. What must be so at any
time (the store equals the portal, nothing is under way, each write has its line in the journal) is
told by the picture itself.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, text

from service.store.engine import Store, open_store
from service.store.tables import metadata
from tests.scenarios.equality import differences_from
from tests.torture.portal import Portal

Picture = dict[str, Any]
_PULLED = ("written", "unchanged", "older", "rejected")
_PUSHED = ("applied", "unchanged", "rejected", "held", "left")


def picture(portal: Portal, database: str, since: int) -> Picture:
    """What a portal and a store hold; of the writes, those after the first `since`."""
    store = open_store(database)
    try:
        with store.read() as connection:
            seen = _Store(connection)
            writes = _writes(portal, since)
            return {
                "values": portal.values(),
                "tasks": portal.tasks(),
                "writes": writes,
                "outbox": seen.outbox(),
                "alerts": seen.alerts(),
                "tags": seen.tags(),
                "wrong": [
                    *differences_from(portal.truth, connection, portal.vendor),
                    *seen.unfinished(),
                    *seen.miscounted(),
                    *seen.unjournalled(writes),
                    *_broken(connection, store),
                ],
            }
    finally:
        store.close()


def _writes(portal: Portal, since: int) -> dict[str, list[str | None]]:
    """The values that Arpent wrote, one after the other, by company and field."""
    written: defaultdict[str, list[str | None]] = defaultdict(list)
    for each in portal.writes(since):
        if each.is_ours:
            written[f"{each.company} {each.field}"].append(each.value)
    return dict(written)


class _Store:
    """A store, in the words of the CRM."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names = {row.id: row.external_id for row in self._rows("account")}

    def _rows(self, table: str) -> list[Row[Any]]:
        return list(self._connection.execute(select(metadata.tables[table])))

    def outbox(self) -> dict[str, list[Any]]:
        """What is desired of each field, whether it is confirmed, and how it stands."""
        return {
            f"{self._names[row.account_id]} {row.field}": [
                row.desired, row.desired == row.confirmed, row.state, row.pin,
            ]
            for row in self._rows("outbox")
        }  # fmt: skip

    def settled(self) -> dict[tuple[str, str], str | None]:
        """What is taken as held by the CRM, and is all that is wanted there."""
        return {
            (self._names[row.account_id], row.field): row.confirmed
            for row in self._rows("outbox")
            if row.state == "settled"
        }

    def alerts(self) -> dict[str, list[Any]]:
        """Each episode and its task."""
        return {
            row.key: [row.state, row.subject_line, row.body, row.task_state]
            for row in self._rows("alert")
        }

    def tags(self) -> dict[str, list[Any]]:
        """What the rules made of each account."""
        return {
            self._names[row.account_id]: [row.is_in_scope, row.tier, row.priority, row.why]
            for row in self._rows("tag")
        }

    def unfinished(self) -> Iterator[str]:
        """Runs, tasks, values and evaluations that are still under way."""
        yield from (f"run {row.id} is running" for row in self._rows("run") if not _ended(row))
        yield from (
            f"the task of {row.key} is {row.task_state}"
            for row in self._rows("alert")
            if row.task_state in {"owed", "sending", "held"}
        )
        yield from (
            f"{row.field} of {self._names[row.account_id]} is {row.state}: {row.reason}"
            for row in self._rows("outbox")
            if row.state in {"owed", "rejected", "held"}
        )
        yield from (f"account {row.account_id} is dirty" for row in self._rows("dirty"))
        yield from (
            f"{row.name} is held by {row.holder}" for row in self._rows("lease") if row.holder
        )

    def miscounted(self) -> Iterator[str]:
        """Runs whose counts don't add up: in = written + unchanged + rejected + held."""
        for row in self._rows("run"):
            counts = Counter(json.loads(row.counts))
            for name, total in counts.items():
                prefix, _, last = name.rpartition(".")
                if last == "received" and total != sum(counts[f"{prefix}.{x}"] for x in _PULLED):
                    yield f"run {row.id}: {name} = {total} of {dict(counts)}"
                # A value that was tried twice in a run has both of its outcomes there.
                if name.endswith("values.in"):
                    out = sum(counts[f"{prefix}.{each}"] for each in _PUSHED)
                    if row.state == "done" and total > out:
                        yield f"run {row.id}: {name} = {total} of {dict(counts)}"

    def unjournalled(self, writes: Mapping[str, Sequence[str | None]]) -> Iterator[str]:
        """Writes of which the journal has no line."""
        told = {
            (f"{self._names.get(row.account_id)} {row.field}", row.after)
            for row in self._rows("push_journal")
        }
        for key, values in writes.items():
            yield from (
                f"{key} = {value!r} is not in the journal"
                for value in values
                if (key, value) not in told
            )


def _ended(row: Row[Any]) -> bool:
    return bool(row.state != "running")


def _broken(connection: Connection, store: Store) -> Iterator[str]:
    """What the database itself finds wrong with its file."""
    if store.is_sqlite:
        found = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        yield from (f"integrity: {each}" for each in found if each != "ok")
        yield from (
            f"foreign key: {row}" for row in connection.execute(text("PRAGMA foreign_key_check"))
        )


def false_acknowledgements(portal: Portal, database: str) -> list[str]:
    """Values that the store takes for settled and the portal does not hold, at any moment.

    A person's edit that was not pulled yet is none.
    """
    is_ours = {(each.company, each.field): each.is_ours for each in portal.writes()}
    store = open_store(database)
    try:
        with store.read() as connection:
            confirmed = _Store(connection).settled()
    finally:
        store.close()
    held = portal.values()
    return [
        f"acknowledged: {company} {name} is {held[company][name]!r}, not {value!r}"
        for (company, name), value in confirmed.items()
        if company in held and held[company][name] != value and is_ours.get((company, name), True)
    ]


def violations(found: Picture, clean: Picture, *, is_frozen: bool = False) -> list[str]:
    """What is wrong with a picture, laid over that of a run that nothing disturbed.

    A frozen process may write something stale, which is healed; a killed one never may.
    """
    wrong = list(found["wrong"])
    for part in ("values", "outbox", "alerts", "tags"):
        for key in sorted({*clean[part], *found[part]}):
            expected, seen = clean[part].get(key), found[part].get(key)
            if expected != seen:
                wrong.append(f"{part}: {key} is {seen}, not {expected}")
    if found["tasks"] != clean["tasks"]:
        wrong.append(f"tasks: {found['tasks']}, not {clean['tasks']}")
    if not is_frozen:
        wrong += _stale(found["writes"], clean["writes"])
    return wrong


def _stale(writes: Mapping[str, Sequence[str | None]], clean: Mapping[str, Any]) -> Iterator[str]:
    """Values that were written again after a newer one, or that nobody ever wanted there."""
    for key, values in writes.items():
        steps = [value for place, value in enumerate(values) if values[:place][-1:] != [value]]
        wanted = iter(clean.get(key, []))
        if not all(step in wanted for step in steps):
            yield f"writes: {key} went {steps}, not {clean.get(key, [])}"
