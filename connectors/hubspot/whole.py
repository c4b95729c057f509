"""Owners and stages: few, so that they are read whole at each pull, with one request each.

Archived owners are another list, which is read once an hour: an owner who was deactivated is
known to be after that time at the latest. The cursor says when that list was last read.
"""

from collections.abc import Iterator

from connectors import values
from connectors.base import Page
from connectors.hubspot import reference
from connectors.hubspot.answers import Trail, results
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import Json, has_key
from connectors.hubspot.objects import Paths
from connectors.hubspot.reading import SWEEP_EVERY
from rules.records import Kind, Quarantine, Record
from rules.time import Instant

OWNERS_PAGE = 500
STAGES_CURSOR = "whole"


def owners(client: Client, paths: Paths, cursor: str | None) -> Iterator[Page]:
    """The owners; the archived ones first, so that one who is back is seen active last."""
    now, read_at = client.crm_now(), _read_at(cursor)
    is_due = read_at is None or now - read_at >= SWEEP_EVERY
    after_this = f"archived@{now if is_due else read_at}"
    for archived in ("true", "false") if is_due else ("false",):
        after, trail = None, Trail()
        while True:
            query = [("limit", str(OWNERS_PAGE)), ("archived", archived)]
            if after is not None:
                query.append(("after", after))
            answer = client.get(paths.owners, query)
            after = trail.following(answer)
            is_last = after is None and archived == "false"
            # A reading that stops half-way begins again, archived owners included.
            yield _owners_page(answer, after_this if is_last else cursor or "", is_last=is_last)
            if after is None:
                break


def stages(client: Client, paths: Paths) -> Iterator[Page]:
    """The stages of all deal pipelines, in one page."""
    answer = client.get(f"{paths.pipelines}/deals")
    quarantined: list[Quarantine] = []
    found = reference.stages(results(answer), quarantined)
    yield Page(
        kind=Kind.STAGE, records=found, cursor=STAGES_CURSOR, is_last=True, quarantined=quarantined
    )


def _read_at(cursor: str | None) -> Instant | None:
    """When archived owners were last read; None where the cursor does not say."""
    told = (cursor or "").removeprefix("archived@")
    return int(told) if told.isdecimal() else None


def _owners_page(answer: Json, cursor: str, *, is_last: bool) -> Page:
    records: list[Record] = []
    quarantined: list[Quarantine] = []
    for raw in results(answer):
        if has_key(raw):
            records.append(reference.owner(raw, quarantined))
        else:
            quarantined.append(values.unusable(Kind.OWNER, None, raw, "an owner without an id"))
    return Page(
        kind=Kind.OWNER, records=records, cursor=cursor, is_last=is_last, quarantined=quarantined
    )
