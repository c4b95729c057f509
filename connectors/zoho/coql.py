"""Every COQL text that the connector sends, each built by a pure function of this module.

Conditions are bracketed in pairs, at most 25; 50 columns and 50 values of a list at most; a WHERE
always (Zoho's pages on COQL and its limitations, Kaizen 171). How many rows are asked decides the
price: 1 credit up to 200, 2 up to 1,000, 3 up to 2,000.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connectors.zoho.objects import HISTORY, HISTORY_DEAL, HISTORY_FIELDS, MODIFIED, moment
from rules.time import Instant

PAGE = 2_000
SHORT_PAGE = 200
COLUMNS = 50
VALUES = 50

_SELECT = "select"
_NAME = re.compile(r"\$?[A-Za-z]\w*", re.ASCII)
# SQL's own words, and pseudo-fields, go between quotes (Kaizen 171).
_RESERVED = frozenset(
    {
        *("all", "and", "as", "asc", "between", "by", "case", "cast", "check", "column"),
        *("create", "cross", "current", "default", "delete", "desc", "distinct", "drop", "else"),
        *("end", "escape", "except", "exists", "external", "false", "for", "from", "full"),
        *("group", "having", "in", "inner", "insert", "intersect", "into", "is", "join", "key"),
        *("left", "like", "limit", "natural", "not", "null", "offset", "on", "or", "order"),
        *("outer", "primary", "right", "select", "set", "some", "table", "then", "to", "true"),
        *("union", "unique", "update", "user", "using", "value", "values", "when", "where"),
        *("with"),
    }
)
_MIDDLE_PRICE = 1_000
_PRICES = {SHORT_PAGE: 1, _MIDDLE_PRICE: 2, PAGE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` (None: the beginning) up to `end`, which is not in it, by Modified_Time."""

    start: Instant | None
    end: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The last row that was read: its Modified_Time (a whole second) and its id."""

    stamp: Instant
    key: str


def changed(
    module: str, fields: Sequence[str], window: Window, after: Place | None, *, limit: int
) -> str:
    """The rows of a window in the order of (Modified_Time, id), those after a place.

    Several rows share a second, so that the place is both.
    """
    within = f"{MODIFIED} < '{moment(window.end)}'"
    if window.start is not None:
        within = _both(f"{MODIFIED} >= '{moment(window.start)}'", within)
    if after is not None:
        stamp = moment(after.stamp)
        same = _both(f"{MODIFIED} = '{stamp}'", f"id > {quoted(after.key)}")
        within = _both(within, f"({MODIFIED} > '{stamp}' or {same})")
    return f"{_select(fields, module)} where {within} order by {MODIFIED}, id limit {limit}"


def ripened(
    module: str, fields: Sequence[str], column: str, window: Window, after: str | None, *,
    limit: int,
) -> str:  # fmt: skip
    """The rows whose own instant falls in a window, by id, whether or not they were modified."""
    within = f"{named(column)} < '{moment(window.end)}'"
    if window.start is not None:
        within = _both(f"{named(column)} >= '{moment(window.start)}'", within)
    return f"{_select(fields, module)} where {_beyond(within, after)} order by id limit {limit}"


def among(module: str, fields: Sequence[str], column: str, keys: Sequence[str]) -> str:
    """The rows whose column holds one of some ids, at most 50; each has one such row."""
    return f"{_select(fields, module)} where {_listed(column, keys)} limit {SHORT_PAGE}"


def history(keys: Sequence[str], after: str | None = None) -> str:
    """The stays in stages of some deals, by id."""
    within = _beyond(_listed(HISTORY_DEAL, keys), after)
    return f"{_select(HISTORY_FIELDS, HISTORY)} where {within} order by id limit {SHORT_PAGE}"


def count(module: str) -> str:
    """How many rows a module has."""
    return f"{_SELECT} count(id) from {named(module)} where id is not null"


def tasks_on(account: str, before: str | None = None) -> str:
    """The tasks of an account with their texts, newest first."""
    within = f"What_Id = {quoted(account)}"
    if before is not None:
        within = _both(within, f"id < {quoted(before)}")
    fields = ("id", "Description")
    return f"{_select(fields, 'Tasks')} where {within} order by id desc limit {SHORT_PAGE}"


def tasks_with(field: str, key: str) -> str:
    """The tasks that carry a key of ours."""
    return f"{_select(('id',), 'Tasks')} where {named(field)} = {quoted(key)} limit {SHORT_PAGE}"


def touched_deals(window: Window, after: Place | None, *, limit: int) -> str:
    """The deals of a window, to read the roles of their contacts."""
    return changed("Deals", ("id", MODIFIED), window, after, limit=limit)


def deals_of(accounts: Sequence[str], since: Instant, after: str | None = None) -> str:
    """The deals of some accounts that were touched since an instant, by id."""
    within = _both(_listed("Account_Name", accounts), f"{MODIFIED} >= '{moment(since)}'")
    within = _beyond(within, after)
    return f"{_select(('id',), 'Deals')} where {within} order by id limit {SHORT_PAGE}"


def price(text: str) -> int:
    """The credits that a query costs, by how many rows it asks for."""
    limit = int(text.rpartition(" limit ")[2]) if " limit " in text else SHORT_PAGE
    return next(credits_ for most, credits_ in _PRICES.items() if limit <= most)


def column_sets(fields: Sequence[str]) -> list[list[str]]:
    """Fields cut into selects of 50 columns, each with the id, the first with Modified_Time."""
    others = [name for name in dict.fromkeys(fields) if name not in {"id", MODIFIED}]
    first = COLUMNS - 2
    sets = [["id", MODIFIED, *others[:first]]]
    rest = range(first, len(others), COLUMNS - 1)
    return sets + [["id", *others[start : start + COLUMNS - 1]] for start in rest]


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Ids cut in lists of 50, each id once."""
    listed = list(dict.fromkeys(keys))
    for start in range(0, len(listed), VALUES):
        yield listed[start : start + VALUES]


