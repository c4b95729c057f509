"""Zoho's connector against the emulated organization: jobs, keys, conditions, credits, tokens."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.base import Binding, Change, OwnField, Provision, Retriable, State
from connectors.sandbox.zoho import SANDBOX_REFRESH_TOKEN, ZohoSandbox
from connectors.sandbox.zoho.switches import OTHER_ANSWERS, ZohoSwitches
from connectors.zoho.connector import Zoho
from rules.records import Account, Contact, ContactRole, FieldType, Kind
from service import preflight
from tests.contract.in_salesforce import hurried
from tests.contract.in_zoho import InZoho
from tests.contract.test_contract import TIER, pages, provisioned, records, task

CHALLENGE = OwnField(
    name="challenge",
    type=FieldType.CHOICE,
    label="Contester",
    description="",
    options=(("too_low", "Trop bas"), ("too_high", "Trop haut")),
)
KEY_FIELD = "Arpent_Alert_Key"


@pytest.fixture(params=["usual", "other answers"])
def crm(request: pytest.FixtureRequest, organization: ZohoSandbox) -> Iterator[InZoho]:
    """An organization under both sets of answers."""
    if request.param == "other answers":
        organization.switches.change({**OTHER_ANSWERS})
    adapter = InZoho(organization)
    yield adapter
    adapter.close()


@pytest.fixture
def usual(organization: ZohoSandbox) -> Iterator[InZoho]:
    adapter = InZoho(organization)
    yield adapter
    adapter.close()


@pytest.mark.parametrize("crm", ["usual", "other answers"], indirect=True)
def test_every_open_question_has_another_answer(
    crm: InZoho, request: pytest.FixtureRequest
) -> None:
    """Each switch is in its first position in one run of the contract, and not in the other."""
    shown, usual = crm.sandbox.switches.as_json(), ZohoSwitches().as_json()
    is_usual = request.node.callspec.params["crm"] == "usual"

    assert set(OTHER_ANSWERS) < set(usual)
    for name in OTHER_ANSWERS:
        assert (shown[name] == usual[name]) is is_usual, name


# Reading.


def in_bulk(crm: InZoho) -> Zoho:
    """The connector, with jobs for first loads of any length."""
    crm.connector.close()
    crm.connector = Zoho(crm.grant, accounts=crm.sandbox.url, clock=hurried(), bulk_from=0)
    return crm.connector


def test_a_large_first_load_is_jobs_and_resumes_after_any_page(crm: InZoho) -> None:
    crm.sandbox.switches.change(
        {"bulk_page_size": 100, "bulk_seconds": 0.02, "bulk_downloads_per_minute": 99}
    )
    names = [f'Érablière "{number}", l’été\nà côté' for number in range(230)]
    ids = crm.put_accounts([{"name": name, "secteur": "FAB"} for name in names])
    crm.settle()
    expected = records(pages(crm, Kind.ACCOUNT, bindings=[crm.sector]))
    in_bulk(crm)

    whole = pages(crm, Kind.ACCOUNT, bindings=[crm.sector])

    assert records(whole) == expected
    assert [one.name for one in expected.values() if isinstance(one, Account)] == names
    assert list(expected) == ids
    assert crm.sandbox.statistics()["requests"]["POST /crm/bulk/v8/read"] == 3
    for days in (0, 2):
        # Results and the tokens of what follows last for a day: then it is begun again.
        crm.sandbox.clock.advance(timedelta(days=days))
        for stop in range(1, len(whole)):
            after = records(pages(crm, Kind.ACCOUNT, whole[stop - 1].cursor, [crm.sector]))
            assert records(whole[:stop]) | after == expected


def test_a_job_that_finds_nothing_ends_well(crm: InZoho) -> None:
    in_bulk(crm)

    (*_, last) = found = pages(crm, Kind.ACCOUNT)

    assert (records(found), last.is_last) == ({}, True)
    account = crm.put_account()
    crm.settle()
    assert list(records(pages(crm, Kind.ACCOUNT, last.cursor))) == [account]


def test_more_than_fifty_fields_are_several_selects_of_the_same_rows(crm: InZoho) -> None:
    labels = [f"Mesure {number}" for number in range(110)]
    for label in labels:
        crm.sandbox.act("create_field", module="Accounts", field_label=label, data_type="integer")
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(120)])
    for place, account in enumerate(ids):
        values = {label.replace(" ", "_"): place for label in labels}
        crm.sandbox.act("edit", id=account, values=values)
    bindings = [
        Binding(
            kind=Kind.ACCOUNT, name=f"m{number}", crm_field=label.replace(" ", "_"),
            type=FieldType.NUMBER,
        )
        for number, label in enumerate(labels)
    ]  # fmt: skip
    crm.settle()

    found = records(pages(crm, Kind.ACCOUNT, bindings=bindings))

    read = [found[key].fields for key in ids]  # type: ignore[union-attr]  # they are accounts
    assert read == [{each.name: place for each in bindings} for place in range(120)]


def test_a_role_on_a_deal_is_the_contact_s(crm: InZoho) -> None:
    account = crm.put_account()
    contact = crm.put_contact(account)
    deal = crm.put_opportunity("10", crm.open_stage, [account])
    crm.settle()
    (*_, last) = pages(crm, Kind.CONTACT)
    crm.sandbox.act("set_contact_role", deal=deal, contact=contact, role="Decision Maker")
    crm.settle()

    changed = records(pages(crm, Kind.CONTACT, last.cursor))
    whole = records(pages(crm, Kind.CONTACT))[contact]

    assert isinstance(whole, Contact)
    assert whole.role is ContactRole.DECISION_MAKER
    # Where a role is no change of the deal, the next full pull is the first to see it.
    assert (contact in changed) is crm.sandbox.switches.role_touches_deal


@pytest.mark.parametrize("named", ["as it was", "as it is now"])
def test_an_option_that_an_admin_relabels_is_read_by_either_name(crm: InZoho, named: str) -> None:
    options = [{"display_value": name, "actual_value": name} for name in ("Usine", "Magasin")]
    crm.sandbox.act(
        "create_field", module="Accounts", field_label="Type d'affaires", data_type="picklist",
        pick_list_values=options,
    )  # fmt: skip
    (field,) = [one for one in crm.connector.fields(Kind.ACCOUNT) if one.label == "Type d'affaires"]
    before, after = crm.put_accounts([{"name": "A"}, {"name": "B"}])
    crm.sandbox.act("edit", id=before, values={field.name: "Usine"})
    crm.sandbox.act(
        "relabel_choice", module="Accounts", field=field.name, value="Usine", label="Fabrique"
    )
    is_by_label = crm.sandbox.switches.option_name == "display"
    crm.sandbox.act("edit", id=after, values={field.name: "Fabrique" if is_by_label else "Usine"})
    crm.settle()
    called = "Usine" if named == "as it was" else "Fabrique"
    bound = Binding(
        kind=Kind.ACCOUNT, name="business", crm_field=field.name, type=FieldType.CHOICE,
        values={called: "factory", "Magasin": "shop"},
    )  # fmt: skip

    read = pages(crm, Kind.ACCOUNT, bindings=[bound])

    assert [one for page in read for one in page.quarantined] == []
    found = records(read)
    assert [found[key].fields for key in (before, after)] == [{"business": "factory"}] * 2  # type: ignore[union-attr]  # they are accounts
    assert preflight.run(crm.connector, [bound]) == []
    assert preflight.unknown_options(crm.connector, [bound]) == []


# Tasks.


@pytest.mark.parametrize("shape", ["record", "id"])
def test_with_a_field_for_its_key_a_task_is_there_once(usual: InZoho, shape: str) -> None:
    usual.sandbox.switches.change({"duplicate_value": shape})
    account = usual.put_account()
    before = usual.connector.create_task(task(usual, account, key="older")).external_id
    provisioned(usual)

    created = [usual.connector.create_task(task(usual, account)) for _ in range(2)]

    assert [one.state for one in created] == [State.APPLIED] * 2
    assert len({one.external_id for one in created}) == 1
    assert usual.tasks() == 2
    assert usual.sandbox.values_of(created[0].external_id)[KEY_FIELD] == "slipping:2026-W47:1"
    assert usual.connector.find_task(task(usual, account)) == created[0].external_id
    assert usual.connector.find_task(task(usual, account, key="older")) == before
    usual.sandbox.switches.change({"external_fields": False})
    assert usual.connector.find_task(task(usual, account)) == created[0].external_id


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"coql_cuts_texts": True},
        {"coql_textarea": False},
        {"coql_what_id": False},
    ],
    ids=str,
)
def test_a_task_is_known_by_the_end_of_a_long_text(
    usual: InZoho, answers: dict[str, object]
) -> None:
    usual.sandbox.switches.change({"external_fields": False, **answers})
    account, other = usual.put_accounts([{"name": "A"}, {"name": "B"}])
    provisioned(usual)
    long = replace(task(usual, account), body="é" * 700)
    created = [usual.connector.create_task(one).external_id for one in (long, task(usual, other))]

    assert KEY_FIELD not in usual.sandbox.org.modules["Tasks"].fields
    assert usual.connector.find_task(long) == created[0]
    assert usual.connector.find_task(task(usual, other)) == created[1]


def test_tasks_have_the_words_of_a_french_organization(crm: InZoho) -> None:
    statuses = [("Not Started", "Non commencé"), ("Completed", "Terminé")]
    priorities = [("High", "Élevé"), ("Normal", "Normale")]
    crm.sandbox.act("set_task_words", statuses=statuses, closed="Completed", priorities=priorities)

    created = crm.connector.create_task(task(crm, crm.put_account())).external_id

    held = crm.sandbox.org.tables["Tasks"][created].values
    assert (held["Status"], held["Priority"]) == ("Not Started", "Normal")
    assert crm.connector.complete_task(created).state is State.APPLIED
    assert crm.is_task_done(created)


# Writing.


def test_what_a_person_has_typed_meanwhile_is_not_written_over(crm: InZoho) -> None:
    account, other = crm.put_accounts([{"name": "A"}, {"name": "B"}])
    fields = [TIER, CHALLENGE]
    made = crm.connector.ensure("Planification", fields, dry_run=False)
    assert [one.state for one in made] == [Provision.CREATED] * 2
    names = [field.name for field in fields]
    for key in (account, other):
        crm.edit_own_field(key, "challenge", "too_low")
    crm.settle()
    list(crm.connector.pull(Kind.ACCOUNT, None, (), names))
    crm.edit_own_field(account, "challenge", "too_high")
    answer = [
        Change(external_id=key, values={"challenge": None, "tier": "gold"})
        for key in (account, other)
    ]

    outcomes = crm.connector.update(answer)

    assert [one.state for one in outcomes] == [State.DEFERRED, State.APPLIED]
    told = {edit.external_id: edit.value for edit in crm.connector.edits([account], ["challenge"])}
    assert told == {account: "too_high"}
    assert crm.connector.update(answer[:1])[0].state is State.APPLIED


def test_no_workflow_runs_because_of_us(usual: InZoho) -> None:
    account = usual.put_account()
    provisioned(usual)

    usual.connector.update([Change(external_id=account, values={"tier": "gold"})])
    created = usual.connector.create_task(task(usual, account)).external_id
    usual.connector.update_task(created, task(usual, account))
    usual.connector.complete_task(created)

    assert not +usual.sandbox.org.fired
    assert usual.sandbox.values_of(account)["Arpent_Tier"] == "Or"


# Limits.


def test_the_credits_that_are_counted_are_those_that_are_charged(crm: InZoho) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(230)])
    crm.put_opportunity("10", crm.open_stage, ids)
    # A call whose token has ended is counted here, and may be free there.
    crm.sandbox.switches.change({"token_seconds": 1e6})
    before = crm.sandbox.gateway.credits.used

    provisioned(crm)
    crm.connector.update([Change(external_id=key, values={"tier": "gold"}) for key in ids])
    crm.connector.edits(ids[:3], ["tier"])
    created = crm.connector.create_task(task(crm, ids[0])).external_id
    crm.connector.complete_task(created)
    for kind in Kind:
        (*_, last) = pages(crm, kind)
        crm.settle()
        pages(crm, kind, last.cursor)

    assert crm.connector.credits_spent == crm.sandbox.gateway.credits.used - before


def test_many_callers_whose_tokens_end_keep_to_ten_tokens(usual: InZoho) -> None:
    crm, ended = usual.sandbox, 0
    usual.connector.identify()

    def ask(_: int) -> str:
        try:
            return usual.connector.identify().account_id
        except Retriable as error:
            return "later" if error.retry_after else "no word of when"

    told: list[Sequence[str]] = []
    while ended < 12:
        crm.expire_sessions()
        ended += 1
        with ThreadPoolExecutor(8) as pool:
            told.append(list(pool.map(ask, range(16))))

    made = len(crm.gateway.accounts.grants[SANDBOX_REFRESH_TOKEN].made)
    assert made <= 10
    assert set(told[0]) == {usual.account_id}
    assert set(told[-1]) == {"later"}
    assert crm.statistics()["statuses"].get("400", 0) == 0
