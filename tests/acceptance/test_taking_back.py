"""A wrong playbook is published, pushed, undone and rolled back, in the worked case.

The emulated HubSpot says what holds: the values of before, no write in the cycles that follow, the
tasks that the wrong playbook caused closed, and a person's own edit where the person left it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from rules.rulebook import Rulebook, compile_rulebook
from service import lease, rollback, undo
from service.app import read_playbook
from service.cycle_report import CycleReport
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks, runs
from service.undo import UndoReport
from tests.acceptance.territory import VENDOR, Territory

OWN = ("tier", "priority", "next_contact", "why", "segment", "quadrant", "contact_status")
# From Monday 07:00, when the worked case stands, to the next one, before its look.
TO_NEXT_MONDAY = timedelta(days=6, hours=22)
# So many cycles in a row are not the matter: the rate is that of nobody else's.
HURRIED = {"ten_second_limit": 100_000, "search_per_second": 1_000}
TO_LOOK = timedelta(hours=2, minutes=5)


def wrong_playbook() -> Rulebook:
    """The shipped one with two slips: any high potential is gold, and a rule stands there twice."""
    files = read_playbook(SHIPPED_PLAYBOOK)
    right, slip = (b"potential_level: high\n      then: " + tier for tier in (b"silver", b"gold"))
    assert right in files["segments.yaml"]
    files["segments.yaml"] = files["segments.yaml"].replace(right, slip)
    name, following = b"  new_opportunities:\n", b"  conversion:\n"
    _, _, rest = files["alerts.yaml"].partition(name)
    rule, _, _ = rest.partition(following)
    again = b"  new_opportunities_again:\n" + rule + following
    files["alerts.yaml"] = files["alerts.yaml"].replace(following, again)
    return compile_rulebook(files)


def held(territory: Territory) -> Mapping[str, Mapping[str, str]]:
    """Our fields on every company, as the portal has them."""
    return {
        row.external_id: {
            name: value
            for name, value in territory.record(row.external_id).items()
            if name.startswith("arpent_")
        }
        for row in territory.rows("account")
    }


def publish(territory: Territory, book: Rulebook) -> None:
    with territory.app.store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="essai", now=territory.app.clock())


def take_back(territory: Territory, run_id: int) -> UndoReport:
    """`arpent undo`, as the command does it."""
    app = territory.app
    with lease.held(app, VENDOR) as renew:
        with app.store.write() as connection:
            undoing = runs.begin_run(connection, "undo", app.clock())
        book = app.published().rulebook
        return undo.run(app, territory.connector, book, run_id, undoing, renew=renew)


def cycle(territory: Territory) -> CycleReport:
    territory.wait()
    return territory.cycle()


def writes_of_three_cycles(territory: Territory) -> list[dict[str, Any]]:
    after = len(territory.portal.history())
    for _ in range(3):
        cycle(territory)
    return territory.writes(after)


def open_tasks(territory: Territory) -> list[str]:
    with territory.portal.portal.lock:
        tasks = territory.portal.portal.state.tables["tasks"].records.values()
        return [each.id for each in tasks if each.values.get("hs_task_status") != "COMPLETED"]


@pytest.mark.parametrize(
    ("database", "order"),
    [("sqlite", "rollback first"), ("postgresql", "undo first")],
)
def test_a_wrong_playbook_leaves_nothing_behind(territory: Territory, order: str) -> None:
    territory.portal.switches.change(HURRIED)
    territory.wait(TO_NEXT_MONDAY)
    territory.cycle()
    right, before = territory.app.published().id, held(territory)
    publish(territory, wrong_playbook())
    territory.wait(TO_LOOK)
    wrong_run = territory.cycle().run_id
    spoiled = held(territory)
    tasks = open_tasks(territory)
    assert len(tasks) >= 2
    moved = [key for key in before if before[key] != spoiled[key]]
    golden = [key for key in moved if spoiled[key]["arpent_tier"] == "gold"]
    assert len(golden) > 5
    theirs = golden[0]
    territory.edit("companies", theirs, arpent_tier="bronze")

    if order == "undo first":
        report = take_back(territory, wrong_run)
        rollback.run(territory.app, None, author="ops", reason="")
    else:
        rollback.run(territory.app, str(right), author="ops", reason="")
        report = take_back(territory, wrong_run)

    assert report.is_complete
    (left,) = report.left
    assert (left.external_id, left.field, left.now) == (theirs, "tier", "bronze")
    assert left.author
    assert report.closed_tasks == len(tasks)
    expected = {**before, theirs: {**before[theirs], "arpent_tier": "bronze"}}
    assert held(territory) == expected
    # Only the reason of their tier, which tells that the edit was heard.
    assert len(writes_of_three_cycles(territory)) == 1
    why = held(territory)[theirs]["arpent_why"]
    assert why.startswith(f"{before[theirs]['arpent_why']} (contestation reçue le ")
    expected[theirs] = {**expected[theirs], "arpent_why": why}
    assert held(territory) == expected
    assert open_tasks(territory) == []
    (heard,) = territory.rows("challenge")
    assert (heard.field, heard.value, heard.author) == ("tier", "bronze", left.author)
    # The rules want what is there: nothing is pinned any more.
    assert {row.pin for row in territory.rows("outbox")} == {None}
