"""The runs: what was started when, how it ended, and its counts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from rules.time import Instant
from service.store.tables import run

INTERRUPTED = "interrupted"


class RunState(StrEnum):
    """How a run stands; a held one waits for a person."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The recorded execution of a command. `counts` are flat: `{"account.written": 12}`.

    `actor` is who started it; None where the schedule did.
    """

    id: int
    command: str
    actor: str | None
    started_at: Instant
    finished_at: Instant | None
    state: RunState
    counts: Mapping[str, int]
    error: str | None


def begin_run(
    connection: Connection, command: str, now: Instant, *, actor: str | None = None
) -> int:
    """Record that somebody, or the schedule, starts a command; returns the run's id."""
    values = {
        "command": command, "actor": actor, "started_at": now, "state": RunState.RUNNING,
        "counts": "{}",
    }  # fmt: skip
    run_id: int = connection.execute(insert(run).values(values).returning(run.c.id)).scalar_one()
    return run_id


def finish_run(
    connection: Connection,
    run_id: int,
    state: RunState,
    *,
    counts: Mapping[str, int],
    error: str | None = None,
    now: Instant,
) -> None:
    """Record how a run ended."""
    connection.execute(
        update(run)
        .where(run.c.id == run_id)
        .values(
            state=state.value,
            counts=json.dumps(dict(counts), sort_keys=True),
            error=error,
            finished_at=now,
        )
    )


def fail_interrupted(connection: Connection, commands: Sequence[str], now: Instant) -> None:
    """Mark the runs of these commands that were left running: their process is gone."""
    connection.execute(
        update(run)
        .where(run.c.state == RunState.RUNNING.value, run.c.command.in_(commands))
        .values(state=RunState.FAILED.value, error=INTERRUPTED, finished_at=now)
    )


def list_runs(connection: Connection, limit: int = 50) -> list[Run]:
    """The latest runs, newest first."""
    rows = connection.execute(select(run).order_by(run.c.id.desc()).limit(limit))
    return [_run(row) for row in rows]


def find_run(connection: Connection, run_id: int) -> Run | None:
    """The run with this id."""
    row = connection.execute(select(run).where(run.c.id == run_id)).one_or_none()
    return _run(row) if row else None


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        command=row.command,
        actor=row.actor,
        started_at=row.started_at,
        finished_at=row.finished_at,
        state=RunState(row.state),
        counts=json.loads(row.counts),
        error=row.error,
    )
