"""Explain: seats, delays and decisions, told of the tier that they settled."""

from functools import cache

import pytest
from sqlalchemy import insert

from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_of
from service import explain
from service.explain_standing import Standing
from service.store import rulebooks
from service.store.engine import Store
from service.store.tables import challenge, override
from tests.integration.office import DAY, LOOK, Office
from tests.playbooks import shipped

CAPPED = "  cap: {silver: 2 per owner, rank: potential}\n  contact_every:"


@cache
def two_seats() -> Rulebook:
    """The shipped playbook with two silver seats for each rep, compiled once."""
    files = shipped()
    files["segments.yaml"] = files["segments.yaml"].replace("  contact_every:", CAPPED, 1)
    return compile_rulebook(files)


@pytest.fixture
def office(store: Store) -> Office:
    """Four prospects of Élise that are rated Silver, for two seats."""
    made = Office(store)
    with store.write() as connection:
        rulebooks.publish(connection, two_seats(), author="Marc", reason="deux places", now=LOOK)
    for number in range(1, 5):
        made.put_accounts(f"A{number}", potential=str(600_000 + number))
    made.cycle()
    return made


def told(office: Office, asked: str) -> Standing:
    published = office.app.published()
    today = day_of(office.now, published.rulebook.team.zone)
    return explain.run(office.app.store, published, asked, today).standing


def test_the_place_of_each_account_among_the_seats_of_its_rep(office: Office) -> None:
    standings = {name: told(office, name) for name in ("A1", "A2", "A3", "A4")}
    places = {name: standing.seats for name, standing in standings.items()}
    assert {name: (seats.place, seats.limit) for name, seats in places.items() if seats} == {
        "A4": (1, 2), "A3": (2, 2), "A2": (3, 2), "A1": (4, 2),
    }  # fmt: skip
    waiting = standings["A2"]
    assert (waiting.rated_tier, waiting.settled_by) == ("silver", "waiting")
    assert waiting.seats is not None
    assert waiting.seats.last == 600_003_00
    assert list(waiting.sentences) == [
        "Selon les règles seules : Argent.",
        "1er en attente d'une place en Argent (2 places), par potentiel.",
    ]  # fmt: skip
    assert standings["A1"].sentences[1].startswith("2e en attente d'une place en Argent")
    assert list(standings["A4"].sentences) == ["1er sur 2 places en Argent, par potentiel."]


def test_a_decision_and_a_challenge_are_told_with_who_and_why(office: Office) -> None:
    (key,) = [row.id for row in office.rows("account") if row.external_id == "A1"]
    today = day_of(office.now, office.app.published().rulebook.team.zone)
    with office.app.store.write() as connection:
        connection.execute(
            insert(override).values(
                account_id=key, field="tier", value="gold", author="Marc Lavoie",
                reason="projet majeur", from_on=today, until_on=today + 1,
            )
        )  # fmt: skip
        connection.execute(
            insert(challenge).values(
                account_id=key, field="tier", received_at=office.now, received_on=today,
                state="open",
            )
        )  # fmt: skip
    imposed = told(office, "A1")
    assert imposed.settled_by == "imposed"
    assert imposed.decision is not None
    assert (imposed.decision.tier, imposed.decision.until_on) == ("gold", today + 1)
    assert list(imposed.sentences) == [
        "Selon les règles seules : Argent.",
        "Décision de Marc Lavoie jusqu'au 30 juin 2026 : Or (projet majeur).",
        "Contestation ouverte depuis le 29 juin 2026.",
    ]
    # The next day but one, the decision is over.
    office.now += 2 * DAY
    assert told(office, "A1").decision is None
