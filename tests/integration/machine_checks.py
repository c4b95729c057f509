"""What must hold of the world once it is quiet, worked out beside the store under test.

The expectation is a second store that has read the same CRM from nothing, under the rulebook in
force: it knows no cursor, no outbox, no past. What differs from it needs a recorded reason.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from connectors.base import State
from rules.owned import Owned
from rules.records import Kind
from rules.tagging import TAG_COLUMNS
from service import cycle, lease, letting_go, owe, preflight, provision, pull, tag
from service.app import App
from service.push import Push
from service.settings import Settings
from service.store import outbox, rulebooks
from service.store.engine import Store
from service.store.requests import Wanted
from service.store.tables import metadata, push_journal
from tests.integration.machine import HOUR, World, empty, sums_up
from tests.integration.office import VENDOR

_CHALLENGED = re.compile(r" \(contestation reçue le [^)]*\)$")
MOST_CYCLES = 4
_OF_TAGS = tuple(name for name in TAG_COLUMNS if name != "account_id")
_OF_RECORDS = ("name", "domain", "created_on", "modified_at", *[f"observed_{n}" for n in Owned])


def rows_of(store: Store, name: str) -> list[Row[Any]]:
    """A table of a store."""
    table = metadata.tables[name]
    with Store.read(store) as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def ever(world: World) -> None:
    """What holds after every step."""
    # A restored store may open an episode again on another account than the one it has forgotten;
    # the task there is not found by way of this one. Apart from that: one for each key.
    keys = Counter(
        (task.key, task.account_id if world.was_restored else "")
        for task in world.crm.tasks.values()
    )
    assert not [key for key, count in keys.items() if count > 1], f"a task is there twice: {keys}"
    lines = rows_of(world.store, "push_journal")
    for line in lines:
        before = world.journal.get(line.id)
        if before is not None and before != tuple(line):
            was = dict(zip(push_journal.c.keys(), before, strict=True))
            assert was["outcome"] == "sending", f"{before} became {tuple(line)}"
    assert world.journal.keys() <= {line.id for line in lines}, "a line of the journal is gone"
    world.journal = {line.id: tuple(line) for line in lines}


def settle(world: World, reference: Store, *, releases: bool) -> None:
    """Lift what is wrong, let cycles run until nothing is owed, and look at everything."""
    _lift(world)
    if world.is_unswept or world.is_restored:
        # A full read that was cut short goes on without its sweep: what vanished meanwhile is
        # found by the next one that is whole, as there is one each week.
        _cycle(world, full=world.is_unswept)
        world.is_unswept = False
    if world.is_restored:
        world.resume()
        assert not world.is_restored
    for _ in range(MOST_CYCLES):
        before = world.crm.writes
        _cycle(world)
        released = _release(world) if releases else 0
        if world.crm.writes == before and not released and not _owed(world):
            break
    else:
        raise AssertionError(f"never quiet: {_owed(world)}")
    _look(world, reference, releases=releases)
    before, tags = world.crm.writes, rows_of(world.store, "tag")
    # The last one before read what has changed, and wrote nothing; neither does one that reads all.
    _cycle(world, full=True)
    with world.at_work() as app:
        evaluation = tag.run(app.store, app.published(), app.clock(), full=True)
        assert evaluation.changed == 0, "incremental is not full"
    assert world.crm.writes == before, "a cycle writes though nothing is owed"
    assert rows_of(world.store, "tag") == tags, "incremental is not full"


def _lift(world: World) -> None:
    """The CRM takes everything again, an admin puts back what was missing, people resume."""
    world.crm._refused.clear()
    world.crm._locked.clear()
    world.is_read_only = False
    if world.is_paused:
        world.ask(Wanted.PAUSE, is_on=False)
        world.is_paused = False
    # Past every wait, and never across an hour at which something becomes due.
    world.now += 7 * HOUR
    world.now += HOUR - world.now % HOUR + HOUR // 2
    world.crm.show_fields()
    with world.at_work() as app:
        found = provision.run(world.crm, app.published().rulebook, dry_run=False)
        preflight.take_back_own(app.store, VENDOR, provision.ready(found))
        for crm in app.connections():
            owe.retry(app.store, crm.id)


def _cycle(world: World, *, full: bool = False) -> None:
    """A cycle in which nothing goes wrong: it reports what it was given."""
    with world.at_work() as app:
        given = world.crm.delivered
        report = cycle.run(app, {VENDOR: world.crm}, full=full)
        assert not report.failures, report.failures
        got = report.pulled[VENDOR].received
        assert got == world.crm.delivered - given, "records came in that no count tells of"
        if report.unwritten is None:
            sums_up(report.pushed[VENDOR])
            assert report.pushed[VENDOR].values[State.UNKNOWN.value] == 0, "an outcome is unknown"


def _release(world: World) -> int:
    """Let go what is held; returns how many runs held something."""
    found = world.held_runs()
    for held_run in found:
        with (
            world.at_work() as app,
            lease.held(app, VENDOR) as renew,
            world.recorded(app, "push") as run_id,
        ):
            crm, book = app.connection(VENDOR), app.published().rulebook
            stage = Push(app.store, world.crm, book, crm.id, app.clock)
            sums_up(letting_go.release(stage, held_run, run_id, renew=renew))
    return len(found)


def _owed(world: World) -> list[tuple[Any, ...]]:
    """What is still to be sent: values of accounts that are there, and tasks."""
    with Store.read(world.store) as connection:
        values = outbox.pending(connection, world.connection_id)
    found: list[tuple[Any, ...]] = [
        (each.external_id, each.field, each.before, each.after) for each in values
    ]
    # An edit that was noticed in a cycle is told by the next.
    found += [(row.account_id, "dirty") for row in rows_of(world.store, "dirty")]
    unsent = [row for row in rows_of(world.store, "alert") if row.task_state in ("owed", "sending")]
    return [*found, *((row.key, row.task_state) for row in unsent)]


def _look(world: World, reference: Store, *, releases: bool) -> None:
    app = App(Settings(database_url="sqlite://"), reference, lambda: world.now)
    _read_anew(world, app)
    expected = _by_account(reference, "tag")
    actual = _by_account(world.store, "tag")
    live = set(world.crm.live())
    assert expected.keys() == actual.keys() == live, "not the same accounts have tags"
    for key in live:
        for name in _OF_TAGS:
            assert _unheard(getattr(actual[key], name)) == getattr(expected[key], name), (key, name)
    _compare_records(world, reference)
    _compare_links(world, reference)
    _look_at_fields(world, expected, releases=releases)
    _look_at_tasks(world)
    states = {row.state for row in rows_of(world.store, "run") if row.command in lease.COMMANDS}
    assert "running" not in states, "a run that died is still said to be running"


def _unheard(value: Any) -> Any:
    """Without what *why* says of a challenge: a store made anew has heard of none."""
    return _CHALLENGED.sub("", value) if isinstance(value, str) else value


def _read_anew(world: World, app: App) -> None:
    """Make the second store what the CRM and the rulebook in force say, from nothing."""
    empty(app.store)
    published = world.app.published()
    with app.store.write() as connection:
        rulebooks.publish(connection, published.rulebook, author="ops", reason="", now=world.now)
    crm = app.connect(world.crm)
    pull.run(app.store, world.crm, connection_id=crm.id, run_id=None, now=app.clock, full=True)
    tag.run(app.store, app.published(), app.clock(), full=True)


def _names(store: Store, kind: str) -> dict[int, str]:
    return {row.id: row.external_id for row in rows_of(store, kind)}


def _by_account(store: Store, name: str) -> dict[str, Row[Any]]:
    """The rows of a table that has one for each account, by the name that the CRM gives it."""
    names = _names(store, "account")
    return {names[row.account_id]: row for row in rows_of(store, name)}


def _records(store: Store, kind: Kind) -> dict[str, tuple[object, ...]]:
    """The live records of a kind as they can be compared between two stores."""
    owners, stages = _names(store, "owner"), _names(store, "stage")
    with Store.read(store) as connection:
        book = rulebooks.load(connection)
    assert book is not None
    slots = sorted(book.slots.get(kind, {}).items())
    columns = (
        _OF_RECORDS
        if kind is Kind.ACCOUNT
        else ("name", "stage_id", "amount", "currency", "created_on", "closes_on", "modified_at")
    )
    found = {}
    for row in rows_of(store, kind.value):
        if row.archived_at is None:
            values = [getattr(row, name) for name in columns]
            if kind is Kind.OPPORTUNITY:
                values[1] = stages.get(row.stage_id)
            bound = [(name, getattr(row, slot)) for name, slot in slots]
            found[row.external_id] = (owners.get(row.owner_id), *values, *bound)
    return found


def _compare_records(world: World, reference: Store) -> None:
    """The mirror holds what the CRM holds."""
    for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY):
        here, there = _records(world.store, kind), _records(reference, kind)
        assert here == there, f"{kind}: {here} in the store, {there} in the CRM"
    for key in world.crm.live():
        (row,) = [
            row
            for row in rows_of(world.store, "account")
            if row.external_id == key and row.archived_at is None
        ]
        for name in Owned:
            assert getattr(row, f"observed_{name}") == world.crm.own_field(key, name), (key, name)


def _compare_links(world: World, reference: Store) -> None:
    def links(store: Store) -> set[tuple[object, ...]]:
        kinds = {"opportunity_account": "opportunity", "activity_account": "activity"}
        accounts = {
            row.id: row.external_id for row in rows_of(store, "account") if not row.archived_at
        }
        names = {relation: _names(store, kind) for relation, kind in kinds.items()}
        return {
            (
                row.relation,
                names[row.relation].get(row.from_id),
                accounts[row.to_id],
                row.is_primary,
            )
            for row in rows_of(store, "link")
            if row.relation in names and row.to_id in accounts
        }

    here, there = links(world.store), links(reference)
    assert here == there, f"links: {here} in the store, {there} in the CRM"


def _look_at_fields(world: World, expected: Mapping[str, Row[Any]], *, releases: bool) -> None:
    """Each own field in the CRM is what the rules say, or the store says why it is not."""
    rows = {(row.account_id, row.field): row for row in rows_of(world.store, "outbox")}
    accounts = {
        row.external_id: row.id for row in rows_of(world.store, "account") if not row.archived_at
    }
    challenged = {
        (row.account_id, row.field)
        for row in rows_of(world.store, "challenge")
        if row.state == "open"
    }
    run_ids = {row.id for row in rows_of(world.store, "run")}
    written = world.app.published().rulebook.written
    for key in world.crm.live():
        values = outbox.values_of(expected[key])
        for name in Owned:
            wanted = values.written(name) if name in written else None
            holds_now = world.crm.own_field(key, name)
            row = rows.get((accounts[key], name.value))
            where = f"{name} of {key}: {holds_now!r} in the CRM, {wanted!r} by the rules, {row}"
            _look_at_field(
                row, wanted, holds_now, where,
                by=world.crm.edited_by(key, name),
                is_written=name in written and bool(expected[key].is_in_scope),
                is_challenged=(accounts[key], name.value) in challenged,
                is_forgotten=world.was_restored and not expected[key].is_in_scope,
                run_ids=run_ids,
            )  # fmt: skip
            assert not (releases and row is not None and row.state == "held"), where


def _look_at_field(
    row: Row[Any] | None,
    wanted: str | None,
    holds_now: str | None,
    where: str,
    *,
    by: str | None,
    is_written: bool,
    is_challenged: bool,
    is_forgotten: bool,
    run_ids: set[int],
) -> None:
    if row is None:
        # Where nothing was ever to be written, what a person typed is not ours to clear.
        # Nor does a restored store know that it once wrote to an account that left the scope.
        is_not_ours = (by is not None and not is_written) or is_forgotten
        assert holds_now == wanted or is_not_ours, where
        return
    computed = row.desired if row.pin is None else row.pin_computed
    assert _unheard(computed) == wanted, where
    if row.state == "drift":
        # A person's edit waits for a decision, and has been heard.
        assert is_challenged, where
        assert holds_now not in (row.desired, row.confirmed), where
    elif row.state == "held":
        assert row.held_run_id in run_ids, where
    else:
        # What the rules say; or what a person has decided instead, for as long as they say that.
        assert row.state == "settled", where
        assert row.desired == row.confirmed == holds_now, where
        assert row.pin != "undone" or row.pin_run_id in run_ids, where


def _look_at_tasks(world: World) -> None:
    """One open task for each open episode that wants one, none for any other."""
    by_key = {task.key: number for number, task in world.crm.tasks.items()}
    for row in rows_of(world.store, "alert"):
        where = f"{tuple(row)}"
        task_id = row.task_id if row.task_id in world.crm.tasks else by_key.get(row.key)
        if row.task_id is None and world.was_restored:
            # The task of an episode that was forgotten is a person's to close.
            continue
        is_open = task_id is not None and task_id not in world.crm.finished
        match row.task_state:
            case "created":
                assert task_id == row.task_id is not None, where
                is_wanted = row.state == "open" and row.task_undone_run_id is None
                # What a person has completed is learnt when there is news to write.
                assert is_open == is_wanted or task_id in world.crm.finished_by_people, where
            case "done":
                assert not is_open, where
            case "rejected" | "none":
                assert row.task_reason, where
                assert not is_open, where
            case _:
                raise AssertionError(where)
