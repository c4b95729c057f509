"""Pages of lists: numbered ones up to 2,000 rows, then page tokens up to 100,000.

Source: "Get Records" of the CRM API, version 8.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.org import Org, Values

DISCRETE = 2_000
# What the `info` of every list says.
_INFO = {"call": False, "email": False, "previous_page_token": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    user_id: str
    bound_to: tuple[tuple[str, str], ...]
    offset: int
    last_id: str
    ends: datetime


class Pages:
    """The page tokens that were given out."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._tokens: dict[str, _Token] = {}

    def cut(self, call: Call, rows: Sequence[Values]) -> tuple[Sequence[Values], JsonObject]:
        """Return the rows of the page that is asked for, and the `info` of the answer."""
        short = call.org.switches.short_pages
        size = min(call.page_size(), short) if short else call.page_size()
        text = call.query.get("page_token")
        if text and "page" in call.query:
            raise ZohoError(
                "AMBIGUITY_DURING_PROCESSING", "Either page or page_token can be present",
                {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]},
            )  # fmt: skip
        if text:
            start = self._start(call, text, rows)
            number = start // size + 1
        else:
            number = call.number("page", 1)
            start = (number - 1) * size
            if number * size > DISCRETE:
                raise ZohoError(
                    "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "limit exceeded to use page param",
                    {"limit": DISCRETE},
                )  # fmt: skip
        longest = self._org.switches.longest_list
        if start >= longest:
            raise ZohoError("PAGINATION_LIMIT_EXCEEDED", "pagination limit exceeded",
                            {"limit": longest})  # fmt: skip
        page = rows[start : start + size]
        ends = call.org.clock.now() + timedelta(seconds=call.org.switches.page_token_seconds)
        has_more = start + size < len(rows)
        following = self._token(call, start + size, page, ends) if has_more else None
        return page, {
            "per_page": size,
            "count": len(page),
            "page": number,
            **_INFO,
            "sort_by": call.query.get("sort_by", "id"),
            "sort_order": call.query.get("sort_order", "desc"),
            "more_records": has_more,
            "next_page_token": following,
            "page_token_expiry": call.org.printed(ends) if following else None,
        }

    def _token(self, call: Call, offset: int, page: Sequence[Values], ends: datetime) -> str:
        text = secrets.token_hex(24)
        self._tokens[text] = _Token(
            user_id=call.user_id,
            bound_to=_bound(call),
            offset=offset,
            last_id=page[-1]["id"],
            ends=ends,
        )
        return text

    def _start(self, call: Call, text: str, rows: Sequence[Values]) -> int:
        found = self._tokens.get(text)
        if found is None or found.user_id != call.user_id:
            raise ZohoError("INVALID_DATA", "invalid data", {"param_name": "page_token"})
        if found.ends <= call.org.clock.now():
            raise ZohoError("EXPIRED_VALUE", "the page token is expired",
                            {"param_name": "page_token"})  # fmt: skip
        if found.bound_to != _bound(call):
            raise ZohoError("TOKEN_BOUND_DATA_MISMATCH", "the page token is bound to other data",
                            {"param_name": "page_token"})  # fmt: skip
        if self._org.switches.page_position == "record":
            places = {row["id"]: place for place, row in enumerate(rows)}
            return places.get(found.last_id, found.offset - 1) + 1
        return found.offset


def _bound(call: Call) -> tuple[tuple[str, str], ...]:
    kept = [(name, value) for name, value in call.query.items()
            if name not in {"page", "page_token"}]  # fmt: skip
    since = call.headers.get("if-modified-since", "")
    return (*sorted(kept), ("If-Modified-Since", since), ("module", call.params.get("module", "")))
