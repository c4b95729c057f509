"""An answer becomes what travels: JSON or bytes, refusals in Salesforce's words, gzip."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson

from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.salesforce.call import Reply
from connectors.sandbox.salesforce.errors import SalesforceError

JSON_TYPE = "application/json;charset=UTF-8"
# Bytes from which on an answer is compressed.
_WORTH_PACKING = 1000


def packed(response: Response, request: Request) -> Response:
    """Compress a body that is worth it for a client that takes gzip."""
    accepted = request.headers.get("accept-encoding", "").lower()
    if "gzip" not in accepted or len(response.body) < _WORTH_PACKING:
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    if "ETag" in headers:
        headers["ETag"] = f'{headers["ETag"][:-1]}-gzip"'
    shorter = gzip.compress(response.body, compresslevel=1, mtime=0)
    return replace(response, body=shorter, headers=headers)


def printed(reply: Reply, headers: Mapping[str, str]) -> Response:
    """Print what an endpoint answers; `headers` are those of every answer."""
    shown = {**headers, **reply.headers}
    if reply.body is None:
        body = reply.raw or b""
        return Response(status=int(reply.status), body=body, headers=shown)
    shown["Content-Type"] = JSON_TYPE
    return Response(status=int(reply.status), body=orjson.dumps(reply.body), headers=shown)


def refused(error: SalesforceError, headers: Mapping[str, str] | None = None) -> Response:
    """Print an error as Salesforce does."""
    shown = {**(headers or {}), "Content-Type": JSON_TYPE}
    body: Any = [error.as_answer()]
    if error.status == HTTPStatus.MULTIPLE_CHOICES:
        body = error.extra["urls"]
    if error.status == HTTPStatus.UNAUTHORIZED:
        shown["WWW-Authenticate"] = "Token"
    return Response(status=error.status, body=orjson.dumps(body), headers=shown)


def page(status: HTTPStatus, reason: str) -> Response:
    """Print the refusal of a request that never reached the API."""
    text = f"<h1>Bad Message {int(status)}</h1><pre>reason: {reason}</pre>".encode()
    return Response(status=int(status), body=text, headers={"Content-Type": "text/html"})
