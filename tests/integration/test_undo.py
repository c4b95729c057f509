"""Undo: what a run wrote goes back to what it was, stays there, and nothing else is touched."""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from connectors.base import Retriable
from rules.language import Text
from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook
from service import undo
from service.app import read_playbook
from service.runs import UnknownRunError
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks, runs
from service.store.engine import Store
from service.store.undoing import Fate
from service.undo import NothingPinnedError, UndoReport
from tests.integration.office import FIELDS, MINUTE, VENDOR, Died, Office, shipped

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
RIGHT, WRONG = "silver", "gold"
# What is decided does not depend on the database; what is stored and found again is shown on both.
ONE = pytest.mark.parametrize("database", ["sqlite"])


@cache
def wrong_playbook() -> Rulebook:
    """The shipped playbook with a slip: a high potential alone makes gold, not silver."""
    found = read_playbook(SHIPPED_PLAYBOOK)
    right, slip = (b"potential_level: high\n      then: " + tier for tier in (b"silver", b"gold"))
    assert right in found["segments.yaml"]
    found["segments.yaml"] = found["segments.yaml"].replace(right, slip)
    return compile_rulebook(found)


@pytest.fixture
def office(store: Store) -> Office:
    """Two accounts whose right values are in the CRM."""
    office = Office(store)
    office.put_accounts("a", "b")
    office.cycle()
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}
    return office


def tiers(office: Office) -> dict[str, str | None]:
    return {name: office.crm.own_field(name, "tier") for name in ("a", "b")}


def publish(office: Office, book: Rulebook) -> None:
    with office.app.store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="", now=office.now)


def spoil(office: Office) -> int:
    """A wrong playbook is published, and a cycle writes its values; the run of that cycle."""
    publish(office, wrong_playbook())
    run_id = office.cycle().run_id
    assert tiers(office) == {"a": WRONG, "b": WRONG}
    return run_id


def take_back(office: Office, run_id: int) -> UndoReport:
    """`arpent undo`, a minute later, as a recorded run."""
    office.now += MINUTE
    with office.app.store.write() as connection:
        undoing_run = runs.begin_run(connection, "undo", office.now)
    return undo.run(office.app, office.crm, office.app.published().rulebook, run_id, undoing_run)


def writes_of_cycles(office: Office, cycles: int = 1) -> int:
    before = len(office.crm.written)
    for _ in range(cycles):
        assert office.cycle().failures == {}
    return len(office.crm.written) - before


def pins(office: Office) -> Counter[str | None]:
    return Counter(row.pin for row in office.rows("outbox"))


def own(office: Office) -> dict[str, Any]:
    return {name: dict(office.crm._own[name]) for name in ("a", "b")}


def test_a_wrong_playbook_is_taken_back_for_good(office: Office) -> None:
    before = own(office)
    wrong_run = spoil(office)

    report = take_back(office, wrong_run)

    assert report.is_complete
    assert own(office) == before
    assert report.fates == {Fate.RESTORED: len(report.restored)}
    assert report.pinned == len(report.restored) > 0
    assert report.by_rep == {"Élise Gagnon": len(report.restored)}
    # The wrong rules are still in force, and don't come back.
    assert writes_of_cycles(office, 3) == 0
    publish(office, shipped())
    assert writes_of_cycles(office, 3) == 0
    assert own(office) == before
    assert pins(office).keys() == {None}


@ONE
def test_rolling_back_first_comes_to_the_same(office: Office) -> None:
    before = own(office)
    wrong_run = spoil(office)
    publish(office, shipped())
    report = take_back(office, wrong_run)
    assert report.is_complete
    assert own(office) == before
    assert writes_of_cycles(office, 3) == 0
    assert own(office) == before
    assert pins(office).keys() == {None}


