"""What a rep does with the task of an alert in the CRM is their answer, and is heard."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row

from rules.alert.lines import Answer
from service import status
from service.alert import AlertLine, AlertReport
from service.cli.show import cycle as show
from service.cli.show import status as status_show
from tests.acceptance.territory import VENDOR, Territory

A_WEEK = timedelta(days=7)
A_LITTLE_MORE_THAN_AN_HOUR = timedelta(minutes=61)

# What a rep does, what it answers, and what people read of it.
ANSWERS = [
    ("complete_task", Answer.DONE, "déjà fait"),
    ("delete_task", Answer.NOT_RELEVANT, "pas pertinent"),
]


def the_episode(territory: Territory) -> Row[Any]:
    """The one whose task is in the CRM: too few opportunities were opened."""
    (found,) = [row for row in territory.rows("alert") if row.rule == "new_opportunities"]
    return found


def created(territory: Territory) -> list[str]:
    """Every task that was ever created in the portal about opportunities, in order."""
    return [
        row["id"]
        for row in territory.writes()
        if row["objectType"] == "tasks"
        and row["property"] == "hs_task_subject"
        and row["before"] is None
        and row["after"].startswith("Opportunités ouvertes")
    ]


def told_of(found: AlertReport, key: str) -> AlertLine:
    (line,) = [each for each in found.lines if each.key == key]
    return line


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(("action", "answer", "words"), ANSWERS)
def test_a_task_that_a_rep_finished_or_deleted_is_heard_shown_and_not_created_again(
    territory: Territory,
    capsys: pytest.CaptureFixture[str],
    action: str,
    answer: Answer,
    words: str,
) -> None:
    territory.cycle()
    task = the_episode(territory).task_id
    territory.portal.act(action, id=task)
    territory.wait(A_LITTLE_MORE_THAN_AN_HOUR)

    heard = territory.cycle()

    assert heard.answered[VENDOR].counts == {answer.value: 1}
    episode = the_episode(territory)
    assert (episode.answer, episode.state) == (answer.value, "open")
    show.answered(VENDOR, heard.answered[VENDOR])
    status_show.status(status.run(territory.app))
    told = capsys.readouterr().out
    assert f"hubspot : {words} : 1." in told
    assert f"dont 1 {words}" in told

    territory.wait(A_WEEK)
    reviewed = territory.cycle().alerted

    assert reviewed is not None
    assert told_of(reviewed, episode.key).answer is answer
    show.alerted(reviewed)
    assert f"({words})" in capsys.readouterr().out
    assert created(territory) == [task]


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_task_that_a_rep_moved_rests_and_is_read_before_the_review_too(
    territory: Territory, capsys: pytest.CaptureFixture[str]
) -> None:
    territory.cycle()
    task = the_episode(territory).task_id
    territory.portal.act("redate_task", id=task, due="2026-07-24T12:00:00Z")
    # A minute before the time of the weekly look, then at that time.
    territory.wait(A_WEEK - timedelta(minutes=1))
    early = territory.cycle()
    territory.wait(timedelta(minutes=1))
    reviewed = territory.cycle()

    assert early.answered[VENDOR].counts == {"later": 1}
    assert early.alerted is None
    assert reviewed.answered[VENDOR].asked > 0
    assert reviewed.answered[VENDOR].counts == {}
    assert reviewed.alerted is not None
    episode = the_episode(territory)
    assert told_of(reviewed.alerted, episode.key).answer is Answer.LATER
    show.alerted(reviewed.alerted)
    assert "(reporté jusqu'au 2026-07-24)" in capsys.readouterr().out
    assert created(territory) == [task]
