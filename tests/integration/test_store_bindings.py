"""Custom fields keep their typed slots, and are known to be read in full or not."""

from collections.abc import Mapping, Sequence

import pytest

from connectors.base import Binding
from rules.records import FieldType, Kind, Value
from service.store import bindings, blanks
from service.store.engine import Store, StoreError
from service.store.tables import ACCOUNT_SLOTS, OPPORTUNITY_SLOTS, field_binding
from tests.integration.pages import MINUTE, NOON, Workspace, account, opportunity, page


def bound(
    name: str,
    type_: FieldType = FieldType.TEXT,
    *,
    kind: Kind = Kind.ACCOUNT,
    crm_field: str = "",
    values: Mapping[str, str] | None = None,
) -> Binding:
    return Binding(
        kind=kind, name=name, crm_field=crm_field or f"crm_{name}", type=type_, values=values or {}
    )


def save(store: Store, *memory: Binding, **others: Sequence[Binding]) -> Mapping[str, str]:
    """The slots of accounts, with these bindings in the CRM in memory, and others elsewhere."""
    with store.write() as connection:
        return bindings.save_bindings(connection, {"memory": memory, **others})[Kind.ACCOUNT]


def mark(store: Store, *read: Binding) -> None:
    with store.write() as connection:
        bindings.mark_backfilled(connection, "memory", read, NOON)


def waiting(store: Store) -> list[str]:
    with store.read() as connection:
        return [each.name for each in bindings.waiting(connection, "memory")]


def test_each_name_gets_a_slot_of_its_type_and_choices_share_those_of_texts(store: Store) -> None:
    slots = save(
        store,
        bound("sector", FieldType.CHOICE),
        bound("note"),
        bound("potential", FieldType.MONEY),
        bound("since", FieldType.DATE),
        bound("is_key", FieldType.YES_NO),
        bound("staff", FieldType.NUMBER),
    )
    assert slots == {
        "sector": "text_1",
        "note": "text_2",
        "potential": "money_1",
        "since": "date_1",
        "is_key": "yes_no_1",
        "staff": "number_1",
    }


def test_every_slot_that_is_promised_exists(store: Store) -> None:
    for kind, counts in ((Kind.ACCOUNT, ACCOUNT_SLOTS), (Kind.OPPORTUNITY, OPPORTUNITY_SLOTS)):
        full = [
            bound(f"{type_}_{number}", FieldType(type_), kind=kind)
            for type_, count in counts.items()
            for number in range(count)
        ]
        save(store, *full)


def test_kinds_have_slots_of_their_own(store: Store) -> None:
    with store.write() as connection:
        slots = bindings.save_bindings(
            connection,
            {"memory": [bound("source"), bound("source", kind=Kind.OPPORTUNITY)]},
        )
    assert slots == {
        Kind.ACCOUNT: {"source": "text_1"},
        Kind.OPPORTUNITY: {"source": "text_1"},
    }


def test_slots_stay_when_others_come_and_go(store: Store) -> None:
    save(store, bound("a"), bound("b"), bound("c"))
    assert save(store, bound("c"), bound("b")) == {"c": "text_3", "b": "text_2"}
    assert save(store, bound("d"), bound("c")) == {"d": "text_1", "c": "text_3"}


def test_a_type_without_room_says_what_to_do(store: Store) -> None:
    full = [bound(f"m{number}", FieldType.MONEY) for number in range(ACCOUNT_SLOTS["money"])]
    save(store, *full)
    with pytest.raises(StoreError, match=r"no room left for the field .potential.*fields\.yaml"):
        save(store, *full, bound("potential", FieldType.MONEY))
    with store.read() as connection:
        assert len(connection.execute(field_binding.select()).all()) == len(full)


def test_two_crms_share_the_slot_of_a_name(store: Store) -> None:
    slots = save(store, bound("sector"), other=[bound("sector", crm_field="Secteur")])
    assert slots == {"sector": "text_1"}
    with store.read() as connection:
        (theirs,) = bindings.load_bindings(connection, "other")
    assert theirs.crm_field == "Secteur"


