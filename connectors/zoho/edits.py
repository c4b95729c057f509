"""What our fields hold on some accounts now, and who changed each last.

A query reads what is committed. The timeline of a record tells who changed a field and when; it is
asked account by account, for as many as a person would look at.
"""

from collections.abc import Sequence

from connectors import values
from connectors.base import Edit
from connectors.zoho.answers import Json, objects
from connectors.zoho.client import Client
from connectors.zoho.mapping import Mapper
from connectors.zoho.seen import Seen
from connectors.zoho.source import Source
from rules.records import Account
from rules.time import Instant

# Beyond, the author and the moment stay unknown: each costs a credit.
MOST_TIMELINES = 100
_PER_PAGE = "200"

Change = tuple[str | None, Instant | None]


def read_edits(
    client: Client,
    source: Source,
    seen: Seen,
    external_ids: Sequence[str],
    own_fields: Sequence[str],
) -> list[Edit]:
    """The own fields of accounts that are there."""
    found: list[Edit] = []
    records = source.mapper.records(source.by_id(external_ids), now=client.crm_now())
    for place, record in enumerate(records):
        if not isinstance(record, Account):
            continue
        seen.learn(record.external_id, record.modified_at)
        last = _last_changes(client, record.external_id) if place < MOST_TIMELINES else {}
        for name in own_fields:
            author, at = last.get(_column(source.mapper, name), (None, None))
            found.append(
                Edit(
                    external_id=record.external_id, field=name, value=record.observed[name],
                    author=author, at=at,
                )
            )  # fmt: skip
    return found


def _last_changes(client: Client, key: str) -> dict[str, Change]:
    """Who changed each field of an account last, newest entries first; empty where untold."""
    query = [("per_page", _PER_PAGE), ("sort_by", "audited_time"), ("sort_order", "desc")]
    answer = client.find(f"Accounts/{key}/__timeline", query) or {}
    found: dict[str, Change] = {}
    for entry in objects(answer, "__timeline"):
        at = _instant(entry.get("audited_time"))
        for field in objects(entry, "field_history"):
            name = str(field.get("api_name") or "")
            known = found.get(name)
            if known is None or (at or 0) > (known[1] or 0):
                found[name] = (_author(entry), at)
    return found


def _author(entry: Json) -> str | None:
    done_by = entry.get("done_by")
    told = done_by if isinstance(done_by, dict) else {}
    try:
        return values.text(told.get("name") or told.get("id") or entry.get("source"))
    except values.Unreadable:
        return None


def _instant(raw: object) -> Instant | None:
    try:
        return values.business_instant(raw)
    except values.Unreadable:
        return None


def _column(mapper: Mapper, name: str) -> str:
    declared = mapper.schema.own(name)
    return declared.name if declared else ""
