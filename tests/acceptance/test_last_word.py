"""A rep challenges a tier in the emulated HubSpot; a manager answers, and it is read there."""

from datetime import timedelta

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from rules.time import day_of
from service import answer
from service.people import Who
from service.store import answers
from tests.acceptance.shell import CANARY, Shell
from tests.acceptance.territory import A_WHILE, Territory

MARC = Who("Marc Lavoie", "marc")


def silver(territory: Territory) -> str:
    """A company whose tier may rise."""
    return next(key for key, tier in territory.tiers().items() if tier == "silver")


def says(territory: Territory, company: str, value: str) -> None:
    """Élise writes in the field Contester, on the page of the company."""
    (user,) = {
        owner["userId"]
        for owner in territory.portal.portal.state.owners.values()
        if owner["firstName"] == "Élise"
    }
    territory.portal.act(
        "edit", objectType="companies", id=company, user=f"userId:{user}",
        properties={"arpent_challenge": value},
    )  # fmt: skip
    territory.wait()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_challenge_is_answered_and_the_rep_sees_it_in_the_crm(territory: Territory) -> None:
    app = territory.app
    territory.cycle()
    company = silver(territory)
    says(territory, company, "tier_too_low")
    territory.cycle()
    today = day_of(app.clock(), app.zone())
    with app.store.read() as connection:
        (asked,) = answers.listed(connection, today)
    assert (asked.external_id, asked.author, asked.wanted) == (company, "Élise Gagnon", "gold")
    assert "(contestation reçue le " in territory.record(company)["arpent_why"]

    answer.accept(
        app.store, app.published().rulebook, asked.id, who=MARC, why="client clé",
        now=app.clock(), until_on=today + 10,
    )  # fmt: skip
    territory.wait()
    territory.cycle()
    shown = territory.record(company)
    assert shown["arpent_tier"] == "gold"
    assert shown["arpent_why"].startswith("Or : décision de Marc Lavoie jusqu'au ")
    assert shown["arpent_why"].endswith("client clé")
    assert not shown.get("arpent_challenge")

    territory.wait()
    place = len(territory.portal.history())
    territory.cycle()
    assert territory.writes(place) == []
    assert [row.state for row in territory.rows("challenge")] == ["accepted"]

    territory.wait(timedelta(days=11))
    territory.cycle()
    assert territory.record(company)["arpent_tier"] == "silver"


def test_a_manager_answers_at_the_terminal(elise: HubSpotSandbox, published: Shell) -> None:
    elise.add_token(CANARY)
    published.settings["hubspot_url"] = elise.url
    assert published.say("fields", "ensure").code == 0
    assert published.say("run").code == 0
    assert "Aucune contestation n'attend." in published.say("challenges", "list").out
    elise.act("edit", objectType="companies", id="20009", properties={"arpent_tier": "gold"})
    elise.clock.advance(A_WHILE)
    assert published.say("run").code == 0

    listed = published.say("challenges", "list")
    assert "Contestations sans réponse" in listed.out
    assert "arpent challenges accept ID" in listed.out
    (asked,) = published.say("challenges", "list", "--json").json["challenges"]
    assert (asked["external_id"], asked["wanted"], asked["days"]) == ("20009", "gold", 0)
    assert "1, la plus ancienne depuis 0 jour" in published.say("status").out

    key, why = str(asked["id"]), ("--why", "appel d'offres")
    mine = published.say("challenges", "accept", key, *why, "--who", asked["rep_key"])
    assert (mine.code, "est votre compte" in mine.err) == (2, True)
    both = published.say("challenges", "accept", key, *why, "--until", "2099-01-01", "--for", "9 d")
    assert (both.code, "gardez-en un" in both.err) == (2, True)
    done = published.say("challenges", "accept", key, *why, "--for", "90 d")
    assert (done.code, f"Contestation {key} acceptée" in done.out) == (0, True)
    assert "Répondues depuis 30 jours" in published.say("challenges", "list").out

    (kept,) = published.say("overrides", "list", "--json").json["overrides"]
    assert (kept["value"], kept["reason"]) == ("gold", "appel d'offres")
    assert "appel d'offres" in published.say("overrides", "list").out
    ended = published.say("overrides", "end", str(kept["id"]), "--why", "perdu")
    assert "prend fin" in ended.out
    assert "Aucune décision n'est en vigueur." in published.say("overrides", "list").out
    again = published.say("overrides", "set", "20009", "--tier", "bronze", *why)
    assert "Niveau Bronze pour" in again.out
    assert published.say("overrides", "set", "20009", *why).code == 2