def test_two_crms_cannot_give_a_name_two_types(store: Store) -> None:
    with pytest.raises(StoreError, match="sector"):
        save(store, bound("sector"), other=[bound("sector", FieldType.NUMBER)])


def test_a_binding_is_read_back_as_it_was_given(store: Store) -> None:
    given = bound("sector", FieldType.CHOICE, values={"Détail": "retail", "Gros": "wholesale"})
    save(store, given)
    with store.read() as connection:
        assert bindings.load_bindings(connection, "memory") == [given]


def test_a_binding_waits_until_it_was_read_in_full(store: Store) -> None:
    save(store, bound("a"), bound("b"))
    assert waiting(store) == ["a", "b"]
    mark(store, bound("a"))
    assert waiting(store) == ["b"]
    save(store, bound("a"), bound("b"), bound("c"))
    assert waiting(store) == ["b", "c"]


@pytest.mark.parametrize(
    "changed",
    [
        bound("a", FieldType.CHOICE),
        bound("a", crm_field="another"),
        bound("a", values={"Oui": "yes"}),
    ],
    ids=["type", "field", "values"],
)
def test_a_changed_binding_waits_again(store: Store, changed: Binding) -> None:
    save(store, bound("a"))
    mark(store, bound("a"))
    save(store, changed)
    assert waiting(store) == ["a"]


def test_what_was_read_under_another_binding_counts_for_nothing(store: Store) -> None:
    save(store, bound("a", crm_field="new"))
    mark(store, bound("a", crm_field="old"))
    assert waiting(store) == ["a"]


def test_a_slot_is_emptied_before_another_name_gets_it(workspace: Workspace) -> None:
    save(workspace.store, bound("old"))
    workspace.write(page(account(fields={"old": "x"})))
    assert workspace.row("account", "A1").text_1 == "x"
    assert save(workspace.store, bound("new")) == {"new": "text_1"}
    assert workspace.row("account", "A1").text_1 is None


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        (FieldType.NUMBER, 12, 12.0),
        (FieldType.NUMBER, 2.5, 2.5),
        (FieldType.NUMBER, float("inf"), None),
        (FieldType.NUMBER, float("nan"), None),
        (FieldType.NUMBER, 10**400, None),
        (FieldType.NUMBER, 10**15, 1e15),
        (FieldType.NUMBER, -1.1e15, None),
        (FieldType.NUMBER, True, None),
        (FieldType.MONEY, 150_050, 150_050),
        (FieldType.MONEY, 2**63 - 1, 2**63 - 1),
        (FieldType.MONEY, 2**63, None),
        (FieldType.MONEY, 1.5, None),
        (FieldType.TEXT, "Été", "Été"),
        (FieldType.TEXT, 5, None),
        (FieldType.CHOICE, "retail", "retail"),
        (FieldType.DATE, 20_458, 20_458),
        (FieldType.DATE, "2026-01-05", 20_458),
        (FieldType.DATE, NOON, None),  # an instant is not a day
        (FieldType.DATE, "5 janvier", None),
        (FieldType.YES_NO, False, False),
        (FieldType.YES_NO, "oui", None),
    ],
)
def test_a_value_fills_its_slot_or_is_quarantined(
    workspace: Workspace, type_: FieldType, given: Value, kept: Value
) -> None:
    slots = save(workspace.store, bound("value", type_))
    counts = workspace.write(page(account(fields={"value": given})))
    stored = getattr(workspace.row("account", "A1"), slots["value"])
    assert stored == kept
    assert type(stored) is type(kept)
    assert counts.quarantined == (kept is None)
    assert [row.field for row in workspace.rows("quarantine")] == ["value"] * (kept is None)


