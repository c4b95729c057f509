"""Runs: what became of each, what it had refused, and that tried again. No call to a CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.language import Text
from rules.owned import Owned
from service.store import connections, holds, refusals, runs
from service.store.engine import MistakenError, Store
from service.store.holds import Held
from service.store.refusals import Refusal, RefusedTask
from service.store.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTold:
    """A run with what it left: what it still holds, by CRM, and what a CRM refused of it.

    `written` counts the values by field that a CRM acknowledged; `refused` and `tasks` say whether
    each still waits for a person.
    """

    run: Run
    written: Mapping[Owned, int]
    held: Mapping[str, Sequence[Held]]
    refused: Sequence[Refusal]
    refused_values: int
    tasks: Sequence[RefusedTask]


class UnknownRunError(MistakenError):
    """No run has this number."""

    def __init__(self, run_id: int) -> None:
        super().__init__(
            Text(
                f"Aucune exécution n'a le numéro {run_id}. « arpent runs list » les montre.",
                f"No run has the number {run_id}. `arpent runs list` shows them.",
            )
        )


def latest(store: Store, limit: int) -> list[Run]:
    """The latest runs, newest first."""
    with store.read() as connection:
        return runs.list_runs(connection, limit)


def show(store: Store, run_id: int, *, limit: int | None = None) -> RunTold:
    """A run and the first `limit` values that it had refused; raises `UnknownRunError`."""
    with store.read() as connection:
        found = runs.find_run(connection, run_id)
        if found is None:
            raise UnknownRunError(run_id)
        held = {
            crm.vendor: holds.held(connection, crm.id, run_id)
            for crm in connections.find_all(connection)
        }
        return RunTold(
            run=found,
            written=refusals.written(connection, run_id),
            held={vendor: waiting for vendor, waiting in held.items() if waiting},
            refused=refusals.of_run(connection, run_id, limit=limit),
            refused_values=refusals.count(connection, run_id),
            tasks=refusals.tasks_of_run(connection, run_id),
        )


def retry(store: Store, run_id: int) -> int:
    """Owe again what a run had refused and that still is, values and tasks; returns how many."""
    with store.write() as connection:
        if runs.find_run(connection, run_id) is None:
            raise UnknownRunError(run_id)
        return refusals.retry(connection, run_id)
