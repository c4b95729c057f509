"""Runs and resume points are kept as they were told."""

from rules.records import Kind
from service.store import cursors, runs
from service.store.engine import Store
from service.store.runs import Run, RunState
from tests.integration.pages import MINUTE, NOON, Workspace


def test_a_run_is_recorded_from_its_start_to_its_end(store: Store) -> None:
    with store.write() as connection:
        run_id = runs.begin_run(connection, "pull", NOON, actor="elise")
        assert runs.list_runs(connection) == [
            Run(
                id=run_id,
                command="pull",
                actor="elise",
                started_at=NOON,
                finished_at=None,
                state=RunState.RUNNING,
                counts={},
                error=None,
            )
        ]
        counts = {"account.written": 12, "calls": 3}
        runs.finish_run(
            connection, run_id, RunState.FAILED, counts=counts, error="hélas", now=NOON + MINUTE
        )
        assert runs.list_runs(connection) == [
            Run(
                id=run_id,
                command="pull",
                actor="elise",
                started_at=NOON,
                finished_at=NOON + MINUTE,
                state=RunState.FAILED,
                counts=counts,
                error="hélas",
            )
        ]


def test_the_latest_runs_come_first(store: Store) -> None:
    with store.write() as connection:
        ids = [runs.begin_run(connection, name, NOON) for name in ("pull", "tag", "pull")]
        assert [run.id for run in runs.list_runs(connection, limit=2)] == [ids[2], ids[1]]


def test_a_cursor_is_kept_for_each_stream(workspace: Workspace) -> None:
    here = workspace.connection_id
    first = cursors.SavedCursor(value="a", is_complete=False, saved_at=NOON)
    second = cursors.SavedCursor(value="b", is_complete=True, saved_at=NOON + 1)
    with workspace.store.write() as connection:
        assert cursors.load(connection, here, Kind.ACCOUNT) is None
        cursors.save(connection, here, Kind.ACCOUNT, first)
        cursors.save(connection, here, Kind.OWNER, first)
        cursors.save(connection, here, Kind.ACCOUNT, second)
        assert cursors.load(connection, here, Kind.ACCOUNT) == second
        assert cursors.load(connection, here, Kind.OWNER) == first


def test_only_full_loads_under_way_are_forgotten(workspace: Workspace) -> None:
    here = workspace.connection_id
    under_way = cursors.SavedCursor(value="a", is_complete=False, saved_at=NOON)
    done = cursors.SavedCursor(value="b", is_complete=True, saved_at=NOON)
    with workspace.store.write() as connection:
        cursors.save(connection, here, Kind.ACCOUNT, under_way)
        cursors.save(connection, here, Kind.OWNER, done)
        for kind in (Kind.ACCOUNT, Kind.OWNER):
            cursors.forget_unfinished(connection, [here], kind)
        assert cursors.load(connection, here, Kind.ACCOUNT) is None
        assert cursors.load(connection, here, Kind.OWNER) == done
