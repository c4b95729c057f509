"""What stands under simple-salesforce: a session of requests whose every request is sent by us.

The library builds requests, for `https` and for a host of its own making; the adapter hands each
to `send`, which applies the policy of `connectors.http`, and turns the answer back into what the
library expects. Answers are decoded with suspicion.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from connectors.base import Unanswered
from connectors.http import Answer
from connectors.salesforce.error_words import NOT_DATA

# A request, and the seconds that it may take where the caller has said so.
Send = Callable[[requests.PreparedRequest, float | None], Answer]

# Set by requests for any server, by the library for its own sake, or by us once a host is accepted.
_DROPPED = frozenset(
    {"accept-encoding", "authorization", "connection", "content-length", "cookie", "x-prettyprint"}
)


class Adapter(BaseAdapter):
    """Hands the requests of a session over; proxies and TLS are the policy's affair."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    def send(  # type: ignore[override]  # the other parameters are the policy's affair
        self, request: requests.PreparedRequest, *, timeout: object = None, **_: object
    ) -> requests.Response:
        """Send, and give the answer in the shape of requests."""
        answer = self._send(request, timeout if isinstance(timeout, float) else None)
        response = requests.Response()
        response.status_code = answer.status
        response.reason = answer.reason
        response.headers = CaseInsensitiveDict(answer.headers)
        response.request = request
        response.url = request.url or ""
        response._content = answer.body  # noqa: SLF001 - the body is read whole already
        # Salesforce's CSV comes without a charset, which requests takes for Latin-1.
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """There is nothing to release: connections are the transport's."""


def session(send: Send) -> requests.Session:
    """A session that knows no other way out than `send`, and nothing of the environment."""
    made = requests.Session()
    made.trust_env = False
    made.headers = CaseInsensitiveDict({"User-Agent": "Arpent", "Accept": "*/*"})
    made.adapters.clear()
    adapter = Adapter(send)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def moved(url: str, home: str) -> str:
    """An address at another scheme and host."""
    parts = urlsplit(url)
    return f"{home}{parts.path}?{parts.query}" if parts.query else f"{home}{parts.path}"


def kept_headers(request: requests.PreparedRequest) -> dict[str, str]:
    """The headers that travel as they are."""
    return {
        str(name): str(value)
        for name, value in request.headers.items()
        if name.lower() not in _DROPPED
    }


def decoded(body: bytes) -> Any:  # noqa: ANN401 - what JSON can hold
    """The JSON object or list of an answer; an empty body is an empty object (204).

    Raises:
        Unanswered: It is something else.
    """
    if not body.strip():
        return {}
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = _leniently_decoded(body)
    if not isinstance(found, Mapping | list):
        raise Unanswered(NOT_DATA)
    return found


def _leniently_decoded(body: bytes) -> object:
    """JSON with lone surrogates or stray bytes in its texts, so that they cost only their field."""
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_constant=str)
    except (ValueError, RecursionError):
        return None
