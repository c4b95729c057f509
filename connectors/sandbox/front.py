"""What an emulated CRM shows to its server: calls, back doors, and its own words for a failure."""

from contextlib import AbstractContextManager
from typing import Protocol

from starlette.types import ASGIApp

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject, Request, Response
from connectors.sandbox.faults import Faults
from connectors.sandbox.switches import Switches


class Front(Protocol):
    """An emulated CRM, without a socket. The back doors hold its `lock`, `answer` takes it."""

    faults: Faults

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while the state is read or changed."""

    @property
    def clock(self) -> PortalClock:
        """Its present."""

    @property
    def switches(self) -> Switches:
        """Its behaviour."""

    @property
    def skew_seconds(self) -> float:
        """By how much its `Date` header is off."""

    @property
    def pages(self) -> ASGIApp | None:
        """What a browser gets; None where there is nothing to see."""

    def is_call(self, path: str) -> bool:
        """Whether a path belongs to the API, rather than to the pages."""

    def answer(self, request: Request) -> Response:
        """Carry out an API call; a refusal is a response too."""

    def count(self, request: Request) -> None:
        """Count a call that a fault keeps from being answered."""

    def failed(self, status: int, headers: dict[str, str]) -> Response:
        """How this CRM says a status of failure."""

    def expired(self) -> Response:
        """How this CRM says that an access is over."""

    def act(self, details: JsonObject) -> JsonObject:
        """Do what a person would; ImpossibleError."""

    def history(self, query: dict[str, str]) -> JsonObject:
        """The writes that were applied, oldest first, narrowed by `query`."""

    def statistics(self) -> JsonObject:
        """How the clients behaved."""
