"""Who last changed our fields of accounts, by what Salesforce's field history tells. Pure.

AccountHistory has a row for each change of a field whose history is tracked, an org's choice for at
most twenty fields of an object. It tells the field, the new value, the user and the second; values
stand in no condition (Salesforce's Object Reference). Whether a picklist's new value is told as its
value or as its label is not documented: both are taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors import values
from connectors.row_reading import observing
from connectors.salesforce.client import Json
from rules.owned import Owned
from rules.time import Instant

TRACKED = (Owned.CHALLENGE, Owned.IMPOSED_TIER, Owned.IMPOSED_UNTIL, Owned.TIER, Owned.PRIORITY)
"""The fields that are made with their history, those first whose author decides the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """A field of ours: our name, that of Salesforce, the labels of its options by their values."""

    name: str
    crm_field: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a field of ours, as its history tells it."""

    value: str | None
    author: str | None
    at: Instant


class Changes:
    """The changes of some accounts' fields, from the rows of their history."""

    def __init__(self, rows: Iterable[Json], fields: Sequence[OwnName]) -> None:
        self._labels = {each.name: each.labels for each in fields}
        self._told: dict[tuple[str, str], list[Change]] = {}
        own = {each.crm_field.lower(): each.name for each in fields}
        for row in rows:
            name, at = own.get(str(row.get("Field")).lower()), _instant(row.get("CreatedDate"))
            # A row that can't be read tells nothing.
            if name is not None and at is not None:
                value = observing(name)(row.get("NewValue"))
                change = Change(value=value, author=_author(row), at=at)
                self._told.setdefault((str(row.get("AccountId")), name), []).append(change)

    def last(self, external_id: str, field: str, value: str | None) -> Change | None:
        """The last change of a field that holds a value now; None where that is not told.

        Another value was written while nobody tracked the field. Seconds are not divided: where
        several people wrote in the last one, the author is whoever wrote that value, if it is one.
        """
        told = self._told.get((external_id, field), ())
        latest = max((each.at for each in told), default=None)
        shown = {value, self._labels[field].get(value or "", value)}
        fitting = [each for each in told if each.at == latest and each.value in shown]
        if len({each.author for each in fitting}) > 1:
            return Change(value=value, author=None, at=fitting[0].at)
        return fitting[0] if fitting else None


def _instant(raw: object) -> Instant | None:
    try:
        return values.business_instant(raw)
    except values.Unreadable:
        return None


def _author(row: Json) -> str | None:
    """The name of a user, else the address, else the id."""
    user = row.get("CreatedBy")
    told = [user.get("Name"), user.get("Email")] if isinstance(user, dict) else []
    for raw in (*told, row.get("CreatedById")):
        try:
            found = values.text(raw)
        except values.Unreadable:
            continue
        if found is not None:
            return found
    return None
