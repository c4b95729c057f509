"""What travels between the socket and an emulated CRM, and how a rehearsal's mistake is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# JSON as parsed: objects have string keys, the values are whatever the client sent.
JsonObject = dict[str, Any]


class ImpossibleError(Exception):
    """A fault, a switch or an action that makes no sense; the message says why."""


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it came in; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    @property
    def url(self) -> str:
        """The full address, as the client wrote it."""
        return f"{self.base_url}{self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(slots=True, kw_only=True)
class Response:
    """A response ready to be sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
