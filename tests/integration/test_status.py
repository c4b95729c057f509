"""Status: hours of the team, the oldest reading, what is late, and words of one language."""

import re

import pytest

from connectors.base import Fatal
from rules.language import Text, counted
from rules.thresholds import Threshold, Thresholds
from service import agenda, status, worker
from service.app import App
from service.cli.show import status as show
from service.settings import Settings
from service.store import incidents, leases, ledger, requests
from service.store.engine import Store
from service.store.requests import Request, Wanted
from service.store.tables import metadata
from tests.integration.office import MINUTE, VENDOR, Office

ENGLISH = re.compile(
    r"\b(gold|silver|bronze|none|owed|settled|rejected|held|drift|done|failed|running|account|"
    r"accounts|owner|activity|opportunity|unrated|read|last|tier|priority)\b"
)


@pytest.fixture
def office(store: Store) -> Office:
    made = Office(store)
    made.put_accounts("a", "b", "c")
    made.cycle()
    return made


def printed(app: App, capsys: pytest.CaptureFixture[str]) -> str:
    """What the terminal shows, without the lines of the table."""
    show.status(status.run(app))
    return " ".join(re.sub("[│┃]", " ", capsys.readouterr().out).split()).replace("\u00a0", " ")


def enter_cycle(office: Office) -> None:
    """A cycle of the worker, now."""
    with office.app.store.write() as connection:
        ledger.enter(connection, worker.JOB, scope=VENDOR, period="1", run_id=1, now=office.now)


def test_a_crm_was_read_when_its_oldest_stream_was(office: Office) -> None:
    (crm,) = status.run(office.app).crms
    assert crm.read_at == office.now
    cursor = metadata.tables["cursor"]
    with office.app.store.write() as connection:
        contacts = cursor.c.stream == "contact"
        connection.execute(cursor.update().where(contacts).values(saved_at=office.now - MINUTE))
    (crm,) = status.run(office.app).crms
    assert (crm.read_at, crm.streams["account"]) == (office.now - MINUTE, office.now)
    with office.app.store.write() as connection:
        connection.execute(cursor.delete().where(contacts))
    (crm,) = status.run(office.app).crms
    assert crm.read_at is None


def test_hours_are_those_of_the_team(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    enter_cycle(office)
    said = printed(office.app, capsys)
    # 11:01 UTC is 7:01 in Toronto in summer.
    assert "État (heures : America/Toronto)" in said
    assert "lu le 2026-06-29 07:01" in said
    assert "Dernier cycle 2026-06-29 07:01" in said
    assert "UTC" not in said


def test_no_label_is_in_the_other_language(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.crm.fail(Fatal(Text("refusé", "refused")))
    office.cycle()
    said = printed(office.app, capsys)
    assert "Argent 3" in said
    assert "3 comptes" in said
    assert "2 responsables" in said
    assert "0 contact," in said
    assert "en place" in said
    assert "échouée : HubSpot : refusé" in said
    assert ENGLISH.findall(said) == []


def test_labels_follow_the_terminal(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARPENT_LANGUAGE", "en")
    said = printed(office.app, capsys)
    assert "Status (hours: America/Toronto)" in said
    assert "Silver 3" in said
    assert "3 accounts" in said
    assert "in place" in said
    assert "Argent" not in said


def test_one_is_not_many() -> None:
    words = Text("plan", "plan"), Text("plans", "plans")
    assert [counted(each, *words).fr for each in (0, 1, 2)] == ["0 plan", "1 plan", "2 plans"]
    assert [counted(each, *words).en for each in (0, 1, 2)] == ["0 plans", "1 plan", "2 plans"]


def test_what_is_held_is_told_with_its_way_out(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.put_accounts("a", "b", "c", potential="100")
    office.decide()
    office.push(thresholds=Thresholds(firm=Threshold(0, 0), moving=Threshold(0, 0)))
    said = printed(office.app, capsys)
    assert "Niveau 3" in said
    assert "« arpent push --release 3 »" in said


def test_a_worker_is_late_after_three_periods(office: Office) -> None:
    app = office.app
    assert not agenda.run(app).is_late  # no worker has ever worked here
    enter_cycle(office)
    office.now += 45 * MINUTE
    assert not agenda.run(app).is_late
    office.now += 1
    found = status.run(app)
    assert found.is_late
    assert found.schedule.late is not None
    assert found.schedule.late == agenda.late(app)
    assert "2026-06-29 07:01 (America/Toronto)" in found.schedule.late.fr
    assert "arpent worker" in found.schedule.late.en


def test_a_pause_or_work_under_way_is_no_lateness(office: Office) -> None:
    enter_cycle(office)
    office.now += 60 * MINUTE
    store = office.app.store
    with store.write() as connection:
        fence = leases.acquire(connection, "crm:hubspot", "elsewhere:1:0-a", now=office.now)
    assert agenda.late(office.app) is None
    # Its holder has given no sign of life for long: nobody is at work.
    office.now += 10 * MINUTE
    assert agenda.late(office.app) is not None
    assert fence is not None
    with store.write() as connection:
        requests.ask(connection, Wanted.PAUSE, Request(author="ana", reason="gel", at=office.now))
    assert agenda.late(office.app) is None


def test_what_stands_in_the_way_is_shown(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    enter_cycle(office)
    office.now += 46 * MINUTE
    with office.app.store.write() as connection:
        incidents.follow(connection, {"crm:hubspot": Text("clé refusée", "key")}, office.now)
    quiet = Settings(database_url="sqlite://", quiet_hours="06:00-09:00", read_only=True)
    late = printed(office.settled(office.app.store, quiet), capsys)
    assert "✗ crm:hubspot, depuis le 2026-06-29 07:47 : clé refusée" in late
    assert "le worker est en retard" in late
    assert "06:00-09:00, en ce moment" in late
    assert "ARPENT_READ_ONLY est activé" in late
    with office.app.store.write() as connection:
        requests.ask(connection, Wanted.PAUSE, Request(author="ana", reason="gel", at=office.now))
        held = Request(author="ana", reason="copie.sqlite3", at=office.now)
        requests.ask(connection, Wanted.HOLD, held)
    paused = printed(office.app, capsys)
    assert "depuis le 2026-06-29 07:47, par ana : gel" in paused
    assert "copie.sqlite3" in paused
    assert "arpent schedule resume" in paused
