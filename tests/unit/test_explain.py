"""Explain: which account is meant, and what is told of it."""

import pytest

from connectors.memory import Memory
from rules.records import Kind
from rules.time import day_of
from service import explain
from service.explain import Explanation, NotFound
from service.explain_rules import Step
from service.store.engine import Store
from tests.integration.office import DAY, LOOK, Office

RICH, OTHER, SMALL = "Ébénisterie Roy & Fils", "Ébénisterie Roy", "50 % Inox_Nord"


@pytest.fixture
def office(store: Store) -> Office:
    """Three accounts: a customer who is Gold, a prospect without a potential, a small one."""
    made = Office(store)
    crm: Memory = made.crm
    crm.put_account(
        "20009",
        name=RICH,
        owner_id="501",
        created_at=LOOK - 900 * DAY,
        fields={"lifecyclestage": "customer", "potentiel_annuel": "600000"},
    )
    crm.put_activity(owner_id="501", happened_at=LOOK - 6 * DAY, account_id="20009")
    crm.put_opportunity(
        stage_id="won",
        amount="1000",
        closes_at="2026-03-19T16:00:00Z",
        account_id="20009",
        owner_id="501",
    )
    crm.put_account("20010", name=OTHER, owner_id="501", fields={"lifecyclestage": "lead"})
    crm.put_account(
        "003xA",
        name=SMALL,
        owner_id="501",
        fields={"lifecyclestage": "lead", "potentiel_annuel": "10"},
    )
    made.cycle()
    return made


def put_potential(office: Office, amount: str) -> None:
    """The customer with another potential."""
    office.crm.put_account(
        "20009", name=RICH, owner_id="501", created_at=LOOK - 900 * DAY,
        fields={"lifecyclestage": "customer", "potentiel_annuel": amount},
    )  # fmt: skip


def told(office: Office, asked: str) -> Explanation:
    published = office.app.published()
    today = day_of(office.now, published.rulebook.team.zone)
    return explain.run(office.app.store, published, asked, today)


def meant(office: Office, asked: str) -> str:
    """The id of the account that is meant, without explaining it."""
    with office.app.store.read() as connection:
        return explain.find(connection, asked).external_id


def step(explanation: Explanation, name: str) -> Step:
    (found,) = [each for each in explanation.steps if each.name == name]
    return found


MEANT = (
    "20009",
    " 20009 ",
    "Ébénisterie Roy & Fils",
    "ébénisterie roy & fils",
    "ROY & F",
    "ÉBÉNISTERIE ROY &",
    "https://app.hubspot.com/contacts/4242001/record/0-2/20009",
    "https://app-eu1.hubspot.com/contacts/4242001/record/0-2/20009/?eschref=%2Fcontacts",
    "https://app.hubspot.com/contacts/4242001/company/20009",
    "http://127.0.0.1:8801/companies/20009",
)


def test_an_account_is_meant_by_its_id_its_name_or_its_address(office: Office) -> None:
    assert {asked: meant(office, asked) for asked in MEANT} == dict.fromkeys(MEANT, "20009")
    assert told(office, MEANT[0]).external_id == "20009"


def test_an_exact_name_wins_over_one_that_contains_it(office: Office) -> None:
    assert told(office, "ébénisterie roy").external_id == "20010"


def test_signs_of_a_name_are_signs(office: Office) -> None:
    for asked in ("50 %", "x_n", "INOX_", " 003xA "):
        assert meant(office, asked) == "003xA"


def test_nobody_of_that_name(office: Office) -> None:
    for asked in ("Ferblanterie", "5_ %", "Inox%Nord", "2000", "/", "ébenisterie"):
        with pytest.raises(NotFound) as raised:
            told(office, asked)
        assert raised.value.message.fr.startswith(f"Aucun compte « {asked} ».")


def test_several_of_that_name_are_listed(office: Office) -> None:
    with pytest.raises(NotFound) as raised:
        told(office, "ébéniste")
    for words in (
        f"{RICH} (20009)",
        f"{OTHER} (20010)",
        "Précisez le nom, ou donnez l'identifiant",
    ):
        assert words in raised.value.message.fr


def test_of_many_of_that_name_the_rest_are_counted(office: Office) -> None:
    for number in range(9):
        office.crm.put_account(f"3{number}", name=f"Menuiserie {number}", owner_id="501")
    office.cycle()
    with pytest.raises(NotFound) as raised:
        told(office, "menuiserie")
    assert "Menuiserie 7 (37), et 1 autre. Précisez" in raised.value.message.fr
    assert "Menuiserie 7 (37), and 1 more. Give" in raised.value.message.en
    assert "Menuiserie 8" not in raised.value.message.fr


