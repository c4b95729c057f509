"""What becomes of a person's edit of our fields, by the policy of the playbook."""

import pytest

from connectors.base import Retriable
from rules.language import Text
from rules.rulebook import Rulebook, compile_rulebook
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks
from service.store.engine import Store
from tests.integration.office import DAY, Office

POLICIES = b"  drift: {tier: respect, segment: reassert, quadrant: challenge}\n"
BY_HAND = "bronze"
ONE = pytest.mark.parametrize("database", ["sqlite"])


def playbook(policies: bytes) -> Rulebook:
    files = read_playbook(SHIPPED_PLAYBOOK)
    files["fields.yaml"] += policies
    return compile_rulebook(files)


POLITE = playbook(POLICIES)


def publish(office: Office, book: Rulebook) -> None:
    with office.app.store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="", now=office.now)


@pytest.fixture
def office(store: Store) -> Office:
    """An account whose values are in the CRM, under a playbook with policies."""
    office = Office(store)
    publish(office, POLITE)
    office.put_accounts("a")
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
    return office


def edit(office: Office, field: str, value: str | None = BY_HAND) -> dict[str, int]:
    """A person edits; how the next cycle judges it."""
    office.now += 60_000
    office.crm.edit_own_field("a", field, value, author="Élise Gagnon")
    return dict(office.cycle().pushed["hubspot"].read_back)


def writes(office: Office, cycles: int = 1) -> int:
    before = len(office.crm.written)
    for _ in range(cycles):
        office.cycle()
    return len(office.crm.written) - before


@ONE
def test_without_a_policy_an_edit_waits_with_its_author_and_time(office: Office) -> None:
    edited_at = office.now + 60_000
    assert edit(office, "priority", "4") == {"drift": 1}
    (heard,) = office.rows("challenge")
    assert (heard.author, heard.edited_at, heard.state, heard.value) == (
        "Élise Gagnon", edited_at, "open", "4",
    )  # fmt: skip
    # The reason of the tier tells that it was heard; nothing else is written.
    assert writes(office) == 1
    assert writes(office) == 0
    assert office.crm.own_field("a", "priority") == "4"
    assert (office.crm.own_field("a", "why") or "").endswith("(contestation reçue le 29 juin)")


@ONE
def test_the_crm_is_asked_once_who_edited(office: Office) -> None:
    edit(office, "priority", "4")
    assert office.push().calls == 0


@ONE
def test_an_edit_is_kept_where_the_crm_can_not_say_whose_it_is(office: Office) -> None:
    office.now += 60_000
    office.crm.edit_own_field("a", "priority", "4", author="Élise Gagnon")
    office.decide()
    office.crm.fail(Retriable(Text("Occupé.", "Busy.")))
    assert office.push().stopped is not None
    (heard,) = office.rows("challenge")
    assert (heard.state, heard.author) == ("open", None)
    office.push()
    (heard,) = office.rows("challenge")
    assert heard.author == "Élise Gagnon"


@ONE
def test_a_challenge_closes_when_the_person_takes_the_edit_back(office: Office) -> None:
    before = office.crm.own_field("a", "priority")
    edit(office, "priority", "4")
    assert edit(office, "priority", before) == {"settled": 1}
    (heard,) = office.rows("challenge")
    assert (heard.state, heard.answered_at) == ("settled", office.now)


def test_a_respected_edit_stands_until_the_rules_come_to_another_result(office: Office) -> None:
    assert edit(office, "tier") == {"respected": 1}
    assert office.rows("challenge") == []
    assert writes(office) == 0
    # Edited once more: that counts as well.
    assert edit(office, "tier", "gold") == {"respected": 1}
    assert writes(office) == 0
    assert office.crm.own_field("a", "tier") == "gold"
    office.put_accounts("a", potential="100000")
    office.cycle()
    assert office.crm.own_field("a", "tier") == "bronze"
    assert writes(office) == 0


def test_an_edit_that_waits_is_respected_once_the_policy_says_so(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a")
    office.cycle()
    assert edit(office, "tier") == {"drift": 1}
    publish(office, POLITE)
    assert dict(office.cycle().pushed["hubspot"].read_back) == {"respected": 1}
    assert [row.state for row in office.rows("challenge")] == ["settled"]
    assert office.crm.own_field("a", "tier") == BY_HAND


@ONE
def test_our_value_is_written_again_three_times_in_seven_days(office: Office) -> None:
    ours = office.crm.own_field("a", "segment")
    for _ in range(3):
        office.now += DAY
        assert edit(office, "segment", "à moi") == {"owed": 1}
        assert office.crm.own_field("a", "segment") == ours
    office.now += DAY
    assert edit(office, "segment", "à moi") == {"drift": 1}
    assert office.crm.own_field("a", "segment") == "à moi"
    (heard,) = office.rows("challenge")
    assert (heard.field, heard.state) == ("segment", "open")
    assert writes(office) == 0


@ONE
def test_each_week_has_its_three_times_even_long_after_the_first_write(office: Office) -> None:
    office.now += 30 * DAY
    office.cycle()
    for expected in ("owed", "owed", "owed", "drift"):
        assert edit(office, "segment", "à moi") == {expected: 1}


@ONE
def test_the_journal_tells_what_was_written_over(office: Office) -> None:
    ours = office.crm.own_field("a", "segment")
    edit(office, "segment", "à moi")
    line = office.rows("push_journal")[-1]
    assert (line.field, line.before, line.after) == ("segment", "à moi", ours)
