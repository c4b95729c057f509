"""Pushing values and tasks into a CRM that refuses, is silent, fails, or dies with us."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from connectors.base import Change, Fatal, Outcome, Retriable, State
from rules.language import Text
from rules.rulebook import compile_rulebook
from service import owe
from service.app import read_playbook
from service.preview import BATCH
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks
from service.store.engine import Store, StoreError
from tests.integration.office import DAY, FIELDS, MINUTE, Crm, Died, Office

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
REVOKED = Text("La clé est révoquée.", "The key is revoked.")


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_a_refused_record_keeps_the_reason_and_blocks_nobody(office: Office) -> None:
    office.put_accounts("a", "b", "c")
    office.decide()
    office.crm.refuse("b", "The record is locked by an administrator.")

    report = office.push()

    assert report.values == {"applied": 2 * FIELDS, "rejected": FIELDS}
    assert report.stopped is None
    assert {row.state for row in office.debts("b")} == {"rejected"}
    for row in office.debts("b"):
        assert row.reason.startswith("The record is locked by an administrator. – ")
        assert "Corrigez la fiche" in row.reason
    assert {row.state for row in office.debts("a")} == {"settled"}
    assert office.crm.own_field("c", "tier") == "silver"
    assert len([row for row in office.rows("push_journal") if row.outcome == "rejected"]) == FIELDS


def test_a_refused_record_is_not_sent_again_until_its_value_changes(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    office.crm.refuse("a", "locked")
    office.push()
    office.crm.accept("a")
    for _ in range(3):
        office.now += DAY
        assert office.push().calls == 0
    # 600,000 → 20,000: bronze, and what differs is sent.
    office.put_accounts("a", potential="20000")
    office.decide()
    assert office.push().values["applied"] > 0
    assert office.crm.own_field("a", "tier") == "bronze"


def test_a_record_that_the_answer_leaves_out_is_tried_later_and_not_at_once(
    office: Office,
) -> None:
    office.put_accounts("a", "b")
    office.decide()
    office.crm.silent = {"b"}

    assert office.push().values == {"applied": FIELDS, "unknown": FIELDS}
    # Nothing before the first minute; then again, and each time twice as long.
    assert office.push().calls == 0
    for wait in (1, 2, 4, 8):
        office.now += wait * MINUTE - 1
        assert office.push().calls == 0
        office.now += 1
        assert office.push().values == {"unknown": FIELDS}
    assert {row.state for row in office.debts("b")} == {"owed"}
    office.crm.silent = set()
    office.now += 16 * MINUTE
    assert office.push().values == {"applied": FIELDS}
    assert office.push().calls == 0


def test_a_busy_crm_stops_the_push_which_says_so_and_goes_on_later(office: Office) -> None:
    names = [f"a{number:03}" for number in range(BATCH + 20)]
    office.put_accounts(*names)
    office.decide()
    office.crm.fail(Retriable(BUSY), on_call=2)

    report = office.push()

    assert report.stopped == BUSY
    assert report.written == BATCH * FIELDS
    assert report.calls == 2
    after = office.push()
    assert (after.written, after.stopped) == (20 * FIELDS, None)
    assert len(office.crm.written) == len(names)
    assert office.push().calls == 0


def test_values_whose_answer_was_lost_are_written_again_as_they_are(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    office.crm.lose_answer()

    assert office.push().stopped is not None
    assert office.crm.own_field("a", "tier") == "silver"
    assert {row.state for row in office.debts("a")} == {"owed"}
    assert office.push().written == FIELDS
    assert [change.values for change in office.crm.written] == [office.crm.written[0].values] * 2
    # Pulled again, our own value is no edit of a person.
    report = office.cycle()
    assert report.pushed["hubspot"].read_back == {}


def test_a_crm_that_can_not_go_on_raises(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    office.crm.fail(Fatal(REVOKED))
    with pytest.raises(Fatal):
        office.push()
    assert office.push().written == FIELDS


def test_a_push_for_one_rep_leaves_the_others_owed(office: Office) -> None:
    office.put_accounts("hers")
    office.put_accounts("his", owner="502")
    office.decide()
    assert office.push(rep_key="marc").written == FIELDS
    assert office.crm.own_field("his", "tier") == "silver"
    assert office.crm.own_field("hers", "tier") is None
    assert office.crm.tasks == {}
    assert office.push().written == FIELDS
    assert [task.owner_id for task in office.crm.tasks.values()] == ["501"]


# Tasks. Élise opened nothing in thirteen weeks, for 36 expected: one task.


@pytest.fixture
def owing(office: Office) -> Office:
    """An office that owes one task and whose values are written."""
    office.put_accounts("a")
    office.decide()
    assert [row.task_state for row in office.rows("alert")] == ["owed"]
    return office


def one_task(office: Office) -> None:
    """The task exists once, and the store knows which."""
    ((key, task),) = office.crm.tasks.items()
    (alert,) = office.rows("alert")
    assert (alert.task_state, alert.task_id) == ("created", key)
    assert (task.key, task.owner_id, task.account_id) == (alert.key, "501", "a")
    assert task.subject == "Opportunités ouvertes en 13 semaines : 0, pour 36 attendues"


def test_a_task_is_created_once(owing: Office) -> None:
    assert owing.push().tasks == {"applied": 1}
    one_task(owing)
    assert owing.push().calls == 0


def test_a_push_that_dies_after_it_created_a_task_does_not_create_it_again(owing: Office) -> None:
    owing.crm.dies_after_task = True
    with pytest.raises(Died):
        owing.push()
    assert [row.task_state for row in owing.rows("alert")] == ["sending"]
    owing.crm.dies_after_task = False
    assert owing.push().tasks == {"applied": 1}
    one_task(owing)


def test_a_push_that_dies_before_it_created_a_task_creates_it_next_time(owing: Office) -> None:
    owing.crm.dies_before_task = True
    with pytest.raises(Died):
        owing.push()
    assert owing.crm.tasks == {}
    owing.crm.dies_before_task = False
    owing.push()
    one_task(owing)


def test_a_task_whose_answer_was_lost_is_looked_for_and_not_created_again(owing: Office) -> None:
    # The values first, so that the next write is the task.
    owing.set_alert(task_state="none")
    owing.push()
    owing.set_alert(task_state="owed")
    owing.crm.lose_answer()
    assert owing.push().tasks == {State.UNKNOWN.value: 1}
    assert [row.task_state for row in owing.rows("alert")] == ["sending"]
    owing.push()
    one_task(owing)


def test_a_busy_crm_leaves_the_task_for_the_next_push(owing: Office) -> None:
    # One call for the values, one to look for the task, one to create it.
    owing.crm.fail(Retriable(BUSY), on_call=3)
    report = owing.push()
    assert (report.written, report.stopped) == (FIELDS, BUSY)
    assert owing.crm.tasks == {}
    assert owing.push().tasks == {"applied": 1}
    one_task(owing)


def test_a_refused_task_keeps_the_reason_and_is_not_tried_again(owing: Office) -> None:
    owing.crm.refuse("a", "No tasks on this record.")
    assert owing.push().tasks == {"rejected": 1}
    (alert,) = owing.rows("alert")
    assert alert.task_state == "rejected"
    assert alert.task_reason.startswith("No tasks on this record. – ")
    owing.crm.accept("a")
    assert owing.push().tasks == {}
    assert owing.crm.tasks == {}


def test_a_task_whose_rule_has_left_the_playbook_is_not_created_and_says_why(
    owing: Office,
) -> None:
    owing.publish_without_alerts()
    assert owing.push().tasks == {"rejected": 1}
    (alert,) = owing.rows("alert")
    assert alert.task_state == "rejected"
    assert "n'est plus dans alerts.yaml" in alert.task_reason
    assert owing.crm.tasks == {}


def test_a_task_that_was_created_by_a_push_that_died_is_known_though_its_rule_left(
    owing: Office,
) -> None:
    owing.crm.dies_after_task = True
    with pytest.raises(Died):
        owing.push()
    owing.crm.dies_after_task = False
    owing.publish_without_alerts()
    assert owing.push().tasks == {"applied": 1}
    one_task(owing)


# What was refused, and is sent again.


def test_why_values_were_refused_is_told_and_they_are_sent_again_on_request(
    office: Office,
) -> None:
    office.put_accounts("a", "b", "c")
    office.decide()
    for name in ("a", "b"):
        office.crm.refuse(name, "Locked by an admin.")

    report = office.push()

    assert report.rejected == 2 * FIELDS + 1
    values, task = report.rejections
    assert (values.count, values.account) == (2 * FIELDS, "a")
    assert values.reason.startswith("Locked by an admin. – Le CRM a refusé")
    assert (task.count, task.account) == (1, "a")
    assert office.push().rejections == []
    for name in ("a", "b"):
        office.crm.accept(name)
    assert owe.retry(office.app.store, office.connection_id) == 2 * FIELDS + 1
    after = office.push()
    assert (after.written, after.tasks, after.rejected) == (2 * FIELDS, {"applied": 1}, 0)


def test_only_the_refusals_of_a_rep_are_sent_again_in_a_pilot(office: Office) -> None:
    office.put_accounts("hers")
    office.put_accounts("his", owner="502")
    office.decide()
    office.crm.refuse("hers", "No.")
    office.crm.refuse("his", "No.")
    office.push()
    assert owe.retry(office.app.store, office.connection_id, rep_key="marc") == FIELDS
    assert {row.state for row in office.debts("hers")} == {"rejected"}
    assert {row.state for row in office.debts("his")} == {"owed"}


# Values that left and whose outcome nobody has written down.


class Dying(Crm):
    """A CRM whose writes are the last thing that this process does."""

    after_update: Callable[[], None] | None = None

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        outcomes = super().update(changes)
        if self.after_update is not None:
            self.after_update()
        return outcomes


class Filling(Store):
    """A store whose disk fills up when it is told so."""

    is_full = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if Filling.is_full:
            raise StoreError(BUSY)
        with super().write() as connection:
            yield connection


def die() -> None:
    raise Died


def fill() -> None:
    Filling.is_full = True


@pytest.mark.parametrize(("end", "raised"), [(die, Died), (fill, StoreError)])
def test_what_was_written_and_not_recorded_is_no_edit_of_a_person(
    store: Store, end: Callable[[], None], raised: type[BaseException]
) -> None:
    office = Office(Filling(store.engine, store.place, store.schema))
    office.crm = crm = Dying(office)
    office.furnish(crm)
    office.put_accounts("a")
    office.cycle()
    # Bronze is written, and then silver is wanted again.
    office.put_accounts("a", potential="20000")
    office.decide()
    crm.after_update = end
    with pytest.raises(raised):
        office.push()
    crm.after_update, Filling.is_full = None, False
    assert crm.own_field("a", "tier") == "bronze"
    assert "sending" in {row.outcome for row in office.rows("push_journal")}
    office.put_accounts("a", potential="600000")

    report = office.cycle()

    assert report.pushed["hubspot"].read_back["drift"] == 0
    assert report.pushed["hubspot"].read_back["owed"] > 0
    assert crm.own_field("a", "tier") == "silver"
    assert office.rows("challenge") == []


def test_a_batch_that_the_crm_did_not_take_is_withdrawn_from_the_journal(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    office.crm.fail(Retriable(BUSY))
    office.push()
    lines = office.rows("push_journal")
    assert {(line.outcome, line.reason) for line in lines} == {("deferred", BUSY.en)}


# A field that the playbook writes no more.


def publish(office: Office, *optional: str) -> None:
    """The shipped playbook with these opt-in fields."""
    files = read_playbook(SHIPPED_PLAYBOOK)
    text = files["fields.yaml"].decode()
    listed = ", ".join(optional)
    changed = re.sub(r"optional: \[.*\]", f"optional: [{listed}]", text)
    assert changed != text
    files["fields.yaml"] = changed.encode()
    with office.app.store.write() as connection:
        rulebooks.publish(
            connection, compile_rulebook(files), author="ops", reason="", now=office.now
        )


def test_a_field_taken_out_of_the_playbook_is_cleared_in_the_crm(office: Office) -> None:
    office.put_accounts("a")
    office.cycle()
    assert office.crm.own_field("a", "contact_status") is not None

    publish(office, "segment", "quadrant")

    report = office.cycle().pushed["hubspot"]
    assert report.values == {"applied": 1}
    assert office.crm.own_field("a", "contact_status") is None
    assert office.crm.own_field("a", "tier") == "silver"
    assert office.cycle().pushed["hubspot"].calls == 0


def test_a_field_that_the_crm_has_lost_as_well_holds_nothing_else_back(office: Office) -> None:
    office.put_accounts("a")
    office.cycle()
    publish(office, "segment", "quadrant")
    del office.crm.own_schema["contact_status"]
    office.put_accounts("a", potential="20000")

    report = office.cycle().pushed["hubspot"]

    assert report.values["rejected"] == 1
    assert office.crm.own_field("a", "tier") == "bronze"