@ONE
def test_after_a_cycle_of_the_right_playbook_there_is_nothing_left_to_undo(office: Office) -> None:
    before = own(office)
    wrong_run = spoil(office)
    publish(office, shipped())
    office.cycle()
    written = len(office.crm.written)
    report = take_back(office, wrong_run)
    assert report.fates.keys() == {Fate.KEPT}
    assert len(office.crm.written) == written
    assert own(office) == before
    assert pins(office).keys() == {None}


def test_an_edit_of_a_person_since_is_left_alone_and_named(office: Office) -> None:
    wrong_run = spoil(office)
    office.now += MINUTE
    # Nobody has pulled since: only a look at the CRM itself can tell.
    office.crm.edit_own_field("a", "tier", "bronze", author="Élise Gagnon")

    report = take_back(office, wrong_run)

    assert tiers(office) == {"a": "bronze", "b": RIGHT}
    (left,) = report.left
    assert (left.account, left.field, left.now, left.fate, left.author, left.edited_at) == (
        "a", "tier", "bronze", Fate.EDITED, "Élise Gagnon", office.now - MINUTE,
    )  # fmt: skip
    # Only the reason of the tier, which tells that the edit was heard.
    assert writes_of_cycles(office) == 1
    assert tiers(office) == {"a": "bronze", "b": RIGHT}
    # It is heard as any other edit.
    (heard,) = office.rows("challenge")
    assert (heard.field, heard.value, heard.author) == ("tier", "bronze", "Élise Gagnon")


@ONE
def test_what_a_later_run_wrote_is_left_alone(office: Office) -> None:
    wrong_run = spoil(office)
    office.put_accounts("a", potential="100000")
    later = office.cycle().run_id
    held = office.crm.own_field("a", "tier")
    assert held not in {RIGHT, WRONG}

    report = take_back(office, wrong_run)

    assert tiers(office) == {"a": held, "b": RIGHT}
    (tier,) = [each for each in report.left if each.field == "tier"]
    assert (tier.account, tier.fate, tier.later_run) == ("a", Fate.LATER, later)
    assert writes_of_cycles(office) == 0


@ONE
def test_a_pin_ends_when_the_rules_come_to_another_result(office: Office) -> None:
    take_back(office, spoil(office))
    office.put_accounts("a", potential="100000")
    office.cycle()
    assert office.crm.own_field("a", "tier") not in {RIGHT, WRONG}
    assert office.crm.own_field("b", "tier") == RIGHT
    assert {row.pin for row in office.debts("a") if row.field == "tier"} == {None}
    assert writes_of_cycles(office) == 0


@ONE
def test_a_release_gives_the_values_back_to_the_rules(office: Office) -> None:
    wrong_run = spoil(office)
    pinned = take_back(office, wrong_run).pinned
    book = office.app.published().rulebook
    assert undo.release(office.app, book, wrong_run) == pinned
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}
    office.cycle()
    assert tiers(office) == {"a": WRONG, "b": WRONG}
    assert writes_of_cycles(office) == 0
    with pytest.raises(NothingPinnedError):
        undo.release(office.app, book, wrong_run)


@ONE
def test_undoing_an_undoing_brings_the_values_back(office: Office) -> None:
    wrong_run = spoil(office)
    spoiled = own(office)
    undoing_run = take_back(office, wrong_run).run_id
    assert undoing_run is not None
    again = take_back(office, undoing_run)
    assert again.is_complete
    assert own(office) == spoiled
    # The rules want them as well: nothing needs to be pinned.
    assert pins(office).keys() == {None}
    assert writes_of_cycles(office) == 0


@ONE
def test_undoing_twice_changes_nothing(office: Office) -> None:
    wrong_run = spoil(office)
    take_back(office, wrong_run)
    before, written = pins(office), len(office.crm.written)
    report = take_back(office, wrong_run)
    assert report.fates.keys() == {Fate.KEPT}
    assert (pins(office), len(office.crm.written)) == (before, written)