def test_a_change_of_a_bound_field_marks_the_account(workspace: Workspace) -> None:
    save(workspace.store, bound("sector"))
    workspace.write(page(account(fields={"sector": "pme"})))
    workspace.evaluate()
    workspace.write(page(account(fields={"sector": "grand"}, modified_at=NOON + MINUTE)))
    assert workspace.dirty() == {"A1"}


def test_a_bound_field_of_an_opportunity_marks_its_account(workspace: Workspace) -> None:
    with workspace.store.write() as connection:
        bindings.save_bindings(connection, {"memory": [bound("source", kind=Kind.OPPORTUNITY)]})
    workspace.write(page(opportunity(fields={"source": "salon"})))
    assert workspace.row("opportunity", "D1").text_1 == "salon"


def read_in_full(workspace: Workspace, count: int) -> None:
    """So many accounts of a sector, in a CRM that was read in full."""
    save(workspace.store, bound("sector"))
    mark(workspace.store, bound("sector"))
    many = [account(f"A{number}", fields={"sector": "pme"}) for number in range(count)]
    workspace.write(page(*many))
    workspace.evaluate()


def blank_many(workspace: Workspace, count: int) -> None:
    later = NOON + MINUTE
    many = [account(f"A{n}", fields={"sector": None}, modified_at=later) for n in range(count)]
    workspace.write(page(*many))


def judge(workspace: Workspace, now: int = NOON) -> list[str]:
    with workspace.store.write() as connection:
        held = blanks.judge(connection, workspace.connection_id, "memory", now)
    return [each.name for each in held]


@pytest.mark.parametrize(
    ("count", "emptied", "is_held"),
    [
        (100, 50, True),
        (100, 49, False),  # fewer than fifty
        (166, 50, True),  # 30.1 %
        (167, 50, False),  # 29.9 %
    ],
)
def test_values_that_go_wait_and_are_held_where_many_went_at_once(
    workspace: Workspace,
    count: int,
    emptied: int,
    is_held: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    read_in_full(workspace, count)
    blank_many(workspace, emptied)
    # Nothing moves before it is judged.
    assert workspace.row("account", "A0").text_1 == "pme"
    assert workspace.dirty() == set()
    assert judge(workspace) == ["sector"] * is_held
    assert workspace.row("account", "A0").text_1 == ("pme" if is_held else None)
    assert len(workspace.dirty()) == (0 if is_held else emptied)
    assert judge(workspace) == []


def test_a_blank_of_a_record_that_was_deleted_since_is_no_part_of_a_mass(
    workspace: Workspace,
) -> None:
    read_in_full(workspace, 60)
    blank_many(workspace, 60)
    later = NOON + 2 * MINUTE
    workspace.write(page(account("A0", modified_at=later, archived_at=later)))

    with workspace.store.read() as connection:
        (held,) = blanks.waiting(connection, workspace.connection_id)

    assert (held.blanks, held.records) == (59, 59)


def test_a_blank_is_forgotten_once_the_record_has_a_value_again(workspace: Workspace) -> None:
    read_in_full(workspace, 1)
    blank_many(workspace, 1)
    later = NOON + 2 * MINUTE
    workspace.write(page(account("A0", fields={"sector": "grand"}, modified_at=later)))
    assert judge(workspace) == []
    assert workspace.row("account", "A0").text_1 == "grand"
    assert workspace.rows("blank") == []


def test_a_new_binding_starts_without_what_was_noted_of_the_old_one(workspace: Workspace) -> None:
    read_in_full(workspace, 60)
    blank_many(workspace, 60)
    assert judge(workspace) == ["sector"]
    save(workspace.store, bound("sector", crm_field="another"))
    assert workspace.rows("blank") == workspace.rows("field_notice") == []
    # And it is read as it comes: nobody relies on it yet.
    later = NOON + 2 * MINUTE
    workspace.write(page(account("A0", fields={"sector": None}, modified_at=later)))
    assert workspace.row("account", "A0").text_1 is None
