"""Working on several CRMs, one after the other: one that fails stops alone, told by its name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from service.cli.edge import FAILED, HELD, MISTAKEN, complain

# What weighs most decides how the command ends.
_WORST_FIRST = (FAILED, MISTAKEN, HELD)


class Turns:
    """The CRMs of a command, each in its turn; `told` is what is printed of each as JSON."""

    def __init__(self, vendors: Sequence[str], told: dict[str, Any]) -> None:
        self.told = told
        self._vendors = vendors
        self._codes: set[int] = set()

    @contextmanager
    def of(self, vendor: str) -> Iterator[None]:
        """Work on one CRM; where there are others, its failure is said, and they go on."""
        from connectors.base import ConnectorError, Misconfigured
        from connectors.registry import named
        from service.store.engine import MistakenError, StoreError

        try:
            yield
        except (ConnectorError, StoreError) as error:
            if len(self._vendors) == 1:
                raise
            is_mistake = isinstance(error, Misconfigured | MistakenError)
            self.ends_with(MISTAKEN if is_mistake else FAILED)
            self.told[vendor] = {"crm": vendor, "error": error.message}
            complain(named(vendor, error.message))

    def ends_with(self, code: int) -> None:
        """Have the command end with this code, once every CRM had its turn."""
        self._codes.add(code)

    @property
    def code(self) -> int:
        """The code with which the command ends."""
        return next((code for code in _WORST_FIRST if code in self._codes), 0)


@contextmanager
def each_crm(vendors: Sequence[str]) -> Iterator[Turns]:
    """Give each CRM its turn, print what was told as one JSON document, end with the worst code."""
    from service.cli.show import terminal

    with terminal.by_crm(vendors) as told:
        turns = Turns(vendors, told)
        yield turns
    if turns.code:
        raise typer.Exit(turns.code)