@ONE
def test_the_first_values_of_all_are_cleared(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a", "b")
    first = office.cycle().run_id
    report = take_back(office, first)
    assert report.fates == {Fate.RESTORED: 2 * FIELDS}
    assert tiers(office) == {"a": None, "b": None}
    assert writes_of_cycles(office) == 0


def test_a_value_of_unknown_outcome_is_undone_too(office: Office) -> None:
    publish(office, wrong_playbook())
    office.crm.lose_answer()
    wrong_run = office.cycle().run_id
    assert tiers(office) == {"a": WRONG, "b": WRONG}
    shown = undo.preview(office.app, VENDOR, wrong_run)
    assert {each.now for each in shown.restored if each.field == "tier"} == {WRONG}
    assert take_back(office, wrong_run).is_complete
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}
    assert writes_of_cycles(office) == 0


@ONE
def test_a_value_that_never_reached_the_crm_is_not_sent_any_more(office: Office) -> None:
    publish(office, wrong_playbook())
    office.crm.silent.update({"a", "b"})
    wrong_run = office.cycle().run_id
    for name in ("a", "b"):
        office.crm.edit_own_field(name, "tier", RIGHT)
    office.crm.silent.clear()
    report = take_back(office, wrong_run)
    assert report.fates[Fate.KEPT] == 2
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}
    assert writes_of_cycles(office) == 0


@ONE
def test_an_undoing_that_leaves_a_locked_record_is_not_complete(office: Office) -> None:
    wrong_run = spoil(office)
    office.crm.lock("a")
    report = take_back(office, wrong_run)
    assert report.pushed is not None
    assert (report.pushed.stopped, report.pushed.rejected) == (None, 0)
    assert (report.pushed.left > 0, report.is_complete) == (True, False)
    office.crm.accept("a")
    assert take_back(office, wrong_run).is_complete
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}


@ONE
def test_an_undoing_that_stops_goes_on_with_the_next_push_or_when_it_is_done_again(
    office: Office,
) -> None:
    wrong_run = spoil(office)
    office.crm.fail(Retriable(BUSY), on_call=2)
    report = take_back(office, wrong_run)
    assert report.pushed is not None
    assert (report.pushed.stopped, report.is_complete) == (BUSY, False)
    assert tiers(office) == {"a": WRONG, "b": WRONG}
    assert take_back(office, wrong_run).is_complete
    assert tiers(office) == {"a": RIGHT, "b": RIGHT}
    assert writes_of_cycles(office) == 0


@ONE
def test_only_the_values_of_the_run_are_written(office: Office) -> None:
    wrong_run = spoil(office)
    office.put_accounts("c")
    office.decide()
    written = len(office.crm.written)
    take_back(office, wrong_run)
    assert {change.external_id for change in office.crm.written[written:]} == {"a", "b"}
    assert len(office.crm.tasks) == 1


@ONE
def test_a_look_ahead_costs_no_call_and_changes_nothing(office: Office) -> None:
    wrong_run = spoil(office)
    calls, before = office.crm.calls, office.rows("outbox")
    report = undo.preview(office.app, VENDOR, wrong_run)
    assert (office.crm.calls, office.rows("outbox")) == (calls, before)
    assert report.pushed is None
    (tier, *_) = [each for each in report.restored if each.field == "tier"]
    assert (tier.account, tier.now, tier.before) == ("a", WRONG, RIGHT)
    assert len(report.restored) == len(take_back(office, wrong_run).restored)


@ONE
def test_an_account_that_is_gone_is_named(office: Office) -> None:
    wrong_run = spoil(office)
    office.crm.archive(Kind.ACCOUNT, "a")
    report = take_back(office, wrong_run)
    assert {(each.account, each.fate) for each in report.left} == {("a", Fate.GONE)}
    assert tiers(office)["b"] == RIGHT


@ONE
def test_a_run_that_does_not_exist_is_said_not_to(office: Office) -> None:
    with pytest.raises(UnknownRunError):
        undo.vendors(office.app, 999)
    wrong_run = spoil(office)
    assert undo.vendors(office.app, wrong_run) == [VENDOR]


