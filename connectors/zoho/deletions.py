"""The deleted feed of a module: what left, when, and under which name.

Zoho remembers what is in the recycle bin for 60 days and what is gone for good for 120.
"""

from collections.abc import Sequence

from connectors import values
from connectors.zoho.answers import Json, listing
from connectors.zoho.client import Client
from connectors.zoho.errors import Refused
from connectors.zoho.ledger import DELETED_CREDITS
from connectors.zoho.mapping import DELETED
from connectors.zoho.objects import is_id, moment
from rules.time import Instant

# In milliseconds: as long as the feed surely remembers, with a day of room.
REMEMBERED = 59 * 24 * 60 * 60 * 1000
_PER_PAGE = 200
_MOST_PAGES = 2_000


def deleted_since(client: Client, module: str, since: Instant | None) -> list[Json]:
    """The rows deleted since a moment (None: all that Zoho remembers), each as a row of its module.

    A module without such a feed has none.
    """
    headers = {} if since is None else {"If-Modified-Since": moment(since)}
    found: list[Json] = []
    for page in range(1, _MOST_PAGES):
        query = [("type", "all"), ("per_page", str(_PER_PAGE)), ("page", str(page))]
        try:
            answer = client.get(f"{module}/deleted", query, headers=headers, price=DELETED_CREDITS)
        except Refused:
            return found
        found += _rows(listing(answer, "data"), client.crm_now())
        info = answer.get("info")
        if not isinstance(info, dict) or info.get("more_records") is not True:
            return found
    return found


def _rows(listed: Sequence[Json], now: Instant) -> list[Json]:
    return [
        {"id": str(each["id"]), DELETED: _instant(each.get("deleted_time")) or now}
        for each in listed
        if is_id(each.get("id"))
    ]


def _instant(raw: object) -> Instant | None:
    try:
        return values.instant(raw)
    except values.Unreadable:
        return None
