"""What people do with the tasks of alerts is heard once an hour, and before it is too late."""

import pytest

from connectors.base import Retriable
from rules.language import Text
from rules.time import day_of
from service import answers_to_tasks
from service.answers_to_tasks import Listened
from service.store.engine import Store
from tests.integration.office import DAY, MINUTE, VENDOR, Office

HOUR = 60 * MINUTE
BUSY = Text("Le CRM est occupé.", "The CRM is busy.")


@pytest.fixture
def tasked(store: Store) -> Office:
    """An office whose one task is in the CRM."""
    office = Office(store)
    office.put_accounts("a")
    office.cycle()
    assert len(office.crm.tasks) == 1
    return office


def the_task(office: Office) -> str:
    (key,) = office.crm.tasks
    return key


def listen(office: Office) -> Listened:
    return answers_to_tasks.run(
        office.app.store, office.crm, office.app.published().rulebook, office.connection_id,
        now=office.now,
    )  # fmt: skip


def later(office: Office) -> Listened:
    """A cycle an hour later."""
    office.now += HOUR
    return office.cycle().answered[VENDOR]


def test_tasks_are_read_once_an_hour_by_one_call(tasked: Office) -> None:
    asked = []
    for minutes in (10, 40, 10, 10, 51):
        tasked.now += (minutes - 1) * MINUTE
        asked.append(tasked.cycle().answered[VENDOR].asked)
    assert asked == [0, 0, 1, 0, 1]
    before = tasked.crm.calls
    assert listen(tasked).asked == 1
    assert tasked.crm.calls - before == 1


def test_nothing_is_read_while_no_task_is_open(tasked: Office) -> None:
    tasked.crm.finish_task(the_task(tasked))
    assert later(tasked).counts == {"done": 1}
    before = tasked.crm.calls
    assert later(tasked).asked == 0
    quiet = tasked.crm.calls - before
    tasked.set_alert(task_state="created", answer=None)
    before = tasked.crm.calls
    assert later(tasked).asked == 1
    assert tasked.crm.calls - before == quiet + 1


def test_a_task_is_read_before_it_would_be_rewritten(tasked: Office) -> None:
    """A push would take a deleted task for one that is done."""
    tasked.crm.delete_task(the_task(tasked))
    tasked.set_alert(body="Les chiffres de la semaine.")

    report = tasked.cycle()

    assert report.answered[VENDOR].counts == {"not_relevant": 1}
    assert report.pushed[VENDOR].tasks == {}
    assert tasked.crm.tasks == {}


def test_a_task_that_waits_rests_as_long_as_its_rule_says(tasked: Office) -> None:
    tasked.crm.put_off_task(the_task(tasked))

    assert later(tasked).counts == {"later": 1}

    (alert,) = tasked.rows("alert")
    book = tasked.app.published().rulebook
    rule = book.alerts.rule(alert.rule)
    assert rule is not None
    today = day_of(tasked.now, book.team.zone)
    assert (alert.answer, alert.snoozed_until_on) == ("later", today + rule.snooze)
    assert later(tasked).counts == {}
    assert tasked.rows("alert") == [alert]


def test_a_task_that_is_moved_rests_until_then_and_again_when_it_is_moved_on(
    tasked: Office,
) -> None:
    key, zone = the_task(tasked), tasked.app.published().rulebook.team.zone
    due_at = tasked.crm.tasks[key].due_at
    tasked.crm.move_task(key, due_at - DAY)
    assert later(tasked).counts == {}
    for days in (10, 20):
        tasked.crm.move_task(key, due_at + days * DAY)
        assert later(tasked).counts == {"later": 1}
        (alert,) = tasked.rows("alert")
        assert alert.snoozed_until_on == day_of(due_at + days * DAY, zone)
        assert later(tasked).counts == {}


def test_a_crm_that_does_not_answer_is_asked_again_at_the_next_cycle(
    tasked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasked.crm.finish_task(the_task(tasked))
    tasked.now += HOUR

    def busy(_task_ids: object) -> object:
        raise Retriable(BUSY)

    with monkeypatch.context() as patch:
        patch.setattr(tasked.crm, "read_tasks", busy)
        assert tasked.cycle().failures == {VENDOR: BUSY}

    assert tasked.cycle().answered[VENDOR].counts == {"done": 1}
