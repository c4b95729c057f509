"""The pool under HubSpot's own client: the policy of `connectors.http` on every request.

The SDK builds a request and hands it to a pool of urllib3; this one stands in its place. Answers
are decoded here too, with suspicion.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from pydantic import SecretStr
from urllib3.util import Timeout

from connectors.base import Unanswered
from connectors.http import READ_SECONDS, Answer, Transport
from connectors.hubspot.mapping import Json
from connectors.pace import Clock, Governor
from rules.language import Text

# The smallest edition's limit, until an answer tells the real one.
FIRST_LIMIT = 100
FIRST_INTERVAL = 10.0
SEARCHES_PER_SECOND = 4
CREDENTIAL = "Authorization"


class Response:
    """An answer in the shape that the SDK expects of a pool."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status = answer.status
        self.reason = answer.reason
        self.data = answer.body

    def getheaders(self) -> Mapping[str, str]:
        """The headers, as the SDK asks for them when it raises."""
        return self.answer.headers


class GuardedPool:
    """Takes the place of the SDK's own pool: every request passes through `Transport`."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self.general = Governor(limit=FIRST_LIMIT, interval=FIRST_INTERVAL, clock=clock)
        self.search = Governor(limit=SEARCHES_PER_SECOND, interval=1.0, clock=clock, margin=False)
        self._transport = transport

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | SecretStr],
        timeout: Timeout,
        preload_content: bool,
        body: str | None = None,
        fields: Sequence[tuple[str, str]] | None = None,
    ) -> Response:
        """Send, with the signature by which the SDK calls urllib3.

        The credential comes through the SDK as a `SecretStr`, which shows in no representation.
        """
        del preload_content  # the answer is read whole, and decoded by the caller
        if fields:
            url = f"{url}?{urlencode(fields, safe=',')}"
        authorization = headers[CREDENTIAL]
        assert isinstance(authorization, SecretStr)  # noqa: S101 - as `Client` puts it
        return Response(
            self._transport.send(
                method,
                url,
                headers={name: str(value) for name, value in headers.items() if name != CREDENTIAL},
                authorization=authorization,
                body=body,
                seconds=timeout.total if isinstance(timeout.total, float) else READ_SECONDS,
                governor=self.governor(url),
            )
        )

    def governor(self, url: str) -> Governor:
        """Searches have a limit of their own, and are exempt from the general one."""
        return self.search if urlsplit(url).path.endswith("/search") else self.general


def decoded(answer: Answer) -> Json:
    """The JSON object of an answer; an empty body is an empty object (204)."""
    if not answer.body.strip():
        return {}
    try:
        decoded: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        decoded = _leniently_decoded(answer.body)
    if not isinstance(decoded, dict):
        raise Unanswered(
            Text(
                fr="HubSpot a répondu autre chose que des données (une page d'erreur, sans "
                "doute). Arpent réessaiera.",
                en="HubSpot answered something else than data (an error page, probably). "
                "Arpent will try again.",
            )
        )
    return decoded


def _leniently_decoded(body: bytes) -> object:
    """JSON with lone surrogates or stray bytes in its texts; NaN and Infinity become their words.

    So one such value costs its field, where it would else cost the page, at each try.
    """
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_constant=str)
    except (ValueError, RecursionError):
        return None
