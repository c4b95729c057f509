"""What is asked of Salesforce to read one object: its rows, and what belongs to each of them.

Rows are those of `queryAll`, deleted ones included. An opportunity comes with the rows of its
history, a contact with its roles, the survivor of a merge with the ids that it replaced: each by
look-ups of as many ids as an address has room for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors import values
from connectors.base import Unanswered
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import MISSING_OBJECT, Forbidden, Refused, unreadable
from connectors.salesforce.mapping import HISTORY, MERGED, ROLES, Mapper, identified, is_true
from connectors.salesforce.objects import (
    ACCOUNT_ROLE,
    HISTORY_FIELDS,
    OPPORTUNITY_ROLE,
    ROLE_FIELDS,
)
from connectors.salesforce.soql import Place, Window
from rules.records import Kind, Link, Record

# A chain of merges is followed this far.
_MERGES = 5
# Rows by id that one call by POST takes.
_AT_ONCE = 2_000
_ROLE_OBJECTS = (OPPORTUNITY_ROLE, ACCOUNT_ROLE)
_KEYS = ("Id", "SystemModstamp", "IsDeleted")


@dataclass(slots=True, kw_only=True)
class Batch:
    """Some records with their links; `is_done` once the object has nothing more for now.

    `is_kept`: worth a page for its cursor alone.
    """

    records: Sequence[Record] = ()
    links: Sequence[Link] = ()
    gone: list[str] = field(default_factory=list)
    is_done: bool = False
    is_kept: bool = False


class Source:
    """One object of the CRM, as it is asked for."""

    def __init__(self, client: Client, mapper: Mapper) -> None:
        self.mapper = mapper
        self.object_type = mapper.object_type
        self.name = mapper.object_type.name
        self._client = client
        self._absent: set[str] = set()
        fields = [*_KEYS, *(each for each in mapper.fields if each not in _KEYS)]
        self.fields = fields
        self._near, self._far = soql.fields_in_address(fields)

    def changed(self, window: Window, after: Place | None) -> tuple[list[Json], Place | None]:
        """A page of a window, and the place after which there is more; None at its end.

        Salesforce may give fewer rows than a page has and say that it is not done.

        Raises:
            Refused: The query takes too long, or is refused.
        """
        text = soql.changed(self.name, self._near, window, after)
        answer = self._client.query(text, is_all=True)
        rows = self.mapper.usable(answer["records"])
        if answer.get("done") is True and len(answer["records"]) < soql.PAGE:
            return self._whole(rows), None
        place = _place_of(rows)
        # The order of ids is Salesforce's own: whether it tells capitals apart is not documented.
        if after is not None and (place.stamp < after.stamp or place == after):
            raise Unanswered(NOT_AS_ASKED)
        return self._whole(rows), place

    def in_bulk(self, window: Window) -> str:
        """The text of a bulk job: it travels in a body, so that it has room for every field."""
        return soql.in_bulk(self.name, self.fields, window)

    def ripened(self, column: str, window: Window) -> list[Json]:
        """The rows whose own instant falls in a window."""
        text = soql.ripened(self.name, self._near, column, window)
        return self._whole(self._client.rows(text, is_all=True))

    def by_id(self, keys: Sequence[str]) -> Batch:
        """Records by id, deleted ones included, and the ids that exist no more."""
        rows = self._by_id(keys)
        found = {row["Id"] for row in rows}
        batch = self.batch(rows)
        batch.gone += [key for key in keys if key not in found]
        return batch

    def rows_of(self, keys: Sequence[str]) -> Sequence[Json]:
        """The rows of some ids as they are, deleted ones included."""
        return self._by_id(keys)

    def batch(self, rows: Sequence[Json]) -> Batch:
        """The records of some rows, each with what belongs to it."""
        rows = self.mapper.usable(rows)
        match self.object_type.kind:
            case Kind.ACCOUNT:
                rows = self._merged(rows)
            case Kind.OPPORTUNITY:
                self._attach(rows, "OpportunityHistory", HISTORY_FIELDS, HISTORY)
            case Kind.CONTACT:
                for each in _ROLE_OBJECTS:
                    self._attach(rows, each.name, ROLE_FIELDS, ROLES)
            case _:
                pass
        records = self.mapper.records(rows, now=self._client.crm_now())
        return Batch(records=records, links=self.mapper.links(rows))

    def _merged(self, rows: Sequence[Json]) -> list[Json]:
        """Rows without the losers of merges; the survivors come instead, with all their losers.

        A loser whose survivor is nowhere to be found is a deleted record like any other.
        """
        survivors = _masters(rows)
        if not survivors:
            return list(rows)
        known = {row["Id"]: row for row in rows}
        for _ in range(_MERGES):
            unknown = [key for key in survivors if key not in known]
            known |= {row["Id"]: row for row in self._by_id(unknown)}
            survivors |= _masters(known[key] for key in survivors if key in known)
            if all(key in known for key in survivors):
                break
        live = [key for key in survivors if key in known and _master(known[key]) is None]
        replaced = self._losers(live)
        kept = [row for row in rows if _final(row, known) not in live or row["Id"] in live]
        present = {row["Id"] for row in kept}
        kept += [known[key] for key in live if key not in present]
        for row in kept:
            if row["Id"] in replaced:
                row[MERGED] = replaced[row["Id"]]
        return kept

    def _losers(self, winners: Sequence[str]) -> dict[str, list[str]]:
        """The ids that each survivor replaced, those that went through another one too."""
        found: dict[str, list[str]] = {key: [] for key in winners}
        heirs = {key: key for key in winners}
        asked = list(winners)
        for _ in range(_MERGES):
            rows = [
                row
                for chunk in soql.chunks(asked)
                for row in self._client.rows(soql.losers(self.name, chunk), is_all=True)
            ]
            asked = []
            for row in rows:
                heir = heirs.get(str(row.get("MasterRecordId")))
                if heir is not None and row["Id"] not in heirs:
                    heirs[row["Id"]] = heir
                    found[heir].append(row["Id"])
                    asked.append(row["Id"])
            if not asked:
                break
        return found

    def _attach(self, rows: Sequence[Json], name: str, fields: Sequence[str], at: str) -> None:
        """Look up the rows of another object that refer to these, and put them at each."""
        column = fields[0] if at == ROLES else "OpportunityId"
        by_key = {row["Id"]: row for row in rows if not is_true(row.get("IsDeleted"))}
        for chunk in soql.chunks(list(by_key)):
            for found in self._optional(name, soql.among(name, fields, column, chunk)):
                row = by_key.get(str(found.get(column)))
                if row is not None:
                    row.setdefault(at, []).append(found.get("Role") if at == ROLES else found)

    def _optional(self, name: str, text: str) -> list[Json]:
        """The rows of an object that an org may lack."""
        if name in self._absent:
            return []
        try:
            return self._client.rows(text)
        except Refused as refused:
            if name != ACCOUNT_ROLE.name or refused.code != MISSING_OBJECT:
                raise unreadable(refused, name) from refused
        except Forbidden:
            if name != ACCOUNT_ROLE.name:
                raise
        self._absent.add(name)
        return []

    def _by_id(self, keys: Sequence[str]) -> list[Json]:
        rows = [
            row
            for chunk in soql.chunks(keys)
            for row in self._client.rows(
                soql.among(self.name, self._near, "Id", chunk), is_all=True
            )
        ]
        if not all(map(identified, rows)):
            # Whose rows they are is not known: nobody may be taken for gone.
            raise Unanswered(NOT_AS_ASKED)
        return self._whole(rows)

    def _whole(self, rows: list[Json]) -> list[Json]:
        """Rows with the fields for which the address had no room, read by a body."""
        by_key = {row["Id"]: row for row in rows if identified(row)}
        for start in range(0, len(by_key) if self._far else 0, _AT_ONCE):
            keys = list(by_key)[start : start + _AT_ONCE]
            body: Json = {"ids": keys, "fields": ["Id", *self._far]}
            answer = self._client.look_up(f"composite/sobjects/{self.name}", body)
            if not isinstance(answer, list):
                raise Unanswered(NOT_AS_ASKED)
            for more in answer:
                if identified(more):
                    by_key[more["Id"]].update(more)
        return rows


def pointed(rows: Iterable[Json], column: str) -> list[str]:
    """The records to which rows refer, each once."""
    return list(dict.fromkeys(str(row[column]) for row in rows if row.get(column)))


def _place_of(rows: Sequence[Json]) -> Place:
    """The place of the last row.

    Raises:
        Unanswered: There is none, or it has no stamp.
    """
    try:
        stamp = values.instant(rows[-1].get("SystemModstamp")) if rows else None
    except values.Unreadable:
        stamp = None
    if stamp is None:
        raise Unanswered(NOT_AS_ASKED)
    return Place(stamp=stamp, key=str(rows[-1]["Id"]))


def _masters(rows: Iterable[Json]) -> set[str]:
    return {found for row in rows if (found := _master(row)) is not None}


def _master(row: Json) -> str | None:
    found = row.get("MasterRecordId")
    return str(found) if found else None


def _final(row: Json, known: dict[str, Json]) -> str | None:
    """The survivor of a row that was merged, as far as it is known; None for any other row."""
    found = _master(row)
    for _ in range(_MERGES):
        following = None if found is None else _master(known.get(found, {}))
        if following is None:
            break
        found = following
    return found
