"""What is owed, what a value read back means: rows in, rows out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.diff import Debt, Entry, Pin, PinKind, Values, judge_observed, owed
from rules.owned import BY_PEOPLE, CORE, OPTIONAL, Owned

TIER = (Owned.TIER,)


def values(**given_values: Any) -> Values:
    plain = dict.fromkeys(
        ("tier", "priority", "next_contact_on", "why", "segment", "quadrant", "contact_status")
    )
    return Values(**{**plain, **given_values})


def entry(**given_values: Any) -> Entry:
    plain = {"account_id": 1, "field": "tier", "desired": "gold"}
    return Entry(**{**plain, **given_values})


SETTLED = entry(version=2, confirmed="gold", confirmed_version=2, confirmed_at=9,
                state=Debt.SETTLED)  # fmt: skip


def next_entry(known: Entry, tier: str | None, observed: str | None = None) -> Entry | None:
    entries = owed(1, values(tier=tier), TIER, {"tier": observed}, {"tier": known})
    assert len(entries) <= 1
    return entries[0] if entries else None


def test_a_new_value_is_owed() -> None:
    assert owed(1, values(tier="gold"), TIER, {}, {}) == [entry()]


@pytest.mark.parametrize("value", ["gold", None])
def test_what_the_crm_holds_already_is_not_owed(value: str | None) -> None:
    assert owed(1, values(tier=value), TIER, {"tier": value}, {}) == []


def test_a_value_to_clear_is_owed() -> None:
    assert owed(1, values(), TIER, {"tier": "gold"}, {}) == [entry(desired=None)]


def test_a_value_that_stays_the_same_changes_nothing() -> None:
    for state in Debt:
        assert next_entry(replace(SETTLED, state=state), "gold", observed="silver") is None


@pytest.mark.parametrize(
    ("state", "desired", "expected"),
    [
        (Debt.SETTLED, "silver", Debt.OWED),
        (Debt.SETTLED, None, Debt.OWED),
        (Debt.OWED, "silver", Debt.OWED),
        # The CRM said why it refused the old value: the new one deserves a try.
        (Debt.REJECTED, "silver", Debt.OWED),
        # A person decides about these.
        (Debt.HELD, "silver", Debt.HELD),
        (Debt.DRIFT, "silver", Debt.DRIFT),
    ],
)
def test_a_new_value_is_a_new_version(state: Debt, desired: str, expected: Debt) -> None:
    changed = next_entry(replace(SETTLED, state=state, attempts=0), desired)
    assert changed is not None
    assert (changed.desired, changed.version, changed.state) == (desired, 3, expected)
    assert (changed.confirmed, changed.confirmed_version) == ("gold", 2)


@pytest.mark.parametrize(
    ("state", "attempts", "expected"),
    [
        (Debt.OWED, 0, Debt.SETTLED),
        (Debt.HELD, 0, Debt.SETTLED),
        (Debt.REJECTED, 0, Debt.SETTLED),
        (Debt.DRIFT, 0, Debt.DRIFT),
        # Another value may have reached the CRM: the confirmed one is written again.
        (Debt.OWED, 1, Debt.OWED),
    ],
)
def test_back_to_the_confirmed_value_nothing_is_owed(
    state: Debt, attempts: int, expected: Debt
) -> None:
    known = replace(SETTLED, desired="silver", version=3, state=state, attempts=attempts)
    changed = next_entry(known, "gold")
    assert changed is not None
    assert (changed.state, changed.version, changed.attempts) == (expected, 4, 0)


def test_back_to_nothing_is_owed_when_nothing_was_ever_confirmed() -> None:
    """A first write may be on its way: that the CRM held nothing before settles nothing."""
    changed = next_entry(entry(), None)
    assert changed is not None
    assert changed.state is Debt.OWED


STATES = st.sampled_from(list(Debt))
TIERS = st.sampled_from([None, "gold", "silver"])


@given(STATES, TIERS, TIERS, TIERS, TIERS, st.integers(0, 2))
def test_never_settled_on_a_value_that_is_not_the_confirmed_one(
    state: Debt, old: str | None, confirmed: str | None, new: str | None, observed: str | None,
    attempts: int,
) -> None:  # fmt: skip
    known = entry(desired=old, confirmed=confirmed, confirmed_version=1, version=2, state=state,
                  attempts=attempts)  # fmt: skip
    changed = next_entry(known, new, observed)
    if changed is not None and changed.state is Debt.SETTLED:
        assert changed.desired == changed.confirmed


@pytest.mark.parametrize(
    ("state", "observed", "earlier", "expected"),
    [
        (Debt.SETTLED, "gold", ["gold"], Debt.SETTLED),
        (Debt.SETTLED, "bronze", ["gold", "bronze"], Debt.OWED),  # a stale write
        (Debt.SETTLED, "silver", ["gold"], Debt.DRIFT),  # a person
        (Debt.SETTLED, None, ["gold"], Debt.DRIFT),  # a person who clears it
        (Debt.SETTLED, None, ["gold", None], Debt.OWED),  # what we once cleared
        (Debt.OWED, "gold", [], Debt.OWED),  # not written over yet
        (Debt.OWED, "wanted", [], Debt.OWED),  # our write came through after all
        (Debt.OWED, "silver", ["gold"], Debt.DRIFT),  # a person, just before we write
    ],
)
def test_what_a_value_read_back_means(
    state: Debt, observed: str | None, earlier: list[str | None], expected: Debt
) -> None:
    desired = "wanted" if state is Debt.OWED else "gold"
    known = replace(SETTLED, state=state, desired=desired)
    assert judge_observed(known, observed, earlier) is expected


def test_values_are_written_as_text() -> None:
    written = values(tier="gold", next_contact_on=20_000)
    assert written.written(Owned.NEXT_CONTACT) == "2024-10-04"
    assert values().written(Owned.NEXT_CONTACT) is None
    for each in (*CORE, *OPTIONAL):
        if each not in {*BY_PEOPLE, Owned.NEXT_CONTACT}:
            assert written.written(each) == ("gold" if each is Owned.TIER else None)


# Pins.

UNDONE = Pin(kind=PinKind.UNDONE, computed="gold", run_id=7)
PINNED = replace(SETTLED, desired="silver", confirmed="silver", pin=UNDONE)


def test_a_pinned_value_stays_while_the_rules_say_the_same() -> None:
    for state in Debt:
        assert next_entry(replace(PINNED, state=state), "gold", observed="silver") is None


def test_a_pin_ends_with_another_result_of_the_rules() -> None:
    changed = next_entry(PINNED, "bronze")
    assert changed is not None
    assert (changed.desired, changed.state, changed.pin, changed.version) == (
        "bronze", Debt.OWED, None, 3,
    )  # fmt: skip


def test_a_pin_ends_silently_when_the_rules_come_to_want_what_is_there() -> None:
    changed = next_entry(PINNED, "silver")
    assert changed == replace(PINNED, pin=None)


def test_a_pin_over_nothing_ends_with_a_value() -> None:
    cleared = replace(PINNED, pin=replace(UNDONE, computed=None))
    assert next_entry(cleared, None) is None
    changed = next_entry(cleared, "gold")
    assert changed is not None
    assert (changed.desired, changed.pin) == ("gold", None)


@given(st.lists(TIERS, min_size=1, max_size=12), TIERS, TIERS, st.booleans())
def test_what_a_crm_holds_with_pins(
    computed: list[str | None],
    before: str | None,
    at_undo: str | None,
    acknowledges: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    """Whatever the rules say, cycle after cycle, from an undoing on.

    Nothing is written while they say what they said then; from the first change on, it is as if
    nothing had been undone; and a world that does not change is written to once at most.
    """
    crm, entry_now = before, replace(
        SETTLED, desired=before, confirmed=before,
        pin=None if at_undo == before else Pin(kind=PinKind.UNDONE, computed=at_undo, run_id=7),
    )  # fmt: skip
    has_changed = at_undo == before
    last: object = object()
    for value in computed:
        has_changed = has_changed or value != at_undo
        entry_now = next_entry(entry_now, value, crm) or entry_now
        is_written = entry_now.state is Debt.OWED
        if is_written:
            assert has_changed
            assert value != last or not acknowledges
            crm = entry_now.desired
            settled = replace(
                entry_now, state=Debt.SETTLED, confirmed=crm, confirmed_version=entry_now.version
            )
            # Else nobody knows whether it was written.
            tried = replace(entry_now, attempts=entry_now.attempts + 1)
            entry_now = settled if acknowledges else tried
        assert crm == (value if has_changed else before)
        assert (entry_now.pin is None) == has_changed
        last = value
