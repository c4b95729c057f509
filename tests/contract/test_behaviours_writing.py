"""What is written into a CRM on a busy day: each change once, and only where it is meant."""

from collections.abc import Callable, Sequence

import pytest

from connectors.base import Change, Fatal, Outcome, OwnField, Retriable, State, Task
from rules.records import Account, FieldType, Kind
from tests.contract.busy import BusyCrm

TIER = OwnField(
    name="tier",
    type=FieldType.CHOICE,
    label="Niveau",
    description="",
    options=(("gold", "Or"), ("silver", "Argent")),
)
WHY = OwnField(name="why", type=FieldType.TEXT, label="Pourquoi", description="")
TEXTS = ("« Écœurés » — l’été à Łódź", "🍁 👩🏽‍🌾 𝔼 ½", "é" * 250, "a, \"b\"; <c> & \\ %s {d} 'e'")
DAY = 86_400_000


@pytest.fixture
def crm(busy: BusyCrm) -> BusyCrm:
    """Each CRM, with two fields of ours."""
    busy.connector.ensure("Planification", [TIER, WHY], dry_run=False)
    return busy


def gold(*accounts: str) -> list[Change]:
    return [Change(external_id=key, values={"tier": "gold"}) for key in accounts]


def states(outcomes: Sequence[Outcome]) -> list[State]:
    return [one.state for one in outcomes]


def task(crm: BusyCrm, account: str, words: str = "Trois semaines.") -> Task:
    return Task(
        key="opened:2026-W47:1",
        subject=words[:80],
        body=words,
        due_at=crm.now() + 2 * DAY,
        owner_id=crm.owner_id,
        account_id=account,
    )


def patiently(write: Callable[[], object], tries: int = 20) -> None:
    """What a caller does that tries again for as long as it is told to."""
    for _ in range(tries):
        try:
            write()
        except Retriable:
            continue
        return
    raise AssertionError


def as_read(crm: BusyCrm, key: str) -> Account:
    found = crm.connector.pull(Kind.ACCOUNT, None, [crm.potential, crm.sector], ["tier", "why"])
    (record,) = [one for page in found for one in page.records if one.external_id == key]
    assert isinstance(record, Account)
    return record


# Refused.


def test_one_refused_record_has_the_crm_s_words_and_the_rest_is_written(crm: BusyCrm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}", "secteur": "FAB"} for number in range(5)])
    words = crm.refuse(ids[3])

    outcomes = crm.connector.update(gold(*ids))

    assert [one.external_id for one in outcomes] == ids
    assert states(outcomes) == [
        State.REJECTED if place == 3 else State.APPLIED for place in range(5)
    ]
    assert words in outcomes[3].reason
    assert outcomes[3].remedy is not None
    assert [crm.own_value(key, "tier") for key in ids] == [
        None if place == 3 else "gold" for place in range(5)
    ]


def test_what_was_refused_is_written_once_it_is_accepted(crm: BusyCrm) -> None:
    key = crm.put_account(secteur="FAB")
    crm.refuse(key)
    assert states(crm.connector.update(gold(key))) == [State.REJECTED]

    crm.accept(key)

    assert states(crm.connector.update(gold(key))) == [State.APPLIED]
    assert crm.own_value(key, "tier") == "gold"


def test_a_deleted_account_is_refused_and_the_rest_is_written(crm: BusyCrm) -> None:
    gone, kept = crm.put_accounts([{"name": "Fermé"}, {"name": "Ouvert"}])
    crm.archive(Kind.ACCOUNT, gone)

    outcomes = crm.connector.update(gold(gone, kept))

    assert states(outcomes) == [State.REJECTED, State.APPLIED]
    assert outcomes[0].reason
    assert outcomes[0].remedy is not None


def test_a_field_that_an_admin_has_deleted_is_named(crm: BusyCrm) -> None:
    key = crm.put_account()
    crm.delete_own_field("why")

    change = Change(external_id=key, values={"tier": "gold", "why": "a"})
    (outcome,) = crm.connector.update([change])

    assert outcome.state is State.REJECTED
    assert set(outcome.missing) == {"why"}


# Nothing but ours.


def test_a_write_touches_nothing_but_our_fields(crm: BusyCrm) -> None:
    key = crm.put_account("Érablière", potentiel="1200", secteur="FAB")
    before = as_read(crm, key)

    crm.connector.update(gold(key))

    after = as_read(crm, key)
    assert (after.name, after.owner_id, after.fields) == (
        before.name, before.owner_id, before.fields,
    )  # fmt: skip
    assert dict(after.observed) == {"tier": "gold", "why": None}


def test_a_field_of_ours_that_is_not_named_keeps_what_it_holds(crm: BusyCrm) -> None:
    key = crm.put_account()
    crm.connector.update([Change(external_id=key, values={"tier": "silver", "why": "a"})])

    crm.connector.update(gold(key))

    assert (crm.own_value(key, "tier"), crm.own_value(key, "why")) == ("gold", "a")


def test_the_same_value_again_is_applied(crm: BusyCrm) -> None:
    key = crm.put_account()

    assert [states(crm.connector.update(gold(key))) for _ in range(2)] == [[State.APPLIED]] * 2
    assert crm.own_value(key, "tier") == "gold"


