"""What our properties hold on some companies, and who changed each last.

`batch/read` reads the store and not the lagging index. The history of a property begins with its
latest value; who wrote it is a user (`updatedByUserId`, or `userId:…` as the source of a change
made in HubSpot's pages), whose name is that of the owner; else the label or the id of the source.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from connectors import values
from connectors.base import Edit
from connectors.hubspot.answers import found_results, member, objects
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import Json, Mapper
from connectors.hubspot.objects import COMPANIES, OWN_PREFIX, Paths
from rules.records import Account

# HubSpot reads half as many records at once where it tells their histories.
_AT_ONCE = 50
_USER = "userId:"


def read_edits(
    client: Client, paths: Paths, external_ids: Sequence[str], own_fields: Sequence[str]
) -> list[Edit]:
    """The own fields of companies that are there, with who changed them last, and when."""
    mapper = Mapper(COMPANIES, (), own_fields, "")
    properties = [OWN_PREFIX + name for name in own_fields]
    authors = _Authors(client, paths)
    found: list[Edit] = []
    for place in range(0, len(external_ids), _AT_ONCE):
        body: Json = {
            "inputs": [{"id": key} for key in external_ids[place : place + _AT_ONCE]],
            "properties": [*mapper.properties],
            "propertiesWithHistory": properties,
        }
        raws = found_results(client.post(f"{paths.objects}/{COMPANIES.path}/batch/read", body))
        past = {str(raw.get("id")): member(raw, "propertiesWithHistory") for raw in raws}
        for record in mapper.records(raws):
            if isinstance(record, Account) and record.archived_at is None:
                found += _edits(record, past[record.external_id], authors)
    return found


def _edits(record: Account, past: Json, authors: "_Authors") -> list[Edit]:
    edits = []
    for field, value in record.observed.items():
        entries = objects(past, OWN_PREFIX + field)
        latest = entries[0] if entries else {}
        edits.append(
            Edit(
                external_id=record.external_id, field=field, value=value,
                author=authors.of(latest), at=_instant(latest.get("timestamp")),
            )
        )  # fmt: skip
    return edits


def _instant(raw: object) -> int | None:
    try:
        return values.business_instant(raw)
    except values.Unreadable:
        return None


class _Authors:
    """Who stands behind a change; each user is looked up once."""

    def __init__(self, client: Client, paths: Paths) -> None:
        self._client = client
        self._owners = paths.owners.rstrip("/")
        self._names: dict[str, str] = {}

    def of(self, entry: dict[str, Any]) -> str | None:
        """The name of a user, else the label or the id of a source; None where nothing is told."""
        source = _text(entry.get("sourceId"))
        user = _text(entry.get("updatedByUserId")) or ""
        if source and source.startswith(_USER):
            user = user or source.removeprefix(_USER)
        if not user:
            return _text(entry.get("sourceLabel")) or source or _text(entry.get("sourceType"))
        if user not in self._names:
            self._names[user] = self._name(user)
        return self._names[user]

    def _name(self, user: str) -> str:
        owner = self._client.find(f"{self._owners}/{quote(user, safe='')}?idProperty=userId") or {}
        names = [_text(owner.get(name)) for name in ("firstName", "lastName")]
        full = " ".join(name for name in names if name)
        return full or _text(owner.get("email")) or f"{_USER}{user}"


def _text(raw: object) -> str | None:
    """A short text, or the figures of a number; None for anything else."""
    try:
        return values.text(str(raw) if isinstance(raw, int) else raw)
    except values.Unreadable:
        return None
