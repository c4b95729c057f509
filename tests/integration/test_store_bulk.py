"""Many rows at once: only what differs is written, and counted."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from service.store.bulk import (
    bulk_delete,
    bulk_upsert,
    insert_missing,
    select_among,
    tuples_among,
)
from service.store.engine import Store, StoreError
from service.store.tables import dirty, history, rep, sequence

COLUMNS = ("kind", "next_id")

# Few rows go by plain statements, many by COPY on PostgreSQL.
sizes = pytest.mark.parametrize("size", [3, 500])


def rows(size: int, value: int = 1) -> list[tuple[str, int]]:
    return [(f"k{number:04}", value) for number in range(size)]


def held(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {row.kind: row.next_id for row in connection.execute(sequence.select())}


@sizes
def test_new_rows_are_written_and_counted(store: Store, size: int) -> None:
    with store.write() as connection:
        assert bulk_upsert(connection, sequence, COLUMNS, rows(size)) == size
    assert held(store) == dict(rows(size))


@sizes
def test_equal_rows_are_left_alone(store: Store, size: int) -> None:
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, rows(size))
        assert bulk_upsert(connection, sequence, COLUMNS, rows(size)) == 0


@sizes
def test_only_rows_that_differ_are_counted(store: Store, size: int) -> None:
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, rows(size))
        mixed = [*rows(size - 1), (f"k{size - 1:04}", 2), ("new", 3)]
        assert bulk_upsert(connection, sequence, COLUMNS, mixed) == 2
    assert held(store) == dict(mixed)


@sizes
def test_equal_rows_are_written_on_demand(store: Store, size: int) -> None:
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, rows(size))
        again = bulk_upsert(connection, sequence, COLUMNS, rows(size), unless_equal=False)
    assert again == size


@sizes
def test_of_rows_with_one_key_the_last_counts(store: Store, size: int) -> None:
    twice = [*rows(size, 1), *rows(size, 2)]
    with store.write() as connection:
        assert bulk_upsert(connection, sequence, COLUMNS, twice) == size
    assert set(held(store).values()) == {2}


@sizes
def test_null_differs_from_a_value_and_equals_null(store: Store, size: int) -> None:
    unknown = [(f"r{number}", "Maude", None) for number in range(size)]
    known = [(key, name, "maude@example.test") for key, name, _ in unknown]
    columns = ("key", "name", "email")
    with store.write() as connection:
        assert bulk_upsert(connection, rep, columns, unknown) == size
        assert bulk_upsert(connection, rep, columns, unknown) == 0
        assert bulk_upsert(connection, rep, columns, known) == size
        assert bulk_upsert(connection, rep, columns, unknown) == size


@sizes
def test_a_table_may_be_written_twice_in_a_transaction_and_again_after_it(
    store: Store, size: int
) -> None:
    for turn in range(2):
        with store.write() as connection:
            bulk_upsert(connection, sequence, COLUMNS, rows(size, turn))
            bulk_upsert(connection, sequence, COLUMNS, [("other", turn)] * 60 + rows(1, turn))
    assert held(store) == dict([*rows(size, 1), ("other", 1)])


@sizes
def test_what_is_rolled_back_leaves_no_trace(store: Store, size: int) -> None:
    def fail() -> None:
        with store.write() as connection:
            bulk_upsert(connection, sequence, COLUMNS, rows(size))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.write() as connection:
        assert bulk_upsert(connection, sequence, COLUMNS, rows(size, 7)) == size
    assert set(held(store).values()) == {7}


@sizes
def test_only_missing_rows_are_inserted(store: Store, size: int) -> None:
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, rows(1, 9))
        assert insert_missing(connection, sequence, COLUMNS, rows(size)) == size - 1
    assert held(store)["k0000"] == 9


@sizes
def test_rows_are_deleted_by_key(store: Store, size: int) -> None:
    key = ("kind", "entity_id", "field", "valid_from_at")
    stored = [("account", number, "owner_id", number, "x") for number in range(size)]
    with store.write() as connection:
        bulk_upsert(connection, history, (*key, "value"), stored)
        gone = [row[:4] for row in stored[1:]] + [("account", 0, "owner_id", 99)]
        assert bulk_delete(connection, history, key, gone) == size - 1
        left = connection.execute(history.select()).all()
    assert [row.entity_id for row in left] == [0]


def test_a_table_of_keys_alone_is_written_once(store: Store) -> None:
    with store.write() as connection:
        assert bulk_upsert(connection, dirty, ("account_id",), [(1,), (2,)]) == 2
        assert bulk_upsert(connection, dirty, ("account_id",), [(2,), (3,)]) == 1


def test_rows_are_found_by_a_list_of_keys(store: Store) -> None:
    odd = ["l'été", 'a "b"', "{1,2}", "\\", "no such"]
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, [*rows(3), *[(key, 5) for key in odd[:4]]])
        found = select_among(connection, sequence, COLUMNS, "kind", odd)
        fixed = select_among(connection, sequence, ("kind",), "kind", odd, equals={"next_id": 1})
    assert {(row.kind, row.next_id) for row in found} == {(key, 5) for key in odd[:4]}
    assert fixed == []


def test_tuples_are_found_by_a_list_of_keys(store: Store) -> None:
    odd = ["l'été", 'a "b"', "{1,2}", "\\", "100 %", "no such"]
    with store.write() as connection:
        bulk_upsert(connection, sequence, COLUMNS, [*rows(3), *[(key, 5) for key in odd[:5]]])
        found = tuples_among(connection, sequence, COLUMNS, "kind", odd)
        by_number = tuples_among(connection, sequence, COLUMNS, "next_id", [5, 99])
        fixed = {
            number: tuples_among(
                connection, sequence, ("kind",), "kind", odd[:1],
                equals={"next_id": number}, is_locked=True,
            )
            for number in (1, 5)
        }  # fmt: skip
    assert set(found) == set(by_number) == {(key, 5) for key in odd[:5]}
    assert fixed == {1: [], 5: [(odd[0],)]}


def test_a_failure_of_the_driver_is_one_of_the_store(store: Store) -> None:
    gone = Table("gone", MetaData(), Column("id", Integer, primary_key=True))
    with pytest.raises(StoreError, match="db upgrade"), store.write() as connection:
        tuples_among(connection, gone, ("id",), "id", [1])


def test_nothing_to_do_asks_nothing(store: Store) -> None:
    with store.read() as connection:
        assert bulk_upsert(connection, sequence, COLUMNS, []) == 0
        assert bulk_delete(connection, sequence, ("kind",), []) == 0
        assert select_among(connection, sequence, COLUMNS, "kind", []) == []
        assert tuples_among(connection, sequence, COLUMNS, "kind", []) == []
