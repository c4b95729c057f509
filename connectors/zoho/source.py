"""What is asked of Zoho to read one module: its rows, and what belongs to each of them.

More than fifty columns are several selects of the same rows, joined by id. A deal comes with the
rows of its history, a contact with its roles, an activity with its account.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from connectors import values
from connectors.base import Unanswered
from connectors.zoho import coql
from connectors.zoho.answers import Json, Rows, every, listing
from connectors.zoho.client import Client
from connectors.zoho.coql import Place, Window
from connectors.zoho.error_words import NOT_AS_ASKED
from connectors.zoho.errors import Forbidden, Refused, unreadable
from connectors.zoho.mapping import HISTORY, ROLES, Mapper, identified
from connectors.zoho.objects import (
    HISTORY_DEAL,
    HISTORY_FIELDS,
    MODIFIED,
    SE_MODULE,
    identifier,
)
from connectors.zoho.roles import Roles
from connectors.zoho.schema import Schema, is_readable
from connectors.zoho.whereabouts import Whereabouts
from rules.records import Kind, Link, Record

T = TypeVar("T")

_REFUSED_COLUMNS = frozenset({"INVALID_QUERY", "SYNTAX_ERROR"})


@dataclass(slots=True, kw_only=True)
class Batch:
    """Some records with their links; `is_done` once the module has nothing more for now.

    `is_kept`: worth a page for its cursor alone.
    """

    records: Sequence[Record] = ()
    links: Sequence[Link] = ()
    is_done: bool = False
    is_kept: bool = False


@dataclass(slots=True)
class _History:
    """How histories can be had: by queries, deal by deal, or not at all."""

    by_query: bool = True
    by_deal: bool = True


class Source:
    """One module of the CRM, as it is asked for.

    `roles` is None where contacts tell their own; `schema` asks which fields there are now.
    """

    def __init__(
        self,
        client: Client,
        mapper: Mapper,
        whereabouts: Whereabouts,
        roles: Roles | None,
        schema: Callable[[], Schema],
    ) -> None:
        self.mapper = mapper
        self.module = mapper.module
        self.name = mapper.module.name
        self.roles = roles
        self._client = client
        self._whereabouts = whereabouts
        self._schema = schema
        self._history = _History()
        self._tells_module = mapper.lookups_lead_anywhere

    @property
    def fields(self) -> list[str]:
        """The columns of a row, in their order."""
        more = [SE_MODULE] if self._tells_module else []
        return [*self.mapper.fields, *more]

    def changed(
        self, window: Window, after: Place | None, *, limit: int
    ) -> tuple[list[Json], Place | None]:
        """A page of a window, and the place after which there is more; None at its end."""
        page = self._narrowing(lambda: self._page(window, after, limit))
        rows = page.rows
        if not page.has_more or not rows:
            return rows, None
        place = place_of(rows)
        if after is not None and (place.stamp, place.key) == (after.stamp, after.key):
            raise Unanswered(NOT_AS_ASKED)
        return rows, place

    def ripened(self, column: str, window: Window) -> Iterator[list[Json]]:
        """The rows whose own instant falls in a window, page by page."""
        last: str | None = None
        while True:
            page = self._narrowing(lambda: self._begun(column, window, last))  # noqa: B023 - asked at once
            yield page.rows
            if not page.has_more or not page.rows:
                return
            last = str(page.rows[-1].get("id"))

    def by_id(self, keys: Sequence[str]) -> list[Json]:
        """The rows of some ids, as far as they are there."""
        found = [self._narrowing(lambda: self._among(chunk)) for chunk in coql.chunks(keys)]  # noqa: B023 - asked at once
        return [row for rows in found for row in rows]

    def batch(self, rows: Sequence[Json], *, is_first: bool = False) -> Batch:
        """The records of some rows, each with what belongs to it."""
        match self.module.kind:
            case Kind.OPPORTUNITY:
                self._attach_history(rows)
            case Kind.ACTIVITY:
                self._whereabouts.attach(rows)
            case Kind.CONTACT if self.roles is not None:
                if not is_first:
                    self.roles.all_of([row for row in rows if identified(row)])
                for row in rows:
                    if identified(row):
                        row[ROLES] = self.roles.known(row["id"])
            case _:
                pass
        records = self.mapper.records(rows, now=self._client.crm_now())
        return Batch(records=records, links=self.mapper.links(rows))

    def _narrowing(self, ask: Callable[[], T]) -> T:
        """What is asked; again without the columns that Zoho has no more, should it refuse them.

        Raises:
            Fatal: It is refused for another reason.
        """
        while True:
            try:
                return ask()
            except Refused as refused:
                if refused.code not in _REFUSED_COLUMNS or not self._narrowed():
                    raise unreadable(refused, self.name) from refused

    def _narrowed(self) -> bool:
        """Do without what may be to blame; whether there was anything."""
        there = self._schema()
        gone = {name for name in self.mapper.fields if not is_readable(there, name)}
        if gone:
            self.mapper.forget(gone)
            return True
        # The pseudo-field is documented by use only; without it, deals and accounts are asked.
        told, self._tells_module = self._tells_module, False
        return told

    def _page(self, window: Window, after: Place | None, limit: int) -> Rows:
        """A page, whose other columns are asked by the same conditions."""
        sets = coql.column_sets(self.fields)
        page = self._client.query(coql.changed(self.name, sets[0], window, after, limit=limit))
        for columns in sets[1:]:
            self._join(page.rows, columns, window, after, limit)
        return page

    def _begun(self, column: str, window: Window, last: str | None) -> Rows:
        """A page of what has ripened."""
        sets = coql.column_sets(self.fields)
        text = coql.ripened(self.name, sets[0], column, window, last, limit=coql.SHORT_PAGE)
        page = self._client.query(text)
        self._joined(page.rows, sets[1:])
        return page

    def _among(self, keys: Sequence[str]) -> list[Json]:
        """The rows of at most 50 ids."""
        sets = coql.column_sets(self.fields)
        found = self._client.query(coql.among(self.name, sets[0], "id", keys)).rows
        return self._joined(found, sets[1:])

    def _join(
        self,
        rows: Sequence[Json],
        columns: Sequence[str],
        window: Window,
        after: Place | None,
        limit: int,
    ) -> None:
        """Add columns to rows; a row that moved between two selects is asked for by its id."""
        by_key = {row["id"]: row for row in rows if identified(row)}
        text = coql.changed(self.name, columns, window, after, limit=limit)
        missing = set(by_key)
        for more in self._client.query(text).rows:
            key = str(more.get("id"))
            if key in by_key:
                by_key[key].update(more)
                missing.discard(key)
        if missing:
            self._joined([by_key[key] for key in sorted(missing)], [columns])

    def _joined(self, rows: list[Json], sets: Sequence[Sequence[str]]) -> list[Json]:
        """Rows with the columns for which a select had no room, by id."""
        by_key = {row["id"]: row for row in rows if identified(row)}
        for columns in sets:
            for chunk in coql.chunks(by_key):
                for more in self._client.query(coql.among(self.name, columns, "id", chunk)).rows:
                    if identified(more):
                        by_key[more["id"]].update(more)
        return rows

    def _attach_history(self, rows: Sequence[Json]) -> None:
        by_key = {row["id"]: row for row in rows if identified(row)}
        for chunk in coql.chunks(by_key):
            for entry in self._entries(chunk):
                deal = by_key.get(identifier(entry.get(HISTORY_DEAL)) or "")
                if deal is not None:
                    deal.setdefault(HISTORY, []).append(entry)

    def _entries(self, deals: Sequence[str]) -> list[Json]:
        """The history of some deals, by one query or by their related lists."""
        if self._history.by_query:
            try:
                return every(lambda last: self._client.query(coql.history(deals, last)))
            except (Refused, Forbidden):
                self._history.by_query = False
        return [entry for deal in deals for entry in self._listed(deal)]

    def _listed(self, deal: str) -> list[Json]:
        if not self._history.by_deal:
            return []
        fields = ",".join(name for name in HISTORY_FIELDS if name != HISTORY_DEAL)
        try:
            answer = self._client.get(
                f"Deals/{deal}/Stage_History", [("fields", fields), ("per_page", "200")]
            )
        except Forbidden:
            self._history.by_deal = False
            return []
        except Refused:
            # The deal was deleted meanwhile.
            return []
        return [{**entry, HISTORY_DEAL: deal} for entry in listing(answer, "data")]


def place_of(rows: Sequence[Json]) -> Place:
    """The place of the last row.

    Raises:
        Unanswered: It has no id or no Modified_Time.
    """
    last = rows[-1]
    try:
        stamp = values.instant(last.get(MODIFIED))
    except values.Unreadable:
        stamp = None
    if stamp is None or not identified(last):
        raise Unanswered(NOT_AS_ASKED)
    return Place(stamp=stamp, key=str(last["id"]))
