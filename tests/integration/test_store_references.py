"""Our ids of external ones: one each, for life, whoever asks at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from rules.records import Kind
from service.store import references
from service.store.engine import open_store
from tests.integration.pages import Workspace


def resolve(workspace: Workspace, *names: str, kind: Kind = Kind.ACCOUNT) -> dict[str, int]:
    with workspace.store.write() as connection:
        return references.resolve(connection, workspace.connection_id, kind, names)


def test_ids_are_given_in_order_and_kept(workspace: Workspace) -> None:
    first = resolve(workspace, "b", "a", "b")
    assert first == {"b": 1, "a": 2}
    assert resolve(workspace, "c", "a") == {"c": 3, "a": 2}


def test_kinds_count_apart(workspace: Workspace) -> None:
    assert resolve(workspace, "x") == {"x": 1}
    assert resolve(workspace, "x", kind=Kind.OWNER) == {"x": 1}


def test_ids_of_a_transaction_that_failed_are_given_again(workspace: Workspace) -> None:
    def fail() -> None:
        with workspace.store.write() as connection:
            references.resolve(connection, workspace.connection_id, Kind.ACCOUNT, ["x"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert resolve(workspace, "y") == {"y": 1}


def test_what_was_never_seen_is_not_found(workspace: Workspace) -> None:
    resolve(workspace, "a")
    with workspace.store.read() as connection:
        found = references.find(connection, workspace.connection_id, Kind.ACCOUNT, ["a", "never"])
    assert found == {"a": references.Reference(1, is_current=True)}


def test_several_writers_give_each_record_one_id(workspace: Workspace, store_url: str) -> None:
    writers, rounds = 4, 25
    start = Barrier(writers)

    def work(writer: int) -> list[dict[str, int]]:
        # A store of its own, as in another process; the records of all overlap.
        store = open_store(store_url)
        start.wait()
        taken = []
        for turn in range(rounds):
            names = [f"{turn + (number * (writer + 1)) % 7}" for number in range(7)]
            with store.write() as connection:
                taken.append(
                    references.resolve(connection, workspace.connection_id, Kind.ACCOUNT, names)
                )
        store.close()
        return taken

    with ThreadPoolExecutor(writers) as threads:
        answers = [each for taken in threads.map(work, range(writers)) for each in taken]
    ids = {row.external_id: row.entity_id for row in workspace.rows("external_ref")}
    assert len(set(ids.values())) == len(ids) == rounds + 6
    assert all(ids[name] == given for answer in answers for name, given in answer.items())
