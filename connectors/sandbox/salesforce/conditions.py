"""Requests with a condition: done only if the record, or the describe, is as the client knows it.

Source: "Conditional Request Headers" of the REST API guide: entity tags are those of account rows
alone; a tag of a compressed answer ends in `-gzip`; an invalid value in a write is a 400.
"""

import base64
import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

import orjson

from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.moments import to_the_second
from connectors.sandbox.salesforce.org import Values
from connectors.sandbox.salesforce.values import outgoing

_TAGGED = "Account"


def http_date(moment: datetime) -> str:
    """Print an instant as HTTP headers do, to the second."""
    return format_datetime(to_the_second(moment), usegmt=True)


def row_headers(kind: ObjectType, values: Values) -> dict[str, str]:
    """Return what the answer about a row says of its state."""
    headers = {"Last-Modified": http_date(_changed(values))}
    return headers | ({"ETag": f'"{_tag(values)}"'} if kind.name == _TAGGED else {})


def _changed(values: Values) -> datetime:
    """Return when a record changed last; some have no date of their own beside the stamp."""
    found: datetime = values.get("LastModifiedDate") or values["SystemModstamp"]
    return found


def _tag(values: Values) -> str:
    shown = orjson.dumps({name: outgoing(values[name]) for name in sorted(values)})
    return base64.b64encode(hashlib.sha1(shown).digest()).decode()  # noqa: S324 - a mark of a state, not a secret


def is_unmodified(call: Call, changed: datetime) -> bool:
    """Whether `If-Modified-Since` spares the answer; a value that is no date is not looked at."""
    since = _date(call.headers.get("if-modified-since", ""))
    return since is not None and changed <= since


def is_known(call: Call, kind: ObjectType, values: Values) -> bool:
    """Whether the client has the row as it is: by its tag, else by its date."""
    tags = call.headers.get("if-none-match")
    if tags is not None and kind.name == _TAGGED:
        return _names(tags, values)
    return is_unmodified(call, _changed(values))


def check(call: Call, kind: ObjectType, values: Values) -> None:
    """Refuse a write (412) to a row that is not as the client's condition says."""
    tags = call.headers.get("if-match")
    if tags is not None and kind.name == _TAGGED and not _names(tags, values):
        raise _failed()
    given = call.headers.get("if-unmodified-since")
    if given is None:
        return
    since = _date(given)
    if since is None:
        raise SalesforceError("INVALID_HEADER", f"Invalid If-Unmodified-Since: {given}")
    if values["LastModifiedDate"] > since:
        raise _failed()


def _failed() -> SalesforceError:
    return SalesforceError(
        "PRECONDITION_FAILED",
        "One or more of the preconditions given by the client failed.",
        status=HTTPStatus.PRECONDITION_FAILED,
    )


def _names(tags: str, values: Values) -> bool:
    """Whether a list of tags has the row's, compressed or not; `*` is every row's."""
    listed = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return "*" in listed or _tag(values) in {tag.removesuffix("-gzip") for tag in listed}


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
