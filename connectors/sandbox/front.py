"""What an emulated CRM shows to its server: calls, back doors, and its own words for a failure."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol

from starlette.types import ASGIApp

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject, Request, Response
from connectors.sandbox.faults import Faults
from connectors.sandbox.switches import Switches


class Emulation(Protocol):
    """What every emulated CRM is made of, whatever it holds."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while the state is read or changed."""

    @property
    def clock(self) -> PortalClock:
        """Its present."""

    @property
    def switches(self) -> Switches:
        """Its behaviour."""


class Calls(Protocol):
    """What takes the calls of its API."""

    def answer(self, request: Request) -> Response:
        """Carry out an API call; a refusal is a response too."""

    def count(self, request: Request) -> None:
        """Count a call that a fault keeps from being answered."""


class Front(ABC):
    """An emulated CRM, without a socket. The back doors hold its `lock`, `answer` takes it."""

    # What a browser gets; None where there is nothing to see, and everything is a call.
    pages: ASGIApp | None = None

    def __init__(self, emulation: Emulation, calls: Calls) -> None:
        self._emulation = emulation
        self._calls = calls
        self.faults = Faults()

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while the state is read or changed."""
        return self._emulation.lock

    @property
    def clock(self) -> PortalClock:
        """Its present."""
        return self._emulation.clock

    @property
    def switches(self) -> Switches:
        """Its behaviour."""
        return self._emulation.switches

    @property
    def skew_seconds(self) -> float:
        """By how much its `Date` header is off."""
        return self._emulation.switches.clock_skew_seconds

    def is_call(self, path: str) -> bool:
        """Whether a path belongs to the API, rather than to the pages."""
        del path
        return True

    def answer(self, request: Request) -> Response:
        """Carry out an API call; a refusal is a response too."""
        return self._calls.answer(request)

    def count(self, request: Request) -> None:
        """Count a call that a fault keeps from being answered."""
        self._calls.count(request)

    @abstractmethod
    def failed(self, status: int, headers: dict[str, str]) -> Response:
        """How this CRM says a status of failure."""

    @abstractmethod
    def expired(self) -> Response:
        """How this CRM says that an access is over."""

    @abstractmethod
    def act(self, details: JsonObject) -> JsonObject:
        """Do what a person would; ImpossibleError."""

    @abstractmethod
    def history(self, query: dict[str, str]) -> JsonObject:
        """The writes that were applied, oldest first, narrowed by `query`."""

    @abstractmethod
    def statistics(self) -> JsonObject:
        """How the clients behaved."""
