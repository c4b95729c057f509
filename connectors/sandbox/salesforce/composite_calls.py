"""`composite` and `composite/batch`: up to 25 calls in one, the second without references.

Sources: "Composite Resources" of the REST API guide; the shapes of the answers are those of
recorded ones. A subrequest names an earlier one's answer by `@{reference.path}`.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError, not_found, unreadable

_MOST = 25
# Of a composite's subrequests, so many may be queries or collections.
_MOST_WIDE = 5
_WIDE = re.compile(r"query|composite/sobjects")
_REFERENCE = re.compile(r"@\{(\w+)\.([^}]*)\}")
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_ADDRESS = re.compile(r"/services/data/v(\d+\.0)/(.*)")
# What cannot stand in another call.
_CLOSED = re.compile(r"composite(?:/batch)?|jobs/.*")
Find = Callable[[str, str], tuple[Callable[[Call], Reply], Mapping[str, str]]]


class _HaltedError(Exception):
    """One of several that are one has failed."""


class Composites:
    """The composite resources; `find` is the gateway's way to an endpoint."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def composite(self, call: Call) -> Reply:
        """`POST /composite {"allOrNone", "compositeRequest": […]}`."""
        body = call.json()
        wanted = _listed(body.get("compositeRequest"), "compositeRequest")
        _check_references(wanted)
        found: list[JsonObject] = []
        try:
            with call.org.together():
                for entry in wanted:
                    found.append(self._one(call, entry, found))
                    _require(found[-1], is_one=body.get("allOrNone") is True)
        except _HaltedError:
            found = _halted(wanted, found)
        return Reply(body={"compositeResponse": found})

    def _one(self, call: Call, entry: JsonObject, earlier: list[JsonObject]) -> JsonObject:
        answers = {str(row["referenceId"]): row["body"] for row in earlier}
        try:
            method, address, body = (
                _resolved(entry.get(name), answers) for name in ("method", "url", "body")
            )
            given = entry.get("httpHeaders")
            reply = self._perform(call, str(method), str(address), body, given)
        except SalesforceError as error:
            reply = Reply(status=error.status, body=[error.as_answer()])
        shown = {name: value for name, value in reply.headers.items() if name == "Location"}
        return {
            "body": reply.body,
            "httpHeaders": shown,
            "httpStatusCode": int(reply.status),
            "referenceId": entry["referenceId"],
        }

    def batch(self, call: Call) -> Reply:
        """`POST /composite/batch {"haltOnError", "batchRequests": […]}`."""
        body = call.json()
        results: list[JsonObject] = []
        for entry in _listed(body.get("batchRequests"), "batchRequests"):
            is_halted = body.get("haltOnError") is True and _has_errors(results)
            results.append(_BATCH_HALTED if is_halted else self._batched(call, entry))
        return Reply(body={"hasErrors": _has_errors(results), "results": results})

    def _batched(self, call: Call, entry: JsonObject) -> JsonObject:
        address = f"/services/data/{str(entry.get('url', '')).lstrip('/')}"
        try:
            method = str(entry.get("method"))
            reply = self._perform(call, method, address, entry.get("richInput"), None)
        except SalesforceError as error:
            return {"statusCode": error.status, "result": [error.as_answer()]}
        return {"statusCode": int(reply.status), "result": reply.body}

    def _perform(self, call: Call, method: str, address: str, body: Any, given: Any) -> Reply:  # noqa: ANN401 - any JSON
        parts = urlsplit(address)
        found = _ADDRESS.fullmatch(parts.path.rstrip("/"))
        if found is None or _CLOSED.fullmatch(found[2]):
            raise not_found()
        endpoint, params = self._find(method, found[2])
        headers = {name: value for name, value in call.headers.items() if "if-" not in name}
        if isinstance(given, dict):
            headers |= {str(name).lower(): str(value) for name, value in given.items()}
        inner = Call(
            org=call.org,
            user_id=call.user_id,
            version=found[1],
            params=params,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            body=b"" if body is None else orjson.dumps(body),
        )
        with call.org.together():
            return endpoint(inner)


_BATCH_HALTED: JsonObject = {
    "statusCode": int(HTTPStatus.PRECONDITION_FAILED),
    "result": [
        {
            "errorCode": "BATCH_PROCESSING_HALTED",
            "message": "Batch processing halted per request",
        }
    ],
}


def _has_errors(results: list[JsonObject]) -> bool:
    return any(row["statusCode"] >= HTTPStatus.BAD_REQUEST for row in results)


def _listed(rows: object, name: str) -> list[JsonObject]:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise unreadable(f"{name} is required and must be a list of objects.")
    if len(rows) > _MOST:
        raise SalesforceError(
            "LIMIT_EXCEEDED", f"The number of subrequests is limited to {_MOST}: {len(rows)}"
        )
    return rows


def _check_references(wanted: list[JsonObject]) -> None:
    names = [str(entry.get("referenceId", "")) for entry in wanted]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            raise unreadable(f"Provided referenceId ('{name}') must be unique and a name.")
    wide = sum(
        bool(found and _WIDE.match(found[2]))
        for entry in wanted
        if (found := _ADDRESS.match(str(entry.get("url", ""))))
    )
    if wide > _MOST_WIDE:
        raise SalesforceError(
            "LIMIT_EXCEEDED",
            f"The number of query and collection subrequests is limited to {_MOST_WIDE}: {wide}",
        )


def _require(answer: JsonObject, *, is_one: bool) -> None:
    if is_one and answer["httpStatusCode"] >= HTTPStatus.BAD_REQUEST:
        raise _HaltedError


def _halted(wanted: list[JsonObject], found: list[JsonObject]) -> list[JsonObject]:
    """Answer a composite that is all or none: the failed one as it is, the others halted."""
    words = {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same "
        "transaction failed.",
    }
    halted = [
        {
            "body": [words],
            "httpHeaders": {},
            "httpStatusCode": int(HTTPStatus.BAD_REQUEST),
            "referenceId": entry["referenceId"],
        }
        for entry in wanted
    ]
    halted[len(found) - 1] = found[-1]
    return halted


def _resolved(value: Any, answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Put earlier answers where they are named; SalesforceError when one has no such value."""
    if isinstance(value, dict):
        return {name: _resolved(entry, answers) for name, entry in value.items()}
    if isinstance(value, list):
        return [_resolved(entry, answers) for entry in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda found: str(_named(found, answers)), value)


def _named(found: re.Match[str], answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    place: Any = answers.get(found[1])
    for name, number in _STEP.findall(found[2]):
        try:
            place = place[int(number)] if number else place[name]
        except (KeyError, IndexError, TypeError):
            place = None
    if place is None or isinstance(place, dict | list):
        raise SalesforceError(
            "PROCESSING_HALTED",
            f"Invalid reference specified. No value for {found[1]}.{found[2]} found in {found[1]}",
        )
    return place
