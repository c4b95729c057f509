"""Salesforce's connector against the emulated org: words, keys, jobs, currencies, formulas."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.base import Binding, Change, Provision, State
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.salesforce.switches import OTHER_ANSWERS, SalesforceSwitches
from rules.records import Account, FieldType, Kind, Opportunity
from tests.contract.crm import Crm
from tests.contract.in_salesforce import InSalesforce
from tests.contract.test_contract import TIER, pages, provisioned, records, task

# Rates of an org: how many units one Canadian dollar is worth.
USD = 0.75


@pytest.fixture(params=["usual", "other answers"])
def crm(request: pytest.FixtureRequest, org: SalesforceSandbox) -> Iterator[InSalesforce]:
    """An org under both sets of answers."""
    if request.param == "other answers":
        org.switches.change({**OTHER_ANSWERS})
    adapter = InSalesforce(org)
    yield adapter
    adapter.close()


@pytest.fixture
def usual(org: SalesforceSandbox) -> Iterator[InSalesforce]:
    adapter = InSalesforce(org)
    yield adapter
    adapter.close()


# Open questions.


@pytest.mark.parametrize("crm", ["usual", "other answers"], indirect=True)
def test_every_open_question_has_another_answer(
    crm: InSalesforce, request: pytest.FixtureRequest
) -> None:
    """Each switch is in its first position in one run of the contract, and not in the other."""
    shown, usual = crm.sandbox.switches.as_json(), SalesforceSwitches().as_json()
    is_usual = request.node.callspec.params["crm"] == "usual"

    assert set(OTHER_ANSWERS) < set(usual)
    for name in OTHER_ANSWERS:
        assert (shown[name] == usual[name]) is is_usual, name


# Authors.


@pytest.mark.parametrize("shown", ["value", "label"])
def test_the_author_of_a_choice_is_told_by_its_value_or_its_label(
    usual: InSalesforce, shown: str
) -> None:
    usual.sandbox.switches.change({"history_values": shown})
    provisioned(usual)
    account = usual.put_account()
    marc = usual.sandbox.act(
        "create_user", username="marc@example.org", first_name="Marc", last_name="Lavoie"
    )
    usual.connector.update([Change(external_id=account, values={"tier": "silver"})])
    usual.sandbox.clock.advance(timedelta(seconds=2))
    usual.sandbox.act("edit", id=account, user=marc["id"], values={"arpent_tier__c": "gold"})

    (told,) = usual.connector.edits([account], ["tier"])

    assert (told.value, told.author) == ("gold", "Marc Lavoie")


def test_what_an_administrator_tracks_later_is_told_from_then_on(usual: InSalesforce) -> None:
    usual.sandbox.switches.change({"tracked_field_limit": 0})
    (tier, *_) = usual.connector.ensure("Planification", [TIER], dry_run=False)
    assert tier.note is not None
    assert any("Niveau" in step.fr for step in usual.connector.setup_steps())
    account = usual.put_account()
    usual.edit_own_field(account, "tier", "gold")
    assert [each.author for each in usual.connector.edits([account], ["tier"])] == [None]

    usual.sandbox.act("change_field", object="Account", name="arpent_tier__c", tracked=True)
    usual.edit_own_field(account, "tier", "silver")

    (told,) = usual.connector.edits([account], ["tier"])
    assert told.value == "silver"
    assert told.author
    (tier, *_) = usual.connector.ensure("Planification", [TIER], dry_run=False)
    assert (tier.state, tier.note) == (Provision.PRESENT, None)


# Tasks.


def speak_french(org: SalesforceSandbox) -> None:
    words = [("Non commencée", "Non commencée"), ("Terminée", "Terminée")]
    priorities = [("Haute", "Haute"), ("Normale", "Normale")]
    org.act("set_task_words", statuses=words, closed="Terminée", priorities=priorities)


def test_tasks_have_the_words_of_a_french_org(usual: InSalesforce) -> None:
    speak_french(usual.sandbox)
    created = usual.connector.create_task(task(usual, usual.put_account())).external_id

    values = usual.sandbox.values_of(created)
    assert (values["Status"], values["Priority"]) == ("Non commencée", "Normale")
    assert usual.connector.complete_task(created).state is State.APPLIED
    assert usual.sandbox.values_of(created)["Status"] == "Terminée"
    assert usual.is_task_done(created)


def test_with_a_field_for_its_key_a_task_is_there_once(usual: InSalesforce) -> None:
    account = usual.put_account()
    before = usual.connector.create_task(task(usual, account, key="older")).external_id
    provisioned(usual)

    created = [usual.connector.create_task(task(usual, account)) for _ in range(2)]

    assert {one.state for one in created} == {State.APPLIED}
    assert len({one.external_id for one in created}) == 1
    assert usual.tasks() == 2
    held = usual.sandbox.values_of(created[0].external_id)["arpent_alert_key__c"]
    assert held == "slipping:2026-W47:1"
    assert usual.connector.find_task(task(usual, account, key="older")) == before


def test_an_org_without_external_ids_of_activities_goes_by_the_mark(usual: InSalesforce) -> None:
    usual.sandbox.switches.change({"activity_external_ids": False})
    account = usual.put_account()
    assert provisioned(usual) == [Provision.CREATED] * 3

    created = usual.connector.create_task(task(usual, account)).external_id

    assert usual.connector.find_task(task(usual, account)) == created
    assert "arpent_alert_key__c" not in usual.sandbox.values_of(created)


# Writing.


def test_very_many_changes_are_one_job_and_each_row_has_its_outcome(crm: InSalesforce) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(2_010)])
    provisioned(crm)
    crm.lock(ids[5])
    before = crm.connector.calls
    assert crm.connector.batch_for(len(ids)) >= len(ids)
    changes = [Change(external_id=key, values={"why": "Élevé, « oui »\n"}) for key in ids]
    changes[7] = Change(external_id=ids[7], values={"why": crm.refused_value[1]})
    changes.append(Change(external_id=crm.missing_id, values={"why": "a"}))

    outcomes = crm.connector.update(changes)

    assert crm.connector.calls - before <= 12
    assert [one.external_id for one in outcomes] == [one.external_id for one in changes]
    told = {place: one.state for place, one in enumerate(outcomes) if one.state != State.APPLIED}
    assert told == {5: State.DEFERRED, 7: State.REJECTED, 2_010: State.REJECTED}
    assert crm.sandbox.values_of(ids[0])["arpent_why__c"].startswith("Élevé, « oui »")


def test_no_assignment_rule_runs_because_of_us(usual: InSalesforce) -> None:
    account = usual.put_account()
    provisioned(usual)
    theirs = len(usual.sandbox.org.auto_assigned)

    usual.connector.update([Change(external_id=account, values={"tier": "gold"})])

    assert len(usual.sandbox.org.auto_assigned) == theirs


def test_a_list_that_an_administrator_closed_is_widened_on_purpose(crm: InSalesforce) -> None:
    crm.sandbox.act(
        "create_field", object="Account", name="arpent_tier__c", type="picklist",
        values=["silver"], restricted=True,
    )  # fmt: skip
    crm.settle()
    change = Change(external_id=crm.put_account(), values={"tier": "gold"})
    (refused,) = crm.connector.update([change])
    assert refused.state is State.REJECTED
    assert refused.remedy is not None
    assert "fields ensure" in refused.remedy.fr

    (widened,) = crm.connector.ensure("Planification", [TIER], dry_run=False)

    assert widened.state is Provision.UPDATED
    assert crm.connector.update([change])[0].state is State.APPLIED


# Reading.


def amount_of(crm: Crm, opportunity: str, cursor: str | None = None) -> tuple[int | None, str]:
    """The home amount of an opportunity, and the cursor behind it."""
    found = pages(crm, Kind.OPPORTUNITY, cursor)
    record = records(found)[opportunity]
    assert isinstance(record, Opportunity)
    return record.home_amount, found[-1].cursor


def test_an_amount_goes_by_the_rate_of_its_close_date_and_again_when_rates_change(
    crm: InSalesforce,
) -> None:
    dated = [("USD", "2020-01-01", USD), ("USD", "2026-12-01", USD / 2), ("USD", "2027-01-01", 1.0)]
    crm.sandbox.act("set_currencies", rates={"USD": 1.0}, dated=dated)
    opportunity = crm.put_opportunity("1200", crm.open_stage, [crm.put_account()])
    crm.catch_up()
    crm.sandbox.act("edit", id=opportunity, values={"CurrencyIsoCode": "USD"})
    crm.settle()

    at_first, cursor = amount_of(crm, opportunity)
    crm.settle()
    assert not records(pages(crm, Kind.OPPORTUNITY, cursor))
    dated[1] = ("USD", "2026-12-01", USD)
    crm.sandbox.act("set_currencies", rates={"USD": 1.0}, dated=dated)
    crm.settle()

    assert at_first == 120_000 / (USD / 2)
    assert amount_of(crm, opportunity, cursor)[0] == 120_000 / USD


def test_a_formula_that_changes_without_a_trace_is_read_again_within_a_day(
    crm: InSalesforce,
) -> None:
    crm.sandbox.act(
        "create_field", object="Account", name="Chef__c", type="string", formula="Owner.Title"
    )
    chief = Binding(kind=Kind.ACCOUNT, name="chief", crm_field="Chef__c", type=FieldType.TEXT)
    account = crm.put_account()
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT, None, [chief])[-1].cursor
    crm.sandbox.act("edit", id=crm.owner_id, values={"Title": "Directrice"})
    crm.settle()
    assert account not in records(pages(crm, Kind.ACCOUNT, cursor, [chief]))

    crm.sandbox.clock.advance(timedelta(days=1))

    record = records(pages(crm, Kind.ACCOUNT, cursor, [chief]))[account]
    assert isinstance(record, Account)
    assert record.fields == {"chief": "Directrice"}


def test_a_role_that_is_taken_away_is_read_again(crm: InSalesforce) -> None:
    account = crm.put_account()
    contact = crm.put_contact(account)
    role = crm.sandbox.create(
        "AccountContactRole", AccountId=account, ContactId=contact, Role="Decision Maker"
    )
    crm.settle()
    cursor = pages(crm, Kind.CONTACT)[-1].cursor
    crm.sandbox.act("delete", id=role)
    crm.settle()

    assert contact in records(pages(crm, Kind.CONTACT, cursor))


def test_a_record_that_left_the_recycle_bin_is_gone(crm: InSalesforce) -> None:
    account, kept = crm.put_accounts([{"name": "Vidé"}, {"name": "Gardé"}])
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.archive(Kind.ACCOUNT, account)
    crm.catch_up()
    crm.sandbox.act("purge", id=account)
    crm.settle()

    found = pages(crm, Kind.ACCOUNT, cursor)

    assert [external_id for page in found for external_id in page.gone] == [account]
    assert kept not in records(found)
