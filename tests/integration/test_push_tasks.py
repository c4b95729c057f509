"""A task after its creation: it follows its alert, until a person has finished with it."""

import pytest

from connectors.base import Retriable
from rules.language import Text
from service.store.engine import Store
from tests.integration.office import DAY, Office

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
WEEK = 7 * DAY


@pytest.fixture
def tasked(store: Store) -> Office:
    """An office whose one task is in the CRM."""
    office = Office(store)
    office.put_accounts("a")
    office.cycle()
    assert len(office.crm.tasks) == 1
    return office


def the_task(office: Office) -> str:
    ((key, _),) = office.crm.tasks.items()
    return key


def recover(office: Office) -> None:
    office.set_alert(state="recovered", recovered_on=20_700)


def test_next_week_s_figures_go_into_the_open_task(tasked: Office) -> None:
    key, before = the_task(tasked), tasked.crm.tasks[the_task(tasked)]
    tasked.now += WEEK

    report = tasked.cycle()

    after = tasked.crm.tasks[key]
    assert report.pushed["hubspot"].tasks == {"updated": 1}
    (alert,) = tasked.rows("alert")
    assert (after.subject, after.body) == (alert.subject_line, alert.body)
    assert after.subject != before.subject
    assert (after.due_at, after.owner_id, after.key) == (
        before.due_at,
        before.owner_id,
        before.key,
    )
    assert list(tasked.crm.tasks) == [key]
    assert tasked.push().calls == 0


def test_a_recovered_episode_completes_its_task(tasked: Office) -> None:
    recover(tasked)

    assert tasked.push().tasks == {"completed": 1}

    assert tasked.crm.finished == {the_task(tasked)}
    assert [row.task_state for row in tasked.rows("alert")] == ["done"]
    assert tasked.push().calls == 0


@pytest.mark.parametrize("has_recovered", [True, False])
def test_a_task_that_a_rep_completed_is_left_alone(tasked: Office, has_recovered: bool) -> None:  # noqa: FBT001 - a parameter of the test
    key = the_task(tasked)
    before = tasked.crm.tasks[key]
    tasked.crm.finish_task(key)
    if has_recovered:
        recover(tasked)
    else:
        tasked.set_alert(body="Les chiffres de la semaine.")

    assert tasked.push().tasks == {"unchanged": 1}

    assert tasked.crm.tasks == {key: before}
    (alert,) = tasked.rows("alert")
    assert (alert.task_state, alert.task_id) == ("done", key)
    tasked.set_alert(body="Ceux d'après.")
    assert tasked.push().calls == 0


def test_a_task_that_nobody_knows_whether_it_exists_ends_with_its_episode(tasked: Office) -> None:
    key = the_task(tasked)
    tasked.set_alert(task_state="sending", task_id=None)
    recover(tasked)

    assert tasked.push().tasks == {"completed": 1}

    assert tasked.crm.finished == {key}
    tasked.set_alert(task_state="sending", task_id=None)
    tasked.crm.tasks.clear()
    assert tasked.push().tasks == {"unchanged": 1}
    assert tasked.crm.tasks == {}


def test_a_task_found_again_is_brought_up_to_date(tasked: Office) -> None:
    tasked.set_alert(task_state="sending", task_id=None, body="Plus récent.")

    assert tasked.push().tasks == {"applied": 1}

    assert [task.body for task in tasked.crm.tasks.values()] == ["Plus récent."]
    assert tasked.push().calls == 0


def test_a_busy_crm_keeps_the_news_for_the_next_push(tasked: Office) -> None:
    tasked.set_alert(body="Plus récent.")
    tasked.crm.fail(Retriable(BUSY))

    assert tasked.push().stopped == BUSY
    assert tasked.push().tasks == {"updated": 1}
    assert tasked.push().calls == 0


def test_a_refused_rewrite_waits_for_the_next_news(tasked: Office) -> None:
    tasked.set_alert(body="Refusé.")
    tasked.crm.refuse("a", "No.")

    assert tasked.push().tasks == {"rejected": 1}

    (alert,) = tasked.rows("alert")
    assert alert.task_state == "created"
    assert alert.task_reason.startswith("No. – ")
    tasked.crm.accept("a")
    assert tasked.push().calls == 0
    tasked.set_alert(body="Accepté.")
    assert tasked.push().tasks == {"updated": 1}


def test_a_pilot_leaves_the_tasks_of_the_others(tasked: Office) -> None:
    recover(tasked)

    assert tasked.push(rep_key="marc").calls == 0
    assert tasked.push(rep_key="elise").tasks == {"completed": 1}