# Tasks.


def test_the_tasks_of_the_run_are_closed_and_none_comes_back(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a", "b")
    first = office.cycle().run_id
    ((key, _),) = office.crm.tasks.items()

    report = take_back(office, first)

    assert (report.tasks.open, report.closed_tasks, report.finished_tasks) == (1, 1, 0)
    assert office.crm.finished == {key}
    for _ in range(2):
        office.now += 7 * 24 * 60 * MINUTE
        office.cycle()
    assert list(office.crm.tasks) == [key]


@ONE
def test_a_task_that_a_person_completed_is_named(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a", "b")
    first = office.cycle().run_id
    ((key, _),) = office.crm.tasks.items()
    office.crm.finish_task(key)
    report = take_back(office, first)
    assert (report.closed_tasks, report.finished_tasks) == (0, 1)
    assert "1" in report.beyond[-1].en


@ONE
def test_the_task_of_another_run_stays_open(office: Office) -> None:
    report = take_back(office, spoil(office))
    assert (report.tasks.open, report.closed_tasks) == (0, 0)
    assert office.crm.finished == set()


@ONE
def test_a_task_that_may_have_been_created_is_closed(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a", "b")
    office.crm.dies_after_task = True
    with pytest.raises(Died):
        office.cycle()
    office.crm.dies_after_task = False
    (row,) = office.rows("run")
    ((key, _),) = office.crm.tasks.items()

    report = take_back(office, row.id)

    assert (report.tasks.open, report.closed_tasks) == (1, 1)
    assert office.crm.finished == {key}
    office.cycle()
    assert list(office.crm.tasks) == [key]


# Fields that a playbook writes no more.


@cache
def playbook_without_segment() -> Rulebook:
    """The shipped playbook, from which somebody has dropped an optional field."""
    found = read_playbook(SHIPPED_PLAYBOOK)
    found["fields.yaml"] = found["fields.yaml"].replace(b"optional: [segment, ", b"optional: [")
    return compile_rulebook(found)


@ONE
@pytest.mark.parametrize("rolls_back_first", [True, False])
def test_a_field_that_was_cleared_comes_back(office: Office, rolls_back_first: bool) -> None:  # noqa: FBT001 - a parameter of the test
    before = own(office)
    publish(office, playbook_without_segment())
    clearing = office.cycle().run_id
    assert office.crm.own_field("a", "segment") is None
    if rolls_back_first:
        publish(office, shipped())
        take_back(office, clearing)
    else:
        take_back(office, clearing)
        assert own(office) == before
        assert writes_of_cycles(office) == 0
        publish(office, shipped())
    assert own(office) == before
    assert writes_of_cycles(office) == 0
    assert pins(office).keys() == {None}


@ONE
def test_a_field_that_was_filled_for_the_first_time_is_emptied(store: Store) -> None:
    office = Office(store)
    publish(office, playbook_without_segment())
    office.put_accounts("a", "b")
    office.cycle()
    before = own(office)
    publish(office, shipped())
    filling = office.cycle().run_id
    assert office.crm.own_field("a", "segment") is not None
    report = take_back(office, filling)
    assert {each.field for each in report.restored} == {"segment"}
    assert own(office) == before
    assert writes_of_cycles(office) == 0
    publish(office, playbook_without_segment())
    assert writes_of_cycles(office) == 0
    assert pins(office).keys() == {None}


@ONE
def test_a_field_that_the_crm_has_lost_is_named_and_the_others_are_put_back(
    office: Office,
) -> None:
    wrong_run = spoil(office)
    office.crm.delete_own_field("tier")
    office.cycle()
    report = take_back(office, wrong_run)
    assert {(each.field, each.fate) for each in report.left} == {("tier", Fate.GONE)}
    assert report.fates[Fate.RESTORED] > 0
    assert report.is_complete
