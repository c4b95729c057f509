"""The review of a territory: its task, its date, and what its pack says from the records."""

import pytest

from rules.language import Language
from rules.review.pack import markdown, page
from rules.rulebook import compile_rulebook
from rules.time import day_of
from service import forecast_record, freeze, review
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store import alerts, reviewing, rulebooks
from service.store.engine import Store
from tests.integration.kpi_world import ANOUK, BOOK, SILVER, at, day, filled, put
from tests.integration.office import DAY, Office, only_opportunities

EVERY = 42 * DAY


def reviews(office: Office) -> list[str]:
    return [key for key, task in office.crm.tasks.items() if "Revue de territoire" in task.subject]


@pytest.fixture
def office(store: Store) -> Office:
    """An office that has been looked at once, whose plan is to be reviewed every six weeks."""
    found = Office(store)
    files = read_playbook(SHIPPED_PLAYBOOK)
    plans = {name: content for name, content in files.items() if name.startswith("plans/")}
    book = compile_rulebook({**only_opportunities(files), **plans})
    with store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="revue", now=found.now)
    found.put_accounts("a")
    found.cycle()
    return found


def test_the_review_is_asked_for_once_when_it_is_due(office: Office) -> None:
    assert reviews(office) == []
    office.now += EVERY - 7 * DAY
    office.cycle()
    assert reviews(office) == []
    office.now += 7 * DAY
    office.cycle()
    (key,) = reviews(office)
    task = office.crm.tasks[key]
    assert task.subject == "Revue de territoire : Élise Gagnon"
    assert "arpent review --owner elise" in task.body
    # Marc, with whom the plan is reviewed, is a user of the same CRM.
    assert task.owner_id == "502"
    office.now += 7 * DAY
    office.cycle()
    assert reviews(office) == [key]


def test_its_task_completed_is_the_review_and_the_next_one_counts_from_it(office: Office) -> None:
    office.now += EVERY
    office.cycle()
    (key,) = reviews(office)
    office.crm.complete_task(key)
    office.now += 7 * DAY
    office.cycle()
    zone = office.app.zone()
    with office.app.store.read() as connection:
        last = alerts.last_reviews(connection)["elise"]
    assert day_of(last, zone) == day_of(office.now, zone)
    office.now += 35 * DAY
    office.cycle()
    assert reviews(office) == [key]
    office.now += 7 * DAY
    office.cycle()
    assert len(reviews(office)) == 2


def test_it_is_asked_for_at_the_beginning_of_its_week(office: Office) -> None:
    office.now += EVERY
    office.cycle()
    (key,) = reviews(office)
    office.crm.complete_task(key)
    office.now += 3 * DAY
    office.cycle()
    # Six weeks later is a Thursday: the week before it is too early, its own Monday is not.
    office.now += EVERY - 10 * DAY
    office.cycle()
    assert reviews(office) == [key]
    office.now += 7 * DAY
    office.cycle()
    assert len(reviews(office)) == 2


def test_a_review_that_is_recorded_here_closes_its_task(office: Office) -> None:
    office.now += EVERY
    office.cycle()
    today = day_of(office.now, office.app.zone())
    with office.app.store.write() as connection:
        assert reviewing.enter_review(connection, "elise", on=today, at=office.now, run_id=1)
        assert not reviewing.enter_review(connection, "elise", on=today, at=office.now, run_id=2)
        reviewing.end_episodes(connection, "elise", today)
    office.cycle()
    (row,) = [row for row in office.rows("alert") if row.rule == reviewing.RULE]
    assert (row.state, row.task_state) == ("recovered", "done")


NOW = at("2026-06-17")


def test_the_pack_says_what_the_records_say(store: Store) -> None:
    filled(store)
    told = markdown(review.pack(store, BOOK, "anouk", now=NOW))
    assert "# Revue de territoire : Anouk" in told
    assert "Depuis le 6 mai 2026, jusqu'au 17 juin 2026." in told
    # Two opportunities of 10 k$ or more since 6 May; one before, of the same segment.
    assert "| fabrication | 1 | 1 | 50\u00a0% | – | non concluant (n = 2) |" in told
    assert "Argent → Or" in told
    assert "Avant : recalculé aujourd'hui" in told
    for title in ("Les trois questions", "Accord", "Le temps", "Où est le potentiel ouvert"):
        assert f"## {title}" in told


def test_after_a_review_the_pack_begins_there_with_the_figures_as_frozen(store: Store) -> None:
    filled(store)
    freeze.freeze(store, BOOK, now=at("2026-06-08"), run_id=1)
    forecast_record.record(store, BOOK, now=at("2026-06-08"), run_id=1)
    with store.write() as connection:
        reviewing.enter_review(
            connection, "anouk", on=day("2026-06-09"), at=at("2026-06-09"), run_id=1
        )
    told = markdown(review.pack(store, BOOK, "anouk", now=NOW))
    assert "Depuis la revue du 9 juin 2026" in told
    assert "tels que gelés ce lundi-là" in told
    assert "Avant : probabilité" in told
    # The gold account became gold on the 10th, the silver one was silver before.
    assert told.count(" → ") == 1


def test_names_of_the_crm_stay_texts(store: Store) -> None:
    filled(store)
    name = "<script>alert(1)</script>"
    with store.write() as connection:
        put(connection, "opportunity", [
            {"id": 90, "connection_id": 1, "external_id": "90", "modified_at": 0, "pulled_at": 0,
             "owner_id": ANOUK, "stage_id": 1, "team_amount": 900_000_00, "name": name,
             "closes_on": day("2026-09-01")}
        ])  # fmt: skip
        connection.exec_driver_sql(f"UPDATE account SET name = '{name}' WHERE id = {SILVER}")  # noqa: S608 - ours
    found = review.pack(store, BOOK, "anouk", now=NOW)
    assert "<script" not in page(found)
    assert "&lt;script&gt;" in page(found)
    assert "<script" not in markdown(found).replace("\\<script", "")
    assert found.language is Language.FR