def quoted(value: str) -> str:
    """A text between quotes; a quote inside is doubled (Kaizen 171)."""
    return "'" + value.replace("'", "''") + "'"


def named(name: str) -> str:
    """A name as a column: checked, and between quotes where it would be read as something else."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a name of Zoho's: {name!r}")
    return f"'{name}'" if name.lower() in _RESERVED or name.startswith("$") else name


def every_text() -> list[str]:
    """One text of each shape that can be sent, the longest of its kind."""
    window = Window(start=1_700_000_000_000, end=1_700_086_400_000)
    whole = Window(start=None, end=window.end)
    place = Place(stamp=1_700_000_400_000, key="554023000000527001")
    keys = [str(554_023_000_000_000_000 + number) for number in range(VALUES)]
    wide = column_sets([f"Field_{number}" for number in range(120)])
    found = [
        changed("Accounts", fields, each, after, limit=limit)
        for fields in wide
        for each in (window, whole)
        for after in (None, place)
        for limit in (SHORT_PAGE, PAGE)
    ]
    found += [among("Accounts", fields, "id", keys) for fields in wide]
    found += [
        changed("Tasks", ("id", MODIFIED, "What_Id", "$se_module"), window, place, limit=PAGE),
        *(
            ripened("Events", ("id", MODIFIED), "Start_DateTime", each, after, limit=SHORT_PAGE)
            for each in (window, whole)
            for after in (None, place.key)
        ),
        *(history(keys, after) for after in (None, place.key)),
        *(count(module) for module in ("Accounts", "Contacts", "Deals")),
        *(tasks_on(place.key, before) for before in (None, place.key)),
        tasks_with("Arpent_Alert_Key", "slipping:2026-W47:l'été"),
        *(touched_deals(window, after, limit=SHORT_PAGE) for after in (None, place)),
        *(deals_of(keys, window.end, after) for after in (None, place.key)),
    ]
    return found


def _select(fields: Sequence[str], module: str) -> str:
    return f"{_SELECT} {', '.join(map(named, fields))} from {named(module)}"


def _listed(column: str, keys: Sequence[str]) -> str:
    return f"{named(column)} in ({', '.join(map(quoted, keys))})"


def _beyond(within: str, after: str | None) -> str:
    return within if after is None else _both(within, f"id > {quoted(after)}")


def _both(one: str, other: str) -> str:
    return f"({one} and {other})"
