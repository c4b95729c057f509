"""What every emulated CRM offers to Python: start it, stop it, play its people, break it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.faults import Faults
from connectors.sandbox.front import Front
from connectors.sandbox.server import Application, Server


class Emulated(ABC):
    """One emulated CRM on 127.0.0.1."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._server = Server(Application(front))
        self._url = ""

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing was loaded into it yet."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """The settings by which Arpent opens it once it runs (`hubspot_url`: its address, …)."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Load a folder of CSV files, as an import would have; MalformedFolderError."""

    @property
    def clock(self) -> PortalClock:
        """Its present."""
        return self._front.clock

    @property
    def faults(self) -> Faults:
        """Which requests go wrong."""
        return self._front.faults

    @property
    def url(self) -> str:
        """The address of the running sandbox; empty when it is stopped."""
        return self._url

    @property
    def has_pages(self) -> bool:
        """Whether a browser finds something at its address."""
        return self._front.pages is not None

    def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1 in a thread and return the address; PortInUseError."""
        self._url = self._server.start(port)
        return self._url

    def stop(self) -> None:
        """Stop serving; what it holds stays as it is, and it can be started again."""
        self._server.stop()
        self._url = ""

    def __enter__(self) -> Self:
        if not self._url:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def act(self, action: str, **details: object) -> JsonObject:
        """Do something as a person in the CRM's pages (as `POST /__actions`).

        The vendor's `actions.ACTIONS` lists what can be done; ImpossibleError with a sentence.
        """
        with self._front.lock:
            return self._front.act({"action": action, **details})

    def set_faults(self, *rules: JsonObject, seed: int = 0) -> None:
        """Replace the fault rules (as `POST /__faults`); none means no faults."""
        with self._front.lock:
            self.faults.replace({"seed": seed, "rules": list(rules)})

    def history(self) -> list[JsonObject]:
        """Return every write that was applied since the load, oldest first."""
        with self._front.lock:
            return list(self._front.history({})["results"])

    def statistics(self) -> JsonObject:
        """Return the counts of requests, statuses and what the vendor's limits saw."""
        with self._front.lock:
            return self._front.statistics() | {"faults": self.faults.fired}