def test_no_name_at_all(office: Office) -> None:
    for asked in ("", " "):
        with pytest.raises(NotFound) as raised:
            told(office, asked)
        assert raised.value.message.fr.startswith("Quel compte ? Donnez son nom")


def test_an_archived_account_is_not_found(office: Office) -> None:
    office.crm.archive(Kind.ACCOUNT, "20010")
    office.cycle()
    assert told(office, "ébéniste").external_id == "20009"
    with pytest.raises(NotFound):
        told(office, "20010")


def test_what_is_told_of_a_gold_account(office: Office) -> None:
    explanation = told(office, "20009")
    assert (explanation.account, explanation.owner) == (RICH, "Élise Gagnon")
    assert (explanation.tier, explanation.is_in_scope) == ("gold", True)
    # The reason on the record is the one that is told.
    assert explanation.why == office.crm.own_field("20009", "why")
    values = {each.name: each.value for each in explanation.inputs}
    assert values["potential"] == "600\u00a0000\u00a0$"
    assert values["last_logged_contact"] == "2026-06-23"
    assert values["last_won"] == "2026-03-19"
    tier = step(explanation, "tier")
    assert tier.result == "Or"
    assert [row.won for row in tier.rows] == [False, True, False, False, False]
    assert [truth for _, truth in tier.rows[0].conditions] == [False]
    assert [truth for _, truth in tier.rows[1].conditions] == [True, True, True]


def test_what_is_told_of_an_unknown_potential(office: Office) -> None:
    explanation = told(office, "20010")
    assert explanation.tier == "unrated"
    values = {each.name: each.value for each in explanation.inputs}
    assert values["potential"] is None
    tier = step(explanation, "tier")
    assert tier.result == "À qualifier"
    assert tier.rows[0].won
    # Unknown is neither true nor false.
    assert tier.rows[2].conditions == [("potential_level: high", None)]


def test_what_is_told_follows_the_day(office: Office) -> None:
    # A contact of 23 June is less than 90 days old until 20 September.
    assert told(office, "20009").recheck_on is not None
    office.now = LOOK + 84 * DAY
    later = told(office, "20009")
    assert later.tier == "silver"
    assert step(later, "engagement").result == "dormant"


def test_where_inputs_come_from_and_when_they_were_read(office: Office) -> None:
    explanation = told(office, "20009")
    sources = {each.name: each.source for each in explanation.inputs}
    assert sources["potential"] == "hubspot: potentiel_annuel"
    assert sources["last_won"] == "calculé par Arpent"
    assert sources["owner"] == "champ standard du CRM"
    assert explanation.known.read_at == office.now
    assert explanation.known.modified_at <= explanation.known.read_at


def test_the_versions_behind_a_tier_and_what_is_owed(office: Office) -> None:
    explanation = told(office, "20009")
    assert (explanation.version.author, explanation.version.published_at) == ("ops", LOOK)
    assert explanation.known.rulebook == explanation.version.rulebook
    assert [(each.tier, each.row) for each in explanation.known.changes] == [("gold", 2)]
    assert {each.state for each in explanation.known.owing} == {"settled"}
    put_potential(office, "10")
    office.decide()
    changed = told(office, "20009")
    assert [each.tier for each in changed.known.changes] == ["bronze", "gold"]
    states = {each.field: each.state for each in changed.known.owing}
    assert (states["tier"], states["segment"]) == ("owed", "owed")


def test_what_is_said_to_be_missing_is_what_the_tier_takes(office: Office) -> None:
    """Said of the account, then done in the CRM: the tier comes; undone, it goes."""
    put_potential(office, "58000")
    office.cycle()
    before = told(office, "20009")
    assert before.tier == "bronze"
    (missing,) = before.missing
    assert missing.sentence.replace("\u00a0", " ") == "Il manque 42 000 $ de potentiel pour Or."
    (change,) = missing.changes
    for cents, tier in ((change.after, "gold"), (change.after - 1, "bronze")):
        put_potential(office, f"{cents / 100:.2f}")
        office.cycle()
        assert told(office, "20009").tier == tier
        assert office.crm.own_field("20009", "tier") == tier
