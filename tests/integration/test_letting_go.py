"""What a person orders: a held run that is released, or the file of a preview, exactly."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Retriable
from rules.language import Text
from rules.owned import Owned
from rules.records import Kind
from rules.thresholds import Threshold, Thresholds
from service import letting_go, preview, preview_file, runs, worker
from service.letting_go import NotHeldError, StaleError
from service.preview_file import PreviewFileError
from service.push_report import PushReport
from service.settings import Settings
from service.store import incidents
from service.store.engine import Store
from service.store.runs import RunState
from service.store.selections import Cause, Stale, Wanted
from tests.integration.office import VENDOR, Office

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
NAMES = ("a", "b", "c", "d")
# More than 30 % and more than two accounts, whatever the field.
SMALL = Thresholds(firm=Threshold(30, 2), moving=Threshold(30, 2))
SETTINGS = Settings(database_url="sqlite://", hold_count=2, hold_percent=30, hold_moving_percent=30)


@pytest.fixture
def office(store: Store) -> Office:
    """Four silver accounts in the CRM, of whom bronze is wanted by now, and a task that is owed."""
    made = Office(store)
    made.put_accounts(*NAMES)
    made.decide()
    made.set_alert(task_state="none")
    made.push()
    made.set_alert(task_state="owed")
    made.put_accounts(*NAMES, potential="20000")
    made.decide()
    return made


def wanted(office: Office, path: Path) -> list[Wanted]:
    """The changes of a preview, by way of its file."""
    crm, rulebook = office.app.connection(VENDOR), office.app.published().rulebook.hash
    changes = preview.all_changes(office.app.store, crm.id)
    preview_file.write(path, crm, rulebook, changes, made_at=office.now)
    return list(preview_file.read(path, crm, rulebook))


def push_file(office: Office, changes: list[Wanted], *, skips_stale: bool = False) -> PushReport:
    run_id = office.begin("push")
    report, _ = letting_go.choose(office.pusher(SMALL), changes, run_id, skips_stale=skips_stale)
    return report


def sums_up(report: PushReport) -> None:
    """What was owed is written, rejected, held or left."""
    values = report.values
    assert report.owed == (values["applied"] + values["rejected"] + values["held"] + report.left)


def test_a_mass_change_is_held_told_once_and_released(office: Office) -> None:
    app = office.settled(office.app.store, SETTINGS)
    report = office.cycle(app=app)

    pushed = report.pushed[VENDOR]
    sums_up(pushed)
    fields = {each.field: each.values for each in report.held}
    assert fields[Owned.TIER] == len(NAMES)
    assert pushed.values["held"] == sum(fields.values())
    assert pushed.tasks == {"applied": 1}
    assert {office.crm.own_field(name, "tier") for name in NAMES} == {"silver"}
    assert runs.show(app.store, report.run_id).run.state is RunState.HELD
    # The next cycle sends nothing, holds nothing anew, and still tells what waits.
    again = office.cycle(app=app)
    assert (again.newly_held, again.held) == ([], report.held)
    assert again.pushed[VENDOR].calls == 0
    assert runs.show(app.store, again.run_id).run.state is RunState.DONE
    # Ops are told at the change of state, and when it is over.
    for each in (report, again):
        worker._tell(app, each)
    with app.store.read() as connection:
        (matter,) = incidents.open_ones(connection)
    assert matter.subject == "held:hubspot"
    assert f"« arpent push --release {report.run_id} »" in matter.text.fr
    told = preview.run(app.store, office.connection_id)
    assert (told.values, told.held) == (0, report.held)

    # The release is cut short, and goes on by itself.
    office.crm.fail(Retriable(BUSY))
    first = letting_go.release(office.pusher(SMALL), report.run_id, office.begin("push"))
    assert (first.stopped, first.left) == (BUSY, sum(fields.values()))
    sums_up(first)
    office.now += 1
    after = office.push(thresholds=SMALL)
    assert after.written == sum(fields.values())
    assert {office.crm.own_field(name, "tier") for name in NAMES} == {"bronze"}
    assert runs.show(app.store, report.run_id).run.state is RunState.DONE
    with pytest.raises(NotHeldError):
        letting_go.release(office.pusher(SMALL), report.run_id, office.begin("push"))
    last = office.cycle(app=app)
    assert last.held == []
    worker._tell(app, last)
    with app.store.read() as connection:
        assert incidents.open_ones(connection) == []


def test_a_file_is_written_exactly_and_nothing_more(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "preview.json"
    everything = wanted(office, path)
    assert path.stat().st_mode & 0o077 == 0
    assert {each.account for each in everything} == set(NAMES)
    chosen = [each for each in everything if each.external_id in {"a", "b", "c"}]
    others = len(everything) - len(chosen)

    report = push_file(office, chosen)

    sums_up(report)
    # A person looked at it: nothing is held, and no task goes with it.
    assert (report.owed, report.written, report.held) == (len(chosen), len(chosen), [])
    assert [office.crm.own_field(name, "tier") for name in NAMES] == [*["bronze"] * 3, "silver"]
    assert office.crm.tasks == {}
    assert office.push(thresholds=SMALL).written == others


def test_a_file_that_has_become_stale_is_refused_whole_and_says_why(
    office: Office, tmp_path: Path
) -> None:
    changes = wanted(office, tmp_path / "p.json")
    office.put_accounts("a", potential="600000")
    office.crm.edit_own_field("b", "tier", "gold")
    office.crm.archive(Kind.ACCOUNT, "c")
    office.decide()
    written = len(office.crm.written)

    with pytest.raises(StaleError) as raised:
        push_file(office, changes)

    assert len(office.crm.written) == written
    stale = raised.value.stale
    assert {
        each.external_id: (each.cause, each.now) for each in stale if each.field is Owned.TIER
    } == {"a": (Cause.STATE, "settled"), "b": (Cause.STATE, "drift"), "c": (Cause.GONE, None)}
    assert "--skip-stale" in raised.value.message.fr
    report = push_file(office, changes, skips_stale=True)
    assert report.written == len(changes) - len(stale)
    assert [office.crm.own_field(name, "tier") for name in "abd"] == ["silver", "gold", "bronze"]
    # What was written by now is stale too.
    with pytest.raises(StaleError):
        push_file(office, changes)


def test_each_value_that_differs_is_named_with_what_it_was_and_is(
    office: Office, tmp_path: Path
) -> None:
    changes = wanted(office, tmp_path / "p.json")
    (tier,) = [each for each in changes if (each.account, each.field) == ("a", Owned.TIER)]
    said: list[Stale] = []
    for other in (replace(tier, after="gold"), replace(tier, before=None)):
        with pytest.raises(StaleError) as raised:
            push_file(office, [other])
        said += raised.value.stale
    shown = [(each.account, each.field, each.cause, each.expected, each.now) for each in said]
    assert shown == [
        ("a", Owned.TIER, Cause.AFTER, "gold", "bronze"),
        ("a", Owned.TIER, Cause.BEFORE, None, "silver"),
    ]
    # What was held meanwhile may still be written: a person has looked at it.
    assert office.push(thresholds=SMALL).held
    assert push_file(office, changes).written == len(changes)


def test_a_file_of_something_else_is_refused(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    wanted(office, path)
    crm, rulebook = office.app.connection(VENDOR), office.app.published().rulebook.hash
    with pytest.raises(PreviewFileError, match="account"):
        preview_file.read(path, replace(crm, account_id="another"), rulebook)
    with pytest.raises(PreviewFileError, match="rules"):
        preview_file.read(path, crm, "0123456789abcdef")
    content = json.loads(path.read_text(encoding="utf-8"))
    for broken in (
        "[]",
        "{",
        json.dumps({**content, "arpent_preview": 2}),
        json.dumps({**content, "changes": [{**content["changes"][0], "field": "amount"}]}),
    ):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(PreviewFileError):
            preview_file.read(path, crm, rulebook)
    with pytest.raises(PreviewFileError, match="can't be read"):
        preview_file.read(tmp_path / "none.json", crm, rulebook)
    with pytest.raises(PreviewFileError, match="can't be written"):
        preview_file.write(tmp_path / "no" / "p.json", crm, rulebook, (), made_at=0)


# Runs.


def test_what_a_run_had_refused_is_shown_and_tried_again(office: Office) -> None:
    office.crm.refuse("b", "Locked by an admin.")
    office.crm.refuse("a", "No tasks here.")
    run_id = office.begin("push")
    report = office.pusher().run(run_id)
    sums_up(report)

    told = runs.show(office.app.store, run_id)

    assert told.refused_values == report.values["rejected"] > 0
    assert {each.external_id for each in told.refused} == {"a", "b"}
    (tier,) = [each for each in told.refused if (each.account, each.field) == ("b", Owned.TIER)]
    assert (tier.value, tier.is_waiting) == ("bronze", True)
    assert tier.reason.startswith("Locked by an admin. – Le CRM a refusé")
    assert [task.external_id for task in told.tasks] == ["a"]
    assert told.tasks[0].reason.startswith("No tasks here.")
    assert len(runs.show(office.app.store, run_id, limit=1).refused) == 1
    assert sum(told.written.values()) == report.written > 0

    # Of another account something else is desired by now: that refusal is over.
    for name in ("a", "b"):
        office.crm.accept(name)
    assert runs.retry(office.app.store, run_id) == report.values["rejected"] + 1
    assert runs.retry(office.app.store, run_id) == 0
    again = office.push()
    assert (again.written, again.tasks) == (report.values["rejected"], {"applied": 1})
    assert not any(each.is_waiting for each in runs.show(office.app.store, run_id).refused)


def test_an_unknown_run_is_named(store: Store) -> None:
    for ask in (runs.show, runs.retry):
        with pytest.raises(runs.UnknownRunError, match="999"):
            ask(store, 999)


def test_what_a_run_was_to_do_is_accounted_for(office: Office) -> None:
    office.crm.refuse("a", "No.")
    office.crm.silent = {"b"}
    for failure in (Retriable(BUSY), None):
        if failure is not None:
            office.crm.fail(failure)
        owed = [row for row in office.rows("outbox") if row.state == "owed"]

        report = office.push()

        assert report.owed == len(owed) > 0
        sums_up(report)
        assert report.left == len([row for row in office.rows("outbox") if row.state == "owed"])
        counts = report.counts()
        assert (counts["values.in"], counts["values.left"]) == (report.owed, report.left)
    assert report.values["rejected"] > 0
    assert report.values["unknown"] == report.left > 0
    cycle = office.cycle(full=True)
    for stream in cycle.pulled[VENDOR].streams:
        sent = sum(len(page.records) for page in office.crm.pull(stream.kind, None, (), ()))
        assert sent == stream.written + stream.unchanged + stream.older + stream.rejected
