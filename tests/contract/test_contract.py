"""What every CRM must do behind `connectors.base`, whichever it is."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connectors.base import (
    Binding,
    Change,
    OwnField,
    Page,
    Provision,
    Removal,
    Retriable,
    State,
    Task,
)
from connectors.pace import Clock
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.zoho import ZohoSandbox
from rules.records import (
    Account,
    Activity,
    FieldType,
    Kind,
    Link,
    Opportunity,
    Owner,
    Record,
    Relation,
    Stage,
    StageKind,
)
from tests.contract.crm import Crm
from tests.contract.in_hubspot import InHubSpot
from tests.contract.in_salesforce import InSalesforce
from tests.contract.in_zoho import InZoho
from tests.unit.test_pace import Time

TIER = OwnField(
    name="tier",
    type=FieldType.CHOICE,
    label="Niveau",
    description="Calculé par Arpent.",
    options=(("gold", "Or"), ("silver", "Argent")),
)
NEXT_CONTACT = OwnField(
    name="next_contact", type=FieldType.DATE, label="Prochain contact", description=""
)
WHY = OwnField(name="why", type=FieldType.TEXT, label="Pourquoi", description="")
OWN = (TIER, NEXT_CONTACT, WHY)
OWN_NAMES = [field.name for field in OWN]


def pages(
    crm: Crm, kind: Kind, cursor: str | None = None, bindings: Sequence[Binding] = ()
) -> list[Page]:
    return list(crm.connector.pull(kind, cursor, bindings, OWN_NAMES))


def changes(crm: Crm, kind: Kind, cursor: str | None) -> list[Page]:
    """What pulls give from a cursor on: at once, and when a slow index has caught up."""
    at_once = pages(crm, kind, cursor)
    crm.catch_up()
    return at_once + pages(crm, kind, at_once[-1].cursor)


def records(found: Sequence[Page]) -> dict[str, Record]:
    return {record.external_id: record for page in found for record in page.records}


def links(found: Sequence[Page]) -> set[Link]:
    return {link for page in found for link in page.links}


def provisioned(crm: Crm) -> list[Provision]:
    return [one.state for one in crm.connector.ensure("Planification", OWN, dry_run=False)]


def task(crm: Crm, account: str, key: str = "slipping:2026-W47:1") -> Task:
    return Task(
        key=key,
        subject="À relancer",
        body="Trois semaines sans contact <b>consigné</b>.\nVoir le plan.",
        due_at=1_796_050_800_000,
        owner_id=crm.owner_id,
        account_id=account,
    )


# Who and what.


def test_the_account_behind_the_credentials_is_named(crm: Crm) -> None:
    identity = crm.connector.identify()

    assert identity.vendor == crm.connector.vendor
    assert identity.account_id == crm.account_id
    assert (identity.time_zone, identity.currency) == ("America/Toronto", "CAD")


def test_the_fields_of_accounts_are_listed(crm: Crm) -> None:
    wanted = {crm.potential.crm_field, crm.sector.crm_field}

    assert wanted <= {one.name for one in crm.connector.fields(Kind.ACCOUNT)}


def test_owners_come_with_their_address(crm: Crm) -> None:
    owner = records(pages(crm, Kind.OWNER))[crm.owner_id]

    assert owner == Owner(
        external_id=crm.owner_id, name="Élise Gagnon", email="elise@example.org", is_active=True
    )


def test_stages_say_whether_they_win_or_lose(crm: Crm) -> None:
    stages = records(pages(crm, Kind.STAGE))

    kinds = {key: stage.kind for key, stage in stages.items() if isinstance(stage, Stage)}
    assert kinds[crm.open_stage] is StageKind.OPEN
    assert kinds[crm.won_stage] is StageKind.WON
    assert kinds[crm.lost_stage] is StageKind.LOST


# Pulling.


@pytest.mark.parametrize("kind", list(Kind))
def test_a_stream_ends_with_the_page_that_says_so(crm: Crm, kind: Kind) -> None:
    found = pages(crm, kind)

    assert [page.is_last for page in found] == [*[False] * (len(found) - 1), True]
    assert {page.kind for page in found} == {kind}


def test_a_full_pull_gives_each_account_once(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(230)])

    found = [record.external_id for page in pages(crm, Kind.ACCOUNT) for record in page.records]

    assert sorted(found) == sorted(ids)


def test_an_account_carries_what_was_typed(crm: Crm) -> None:
    account = crm.put_account("Érablière Côté", potentiel="125000.50", secteur="FAB")

    record = records(pages(crm, Kind.ACCOUNT, bindings=[crm.potential, crm.sector]))[account]

    assert isinstance(record, Account)
    assert (record.name, record.owner_id) == ("Érablière Côté", crm.owner_id)
    assert record.fields == {"potential": 12_500_050, "sector": "manufacturing"}
    assert record.archived_at is None


def test_an_opportunity_has_its_money_its_stages_and_its_accounts(crm: Crm) -> None:
    main, other = crm.put_accounts([{"name": "Scierie"}, {"name": "Coopérative"}])
    accounts = [main, other][: crm.accounts_per_opportunity]
    opportunity = crm.put_opportunity("1200", crm.open_stage, accounts)
    crm.move_opportunity(opportunity, crm.won_stage)

    found = pages(crm, Kind.OPPORTUNITY)

    record = records(found)[opportunity]
    assert isinstance(record, Opportunity)
    assert (record.amount, record.currency, record.home_amount) == (90_000, "CAD", 90_000)
    assert record.peak_amount == 120_000
    assert [entry.stage_id for entry in record.stage_entries] == [crm.open_stage, crm.won_stage]
    relation = Relation.OPPORTUNITY_ACCOUNT
    assert links(found) == {
        Link(relation=relation, from_id=opportunity, to_id=account, is_primary=account == main)
        for account in accounts
    }


def test_contacts_and_activities_lead_to_their_account(crm: Crm) -> None:
    account = crm.put_account()
    contact = crm.put_contact(account)
    completed = crm.put_call(account, is_completed=True)
    missed = crm.put_call(account, is_completed=False)

    activities = pages(crm, Kind.ACTIVITY)

    assert {(one.from_id, one.to_id) for one in links(pages(crm, Kind.CONTACT))} == {
        (contact, account)
    }
    assert {(one.from_id, one.to_id) for one in links(activities)} == {
        (completed, account),
        (missed, account),
    }
    contacts = {
        key: record.is_contact
        for key, record in records(activities).items()
        if isinstance(record, Activity)
    }
    assert contacts == {completed: True, missed: False}


def test_a_pull_resumes_after_any_page(crm: Crm) -> None:
    crm.put_accounts([{"name": f"Compte {number}"} for number in range(230)])
    # What is new would be read once more, past the cursor's safety lag.
    crm.settle()
    whole = pages(crm, Kind.ACCOUNT)
    expected = set(records(whole))
    assert len(whole) > 1

    for stop in range(1, len(whole)):
        before = set(records(whole[:stop]))
        after = records(pages(crm, Kind.ACCOUNT, whole[stop - 1].cursor))
        assert before | set(after) == expected
        assert before.isdisjoint(after)


def test_an_incremental_pull_gives_what_changed_and_what_is_new(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(120)])
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.settle()
    crm.rename_account(ids[7], "Renommé")
    new = crm.put_account("Nouveau")

    found = records(changes(crm, Kind.ACCOUNT, cursor))

    assert set(found) == {ids[7], new}
    renamed = found[ids[7]]
    assert isinstance(renamed, Account)
    assert renamed.name == "Renommé"


def test_an_incremental_pull_of_opportunities_keeps_links_and_stages(crm: Crm) -> None:
    main, other = crm.put_accounts([{"name": "Scierie"}, {"name": "Coopérative"}])
    accounts = [main, other][: crm.accounts_per_opportunity]
    opportunity = crm.put_opportunity("1200", crm.open_stage, accounts)
    crm.settle()
    cursor = pages(crm, Kind.OPPORTUNITY)[-1].cursor
    crm.settle()
    crm.move_opportunity(opportunity, crm.lost_stage)

    found = changes(crm, Kind.OPPORTUNITY, cursor)

    record = records(found)[opportunity]
    assert isinstance(record, Opportunity)
    assert (record.stage_id, record.peak_amount) == (crm.lost_stage, 120_000)
    assert [entry.stage_id for entry in record.stage_entries] == [crm.open_stage, crm.lost_stage]
    assert {(one.to_id, one.is_primary) for one in links(found)} == {
        (account, account == main) for account in accounts
    }


def test_nothing_comes_when_nothing_changed(crm: Crm) -> None:
    account = crm.put_account()
    crm.put_opportunity("1", crm.open_stage, [account])
    crm.put_call(account, is_completed=True)
    crm.settle()
    for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY, Kind.CONTACT, Kind.ACTIVITY):
        cursor = pages(crm, kind)[-1].cursor
        crm.settle()
        quiet = pages(crm, kind, cursor)
        again = pages(crm, kind, quiet[-1].cursor)
        assert not records(quiet)
        assert not records(again)


def test_streams_can_be_read_at_once(crm: Crm) -> None:
    account, *_ = crm.put_accounts([{"name": f"Compte {number}"} for number in range(150)])
    crm.put_opportunity("10", crm.open_stage, [account])
    crm.put_contact(account)
    crm.put_call(account, is_completed=True)
    one_by_one = {kind: (records(found := pages(crm, kind)), links(found)) for kind in Kind}

    with ThreadPoolExecutor(len(Kind)) as pool:
        at_once = dict(zip(Kind, pool.map(lambda kind: pages(crm, kind), Kind), strict=True))

    assert crm.connector.readers >= 1
    assert len(one_by_one[Kind.ACCOUNT][0]) == 150
    assert {kind: (records(found), links(found)) for kind, found in at_once.items()} == one_by_one


def test_an_archived_record_becomes_a_tombstone(crm: Crm) -> None:
    account, kept = crm.put_accounts([{"name": "Fermé"}, {"name": "Ouvert"}])
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.settle()
    crm.archive(Kind.ACCOUNT, account)

    incremental = records(changes(crm, Kind.ACCOUNT, cursor))
    whole = records(pages(crm, Kind.ACCOUNT))

    for found in (incremental[account], whole[account]):
        assert isinstance(found, Account)
        assert found.archived_at is not None
    assert set(incremental) == {account}
    assert set(whole) == {account, kept}


def test_the_survivor_of_a_merge_names_the_ids_that_it_replaces(crm: Crm) -> None:
    loser, winner = crm.put_accounts([{"name": "Doublon"}, {"name": "Original"}])
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.settle()
    survivor = crm.merge(loser, winner)

    found = records(changes(crm, Kind.ACCOUNT, cursor))

    kept = found[survivor]
    assert isinstance(kept, Account)
    assert (loser in kept.merged_ids) is crm.tells_survivor
    if not crm.tells_survivor:
        gone = found[loser]
        assert isinstance(gone, Account)
        assert gone.archived_at is not None


def test_dirty_values_are_set_aside_and_the_record_stays(crm: Crm) -> None:
    dirty, clean = crm.put_accounts(
        [
            {"name": "Sale", "potentiel": "à confirmer", "secteur": "XYZ"},
            {"name": "Propre", "potentiel": "12", "secteur": "DET"},
        ]
    )

    found = pages(crm, Kind.ACCOUNT, bindings=[crm.potential, crm.sector])

    read = records(found)
    assert isinstance(read[dirty], Account)
    assert read[dirty].fields == {"potential": None, "sector": None}  # type: ignore[union-attr]
    assert read[clean].fields == {"potential": 1200, "sector": "retail"}  # type: ignore[union-attr]
    aside = {
        (one.external_id, one.field, one.raw): one.reason
        for page in found
        for one in page.quarantined
    }
    assert set(aside) == {
        (dirty, "potential", "à confirmer"),
        (dirty, "sector", "XYZ"),
    }
    assert "XYZ" in aside[dirty, "sector", "XYZ"]


# Our own fields.


def test_own_fields_are_created_once(crm: Crm) -> None:
    assert provisioned(crm) == [Provision.CREATED] * 3
    assert provisioned(crm) == [Provision.PRESENT] * 3


def test_a_dry_run_creates_nothing(crm: Crm) -> None:
    planned = crm.connector.ensure("Planification", OWN, dry_run=True)

    assert [one.state for one in planned] == [Provision.CREATED] * 3
    assert provisioned(crm) == [Provision.CREATED] * 3


def test_without_room_for_all_our_fields_none_is_created(crm: Crm) -> None:
    crm.limit_fields(2)

    for dry_run in (True, False):
        states = crm.connector.ensure("Planification", OWN, dry_run=dry_run)
        assert [one.state for one in states] == [Provision.NO_ROOM] * 3
        assert states[0].note is not None
    crm.limit_fields(3)
    assert provisioned(crm) == [Provision.CREATED] * 3
    # What is there needs no room.
    crm.limit_fields(0)
    assert provisioned(crm) == [Provision.PRESENT] * 3


def test_a_deleted_field_is_made_anew_on_purpose_and_said_to_be(crm: Crm) -> None:
    provisioned(crm)
    crm.delete_own_field("tier")
    wider = replace(TIER, options=(*TIER.options, ("bronze", "Bronze")))

    planned = crm.connector.ensure("Planification", [wider, WHY], dry_run=True)
    done = crm.connector.ensure("Planification", [wider, WHY], dry_run=False)

    assert [one.state for one in done] == [crm.remade, Provision.PRESENT]
    if crm.remade is not Provision.CREATED:
        assert done[0].note is not None
    elif crm.tells_last_change:
        assert done[0].note is None
    # Whether a name is free is known by trying.
    expected = done[0].state if crm.remade is Provision.REVIVED else Provision.CREATED
    assert [one.state for one in planned] == [expected, Provision.PRESENT]
    crm.outlast_deletions()
    crm.connector.ensure("Planification", [wider, WHY], dry_run=False)
    account = crm.put_account()
    (outcome,) = crm.connector.update([Change(external_id=account, values={"tier": "bronze"})])
    assert outcome.state is State.APPLIED
    assert provisioned(crm) == [Provision.PRESENT] * 3


def test_a_new_option_is_added_to_those_there(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)
    wider = OwnField(
        name="tier",
        type=FieldType.CHOICE,
        label="Niveau",
        description="",
        options=(("gold", "Or"), ("bronze", "Bronze")),
    )

    (state,) = crm.connector.ensure("Planification", [wider], dry_run=False)
    outcomes = [
        crm.connector.update([Change(external_id=account, values={"tier": tier})])[0].state
        for tier in ("gold", "silver", "bronze")
    ]

    assert state.state is Provision.UPDATED
    assert outcomes == [State.APPLIED] * 3


def test_a_field_of_another_type_is_left_alone(crm: Crm) -> None:
    crm.declare(OwnField(name="next_contact", type=FieldType.TEXT, label="", description=""))

    states = crm.connector.ensure("Planification", OWN, dry_run=False)

    assert [one.state for one in states] == [
        Provision.CREATED,
        Provision.CONFLICT,
        Provision.CREATED,
    ]
    assert states[1].note is not None
    assert "next_contact" in states[1].note.en


def test_what_is_written_is_observed(crm: Crm) -> None:
    account, untouched = crm.put_accounts([{"name": "Écrit"}, {"name": "Intact"}])
    provisioned(crm)
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.settle()
    values = {"tier": "gold", "next_contact": "2026-07-13", "why": "Potentiel élevé, lien actif"}

    (outcome,) = crm.connector.update([Change(external_id=account, values=values)])

    assert (outcome.external_id, outcome.state) == (account, State.APPLIED)
    incremental = records(pages(crm, Kind.ACCOUNT, cursor))[account]
    assert isinstance(incremental, Account)
    assert incremental.observed == values
    intact = records(pages(crm, Kind.ACCOUNT))[untouched]
    assert isinstance(intact, Account)
    assert intact.observed == dict.fromkeys(OWN_NAMES)


def test_a_value_can_be_cleared(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)
    crm.connector.update([Change(external_id=account, values={"tier": "gold", "why": "a"})])

    crm.connector.update([Change(external_id=account, values={"why": None})])

    record = records(pages(crm, Kind.ACCOUNT))[account]
    assert isinstance(record, Account)
    assert record.observed == {"tier": "gold", "next_contact": None, "why": None}


def test_a_person_s_edit_of_our_field_is_observed(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)
    crm.settle()
    cursor = pages(crm, Kind.ACCOUNT)[-1].cursor
    crm.settle()
    crm.edit_own_field(account, "tier", "silver")

    record = records(pages(crm, Kind.ACCOUNT, cursor))[account]

    assert isinstance(record, Account)
    assert record.observed["tier"] == "silver"


def test_what_a_field_of_ours_holds_now_is_told_with_its_last_change(crm: Crm) -> None:
    """By a consistent read: a search index may still show what was there before."""
    ours, theirs = crm.put_accounts([{"name": "A"}, {"name": "B"}])
    provisioned(crm)
    crm.connector.update([Change(external_id=ours, values={"tier": "gold"})])
    crm.edit_own_field(theirs, "tier", "silver")
    edits = crm.connector.edits([ours, theirs, crm.missing_id], ["tier", "why"])
    told = {(each.external_id, each.field): each for each in edits}
    assert {key: each.value for key, each in told.items()} == {
        (ours, "tier"): "gold",
        (ours, "why"): None,
        (theirs, "tier"): "silver",
        (theirs, "why"): None,
    }
    moments = [each.at for each in (told[ours, "tier"], told[theirs, "tier"]) if each.at]
    assert len(moments) == (2 if crm.tells_last_change else 0)
    assert moments == sorted(moments)
    crm.archive(Kind.ACCOUNT, theirs)
    crm.catch_up()
    assert {each.external_id for each in crm.connector.edits([ours, theirs], ["why"])} == {ours}


def test_no_account_has_no_edits(crm: Crm) -> None:
    assert crm.connector.edits([], ["why"]) == []


def test_a_rejected_record_does_not_block_the_batch(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(5)])
    provisioned(crm)
    changes = [Change(external_id=key, values={"tier": "gold"}) for key in ids]
    field, value = crm.refused_value
    changes[2] = Change(external_id=ids[2], values={field: value})

    outcomes = crm.connector.update(changes)

    assert [one.external_id for one in outcomes] == ids
    assert [one.state for one in outcomes] == [
        State.REJECTED if place == 2 else State.APPLIED for place in range(5)
    ]
    assert value in outcomes[2].reason
    assert outcomes[2].remedy is not None


def test_a_record_that_is_gone_is_rejected_with_words(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)

    unknown, known = crm.connector.update(
        [
            Change(external_id=crm.missing_id, values={"tier": "gold"}),
            Change(external_id=account, values={"tier": "gold"}),
        ]
    )

    assert (unknown.external_id, unknown.state) == (crm.missing_id, State.REJECTED)
    assert unknown.reason
    assert unknown.remedy is not None
    assert known.state is State.APPLIED


def test_a_locked_record_is_put_off_and_the_others_are_written(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(5)])
    provisioned(crm)
    changes = [Change(external_id=key, values={"tier": "gold"}) for key in ids]
    crm.lock(ids[2])

    outcomes = crm.connector.update(changes)

    assert [one.external_id for one in outcomes] == ids
    assert [one.state for one in outcomes] == [
        State.DEFERRED if place == 2 else State.APPLIED for place in range(5)
    ]
    crm.unlock(ids[2])
    assert crm.connector.update(changes[2:3])[0].state is State.APPLIED


def test_a_value_that_the_crm_keeps_in_another_form_is_told_as_it_is_read(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)
    crm.keep_upper_case("why")
    values = {"tier": "gold", "why": "Potentiel élevé"}

    (outcome,) = crm.connector.update([Change(external_id=account, values=values)])

    record = records(pages(crm, Kind.ACCOUNT))[account]
    assert isinstance(record, Account)
    assert outcome.state is State.APPLIED
    assert record.observed["why"] == "POTENTIEL ÉLEVÉ"
    assert outcome.normalised == ({"why": "POTENTIEL ÉLEVÉ"} if crm.tells_kept_form else {})


def test_batches_may_be_sent_side_by_side(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(40)])
    provisioned(crm)
    batches = [
        [Change(external_id=key, values={"tier": "gold"}) for key in ids[start : start + 5]]
        for start in range(0, 40, 5)
    ]

    with ThreadPoolExecutor(crm.connector.senders) as pool:
        answered = list(pool.map(crm.connector.update, batches))

    assert [[one.external_id for one in outcomes] for outcomes in answered] == [
        [change.external_id for change in batch] for batch in batches
    ]
    assert {one.state for outcomes in answered for one in outcomes} == {State.APPLIED}


def test_the_same_record_may_be_written_twice_in_a_row(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)

    outcomes = crm.connector.update(
        [Change(external_id=account, values={"tier": tier}) for tier in ("gold", "silver")]
    )

    assert [one.state for one in outcomes] == [State.APPLIED] * 2
    record = records(pages(crm, Kind.ACCOUNT))[account]
    assert isinstance(record, Account)
    assert record.observed["tier"] == "silver"


def test_many_changes_are_answered_in_their_order(crm: Crm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(230)])
    provisioned(crm)
    before = crm.connector.calls

    outcomes = crm.connector.update(
        [Change(external_id=key, values={"tier": "gold"}) for key in reversed(ids)]
    )

    assert [one.external_id for one in outcomes] == ids[::-1]
    assert {one.state for one in outcomes} == {State.APPLIED}
    assert crm.connector.calls - before <= crm.calls_to_write_three_batches


def test_no_change_costs_no_call(crm: Crm) -> None:
    crm.connector.identify()
    before = crm.connector.calls

    assert crm.connector.batch_for(0) >= 1
    assert list(crm.connector.update([])) == []
    assert crm.connector.calls - before <= 1


def test_a_lost_answer_to_a_write_is_never_taken_for_a_success(crm: Crm) -> None:
    account = crm.put_account()
    provisioned(crm)
    crm.lose_the_next_answer()

    with pytest.raises(Retriable):
        crm.connector.update([Change(external_id=account, values={"tier": "gold"})])

    record = records(pages(crm, Kind.ACCOUNT))[account]
    assert isinstance(record, Account)
    assert record.observed["tier"] == "gold"


# Leaving.


def removed(crm: Crm, *, dry_run: bool = False) -> list[Removal]:
    return [one.state for one in crm.connector.remove(OWN, dry_run=dry_run)]


def test_leaving_takes_our_fields_away_and_no_other(crm: Crm) -> None:
    account = crm.put_account(potentiel="10")
    provisioned(crm)
    crm.connector.update([Change(external_id=account, values={"tier": "gold"})])
    others = {one.name for one in crm.connector.fields(Kind.ACCOUNT) if one.own is None}

    assert removed(crm, dry_run=True) == [Removal.REMOVED] * 3
    assert {one.own for one in crm.connector.fields(Kind.ACCOUNT)} == {None, *OWN_NAMES}
    assert removed(crm) == [Removal.REMOVED] * 3

    assert {one.name for one in crm.connector.fields(Kind.ACCOUNT)} == others
    assert removed(crm) == [Removal.ABSENT] * 3
    assert provisioned(crm) == [crm.remade] * 3
    crm.outlast_deletions()
    provisioned(crm)
    record = records(pages(crm, Kind.ACCOUNT))[account]
    assert isinstance(record, Account)
    assert record.observed["tier"] == ("gold" if crm.remade is Provision.REVIVED else None)


def test_leaving_spares_a_field_that_only_bears_our_name(crm: Crm) -> None:
    crm.declare(replace(TIER, type=FieldType.NUMBER, options=()))

    (tier, *rest) = crm.connector.remove(OWN, dry_run=False)

    assert tier.state is Removal.FOREIGN
    assert tier.note is not None
    assert [one.state for one in rest] == [Removal.ABSENT] * 2
    assert "tier" in {one.own for one in crm.connector.fields(Kind.ACCOUNT)}


def test_the_room_is_told_where_it_is_known(crm: Crm) -> None:
    crm.limit_fields(4)
    before = crm.connector.headroom()
    provisioned(crm)
    after = crm.connector.headroom()

    assert before is not None
    assert after is not None
    assert (before.left, after.left, after.usage - before.usage) == (4, 1, 3)


# Tasks.


def test_a_task_is_created_and_found_by_its_key(crm: Crm) -> None:
    account, other = crm.put_accounts([{"name": "À relancer"}, {"name": "Voisin"}])
    assert crm.connector.find_task(task(crm, account)) is None

    outcome = crm.connector.create_task(task(crm, account))

    assert outcome.state is State.APPLIED
    assert crm.connector.find_task(task(crm, account)) == outcome.external_id
    assert crm.connector.find_task(task(crm, account, key="slipping:2026-W47:11")) is None
    assert crm.connector.find_task(task(crm, other)) is None


def test_a_task_whose_answer_is_lost_is_unknown_and_can_be_found(crm: Crm) -> None:
    account = crm.put_account()
    crm.connector.identify()
    crm.lose_the_next_answer()

    outcome = crm.connector.create_task(task(crm, account))

    assert outcome.state is State.UNKNOWN
    assert outcome.remedy is not None
    assert crm.connector.find_task(task(crm, account)) is not None
    assert crm.tasks() == 1


def news(crm: Crm, account: str) -> Task:
    return replace(
        task(crm, account),
        subject="Toujours à relancer",
        body="Quatre semaines.",
        due_at=1_798_000_000_000,
        is_urgent=True,
    )


def test_an_open_task_is_rewritten_and_found_as_before(crm: Crm) -> None:
    account = crm.put_account()
    created = crm.connector.create_task(task(crm, account)).external_id

    outcome = crm.connector.update_task(created, news(crm, account))

    assert (outcome.external_id, outcome.state) == (created, State.APPLIED)
    subject, body = crm.task_text(created)
    assert subject == "Toujours à relancer"
    assert body.startswith("Quatre semaines.")
    assert not crm.is_task_done(created)
    assert crm.connector.find_task(task(crm, account)) == created
    assert crm.tasks() == 1


def test_an_open_task_is_completed_once(crm: Crm) -> None:
    created = crm.connector.create_task(task(crm, crm.put_account())).external_id

    states = [crm.connector.complete_task(created).state for _ in range(2)]

    assert states == [State.APPLIED, State.UNCHANGED]
    assert crm.is_task_done(created)


def test_a_task_that_a_person_completed_is_left_as_it_is(crm: Crm) -> None:
    account = crm.put_account()
    created = crm.connector.create_task(task(crm, account)).external_id
    crm.finish_task(created)
    before = crm.task_text(created)

    states = [
        crm.connector.update_task(created, news(crm, account)).state,
        crm.connector.complete_task(created).state,
    ]

    assert states == [State.UNCHANGED] * 2
    assert crm.task_text(created) == before
    assert crm.is_task_done(created)


def test_a_task_that_is_gone_is_no_failure(crm: Crm) -> None:
    account = crm.put_account()

    assert crm.connector.update_task(crm.missing_id, news(crm, account)).state is State.UNCHANGED
    assert crm.connector.complete_task(crm.missing_id).state is State.UNCHANGED
    assert crm.tasks() == 0


def test_a_task_on_an_account_that_is_gone_is_rejected_with_words(crm: Crm) -> None:
    outcome = crm.connector.create_task(task(crm, crm.missing_id))

    assert outcome.state is State.REJECTED
    assert outcome.reason
    assert outcome.remedy is not None
    assert crm.tasks() == 0


# The rest.


def test_a_record_has_an_address(crm: Crm) -> None:
    account = crm.put_account()

    assert account in crm.connector.record_url(Kind.ACCOUNT, account)


def test_an_admin_s_steps_are_sentences(crm: Crm) -> None:
    for step in crm.connector.setup_steps():
        assert step.fr != step.en


def test_calls_are_counted(crm: Crm) -> None:
    assert crm.connector.calls == 0

    crm.connector.identify()
    once = crm.connector.calls
    pages(crm, Kind.ACCOUNT)

    assert once == crm.calls_to_identify
    assert crm.connector.calls > once


def test_a_connector_may_be_closed_twice(crm: Crm) -> None:
    crm.connector.identify()

    crm.connector.close()
    crm.connector.close()


def test_the_legacy_paths_serve_as_well(legacy: Crm) -> None:
    account = legacy.put_account()
    opportunity = legacy.put_opportunity("10", legacy.open_stage, [account])
    legacy.put_call(account, is_completed=True)
    assert provisioned(legacy) == [Provision.CREATED] * 3
    for kind in Kind:
        cursor = pages(legacy, kind)[-1].cursor
        assert pages(legacy, kind, cursor)[-1].is_last

    (written,) = legacy.connector.update([Change(external_id=account, values={"tier": "gold"})])
    created = legacy.connector.create_task(task(legacy, account))

    assert written.state is State.APPLIED
    assert legacy.connector.find_task(task(legacy, account)) == created.external_id
    assert {(one.from_id, one.to_id) for one in links(pages(legacy, Kind.OPPORTUNITY))} == {
        (opportunity, account)
    }


TROUBLES: list[dict[str, object]] = [
    {"status": 503},
    {"status": 429, "retry_after": 1},
    {"reset": True},
    {"truncate": 0.5},
    {"html": True},
    {"status": 502, "html": True},
]


def test_trouble_on_the_way_changes_nothing_of_what_is_read(sandbox: HubSpotSandbox) -> None:
    waits: list[float] = []
    adapter = InHubSpot(sandbox, clock=Clock(sleep=waits.append))
    assert_read_despite_troubles(adapter, sandbox, "^/crm/", waits)


def test_trouble_on_the_way_to_salesforce_changes_nothing_of_what_is_read(
    org: SalesforceSandbox,
) -> None:
    time = Time()
    adapter = InSalesforce(org, clock=time.clock)
    assert_read_despite_troubles(adapter, org, "^/services/data/", time.sleeps)


def test_trouble_on_the_way_to_zoho_changes_nothing_of_what_is_read(
    organization: ZohoSandbox,
) -> None:
    time = Time()
    adapter = InZoho(organization, clock=time.clock)
    assert_read_despite_troubles(adapter, organization, "^/crm/", time.sleeps)


def assert_read_despite_troubles(
    adapter: InHubSpot | InSalesforce | InZoho, sandbox: Emulated, path: str, waits: Sequence[float]
) -> None:
    accounts = adapter.put_accounts([{"name": f"Compte {number}"} for number in range(230)])
    for account in accounts[:60]:
        adapter.put_opportunity("10", adapter.open_stage, [account])
    expected = [records(pages(adapter, kind)) for kind in Kind]
    assert waits == []

    # Each trouble strikes one request in twelve, at different moments.
    sandbox.set_faults(
        *(
            {"match": {"path": path}, "nth": list(range(place + 1, 200, 12)), "fault": fault}
            for place, fault in enumerate(TROUBLES)
        )
    )

    assert [records(pages(adapter, kind)) for kind in Kind] == expected
    assert len(waits) >= len(TROUBLES)
    adapter.close()