# Texts.


def test_our_texts_keep_their_accents_emoji_and_signs(crm: BusyCrm) -> None:
    keys = [crm.put_account(f"Compte {place}") for place in range(len(TEXTS))]
    written = dict(zip(keys, TEXTS, strict=True))

    outcomes = crm.connector.update(
        [Change(external_id=key, values={"why": text}) for key, text in written.items()]
    )

    assert states(outcomes) == [State.APPLIED] * len(keys)
    assert [dict(one.normalised) for one in outcomes] == [{}] * len(keys)
    assert {key: crm.own_value(key, "why") for key in keys} == written
    assert {key: as_read(crm, key).observed["why"] for key in keys} == written


def test_a_task_keeps_its_accents_and_emoji(crm: BusyCrm) -> None:
    words = "Relancer l’Érablière « Côté » 🍁 👩🏽‍🌾"
    created = crm.connector.create_task(task(crm, crm.put_account(), words))

    subject, body = crm.task_text(created.external_id)

    assert subject == words
    assert body.startswith(words)


# Who holds the account.


def test_an_edit_by_a_person_after_ours_is_told_as_theirs(crm: BusyCrm) -> None:
    key = crm.put_account()
    crm.connector.update(gold(key))
    crm.settle()
    crm.edit_by(crm.owner_id, key, "tier", "silver")
    crm.catch_up()

    (told,) = crm.connector.edits([key], ["tier"])

    assert told.value == "silver"
    if crm.tells_last_change:
        assert told.author == "Élise Gagnon"


def test_an_account_that_was_given_away_is_written_as_before(crm: BusyCrm) -> None:
    marc = crm.put_owner("Marc", "Lavoie", "marc@example.org")
    key = crm.put_account()
    crm.reassign(Kind.ACCOUNT, key, marc)
    crm.catch_up()

    assert states(crm.connector.update(gold(key))) == [State.APPLIED]
    assert as_read(crm, key).owner_id == marc


def test_the_account_of_an_owner_who_left_is_written_as_before(crm: BusyCrm) -> None:
    marc = crm.put_owner("Marc", "Lavoie", "marc@example.org")
    key = crm.put_account()
    crm.reassign(Kind.ACCOUNT, key, marc)
    crm.deactivate_owner(marc)
    crm.catch_up()

    assert states(crm.connector.update(gold(key))) == [State.APPLIED]
    assert as_read(crm, key).owner_id == marc


# Limits, sessions, lost answers.


def test_a_storm_of_refusals_does_not_keep_values_from_being_written(crm: BusyCrm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(3)])
    crm.storm(6)

    patiently(lambda: crm.connector.update(gold(*ids)))

    assert [crm.own_value(key, "tier") for key in ids] == ["gold"] * 3


def test_a_storm_of_refusals_makes_no_second_task(crm: BusyCrm) -> None:
    wanted = task(crm, crm.put_account())
    crm.storm(6)

    def deliver() -> None:
        """As a push does: look first where the outcome is not known to be a success."""
        if crm.connector.find_task(wanted) is None:
            outcome = crm.connector.create_task(wanted)
            if outcome.state is not State.APPLIED:
                raise Retriable(outcome.remedy) if outcome.remedy else AssertionError

    patiently(deliver)

    assert crm.tasks() == 1


def test_a_batch_whose_answer_is_lost_may_be_sent_again(crm: BusyCrm) -> None:
    ids = crm.put_accounts([{"name": f"Compte {number}"} for number in range(3)])
    crm.lose_the_next_batch()

    with pytest.raises(Retriable):
        crm.connector.update(gold(*ids))

    assert [crm.own_value(key, "tier") for key in ids] == ["gold"] * 3
    assert states(crm.connector.update(gold(*ids))) == [State.APPLIED] * 3


def test_a_task_whose_answer_is_lost_is_found_and_completed(crm: BusyCrm) -> None:
    wanted = task(crm, crm.put_account())
    crm.lose_the_next_task()
    assert crm.connector.create_task(wanted).state is State.UNKNOWN

    found = crm.connector.find_task(wanted)

    assert found is not None
    assert crm.connector.complete_task(found).state is State.APPLIED
    assert (crm.tasks(), crm.is_task_done(found)) == (1, True)


def test_a_session_that_has_ended_costs_no_value_and_no_second_task(crm: BusyCrm) -> None:
    key = crm.put_account()
    crm.connector.identify()
    before, writes = crm.logins(), crm.writes()
    crm.end_session()
    assert states(crm.connector.update(gold(key))) == [State.APPLIED]
    assert crm.writes() == writes + 1
    crm.end_session()

    outcome = crm.connector.create_task(task(crm, key))

    assert outcome.state is State.APPLIED
    assert (crm.own_value(key, "tier"), crm.tasks()) == ("gold", 1)
    assert crm.logins() == before + 2


def test_without_access_nothing_is_written_and_a_person_is_asked(crm: BusyCrm) -> None:
    key = crm.put_account()
    crm.connector.identify()
    before = crm.writes()
    crm.withdraw()

    with pytest.raises(Fatal) as caught:
        crm.connector.update(gold(key))

    assert caught.value.message.fr != caught.value.message.en
    assert (crm.own_value(key, "tier"), crm.writes()) == (None, before)
