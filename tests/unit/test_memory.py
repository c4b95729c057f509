"""The CRM in dictionaries: what it lets tests do, beyond the contract that it shares."""

import pytest

from connectors.base import Change, Fatal, OwnField, Retriable, State
from connectors.memory import Memory
from rules.language import Text
from rules.records import Account, FieldType, Kind, Opportunity, Record, Relation

OOPS = Text(fr="Panne.", en="Down.")
TIER = OwnField(name="tier", type=FieldType.TEXT, label="Niveau", description="")


def records(memory: Memory, kind: Kind, cursor: str | None = None) -> dict[str, Record]:
    pages = memory.pull(kind, cursor, (), ("tier",))
    return {record.external_id: record for page in pages for record in page.records}


def end(memory: Memory, kind: Kind) -> str:
    return list(memory.pull(kind, None, (), ()))[-1].cursor


def test_a_fault_strikes_the_call_it_was_set_for() -> None:
    memory = Memory()
    memory.fail(Retriable(OOPS, retry_after=9), on_call=2)

    memory.identify()
    with pytest.raises(Retriable):
        memory.identify()
    memory.identify()

    assert memory.calls == 3


def test_a_fault_in_the_middle_of_a_pull_leaves_the_cursors_usable() -> None:
    memory = Memory(page_size=2)
    for _ in range(5):
        memory.put_account()
    memory.fail(Fatal(OOPS), on_call=2)

    pages = memory.pull(Kind.ACCOUNT, None, (), ())
    first = next(pages)
    with pytest.raises(Fatal):
        next(pages)

    assert len(first.records) == 2
    assert len(records(memory, Kind.ACCOUNT, first.cursor)) == 3


def test_a_refused_record_is_accepted_again_when_told_so() -> None:
    memory = Memory()
    account = memory.put_account()
    memory.ensure("Plan", [TIER], dry_run=False)
    change = Change(external_id=account, values={"tier": "gold"})

    memory.refuse(account, "Locked by an admin.")
    (refused,) = memory.update([change])
    memory.accept(account)
    (accepted,) = memory.update([change])

    assert (refused.state, refused.reason) == (State.REJECTED, "Locked by an admin.")
    assert accepted.state is State.APPLIED
    assert memory.written == [change]


def test_a_lost_answer_leaves_the_write_done() -> None:
    memory = Memory()
    account = memory.put_account()
    memory.ensure("Plan", [TIER], dry_run=False)
    memory.lose_answer()

    with pytest.raises(Retriable):
        memory.update([Change(external_id=account, values={"tier": "gold"})])

    assert memory.own_field(account, "tier") == "gold"


def test_a_field_that_was_never_made_can_t_be_written() -> None:
    memory = Memory()
    account = memory.put_account()

    (outcome,) = memory.update([Change(external_id=account, values={"tier": "gold"})])

    assert outcome.state is State.REJECTED
    assert "arpent_tier" in outcome.reason


def test_a_destroyed_record_is_gone() -> None:
    memory = Memory()
    account = memory.put_account()
    cursor = end(memory, Kind.ACCOUNT)
    memory.destroy(Kind.ACCOUNT, account)

    (page,) = memory.pull(Kind.ACCOUNT, cursor, (), ())

    assert (page.records, page.gone) == ([], [account])
    assert next(memory.pull(Kind.ACCOUNT, page.cursor, (), ())).gone == []


def test_a_merge_moves_the_links_and_ends_the_loser() -> None:
    memory = Memory()
    loser, winner = memory.put_account("l"), memory.put_account("w")
    opportunity = memory.put_opportunity(account_id=loser)
    accounts, opportunities = end(memory, Kind.ACCOUNT), end(memory, Kind.OPPORTUNITY)
    memory.merge(loser, winner)

    (page,) = memory.pull(Kind.ACCOUNT, accounts, (), ())
    (moved,) = memory.pull(Kind.OPPORTUNITY, opportunities, (), ())

    (record,) = page.records
    assert isinstance(record, Account)
    assert (record.merged_ids, page.gone) == ((loser,), [loser])
    assert [(link.from_id, link.to_id, link.is_primary) for link in moved.links] == [
        (opportunity, winner, True)
    ]


def test_a_restored_record_is_alive_again() -> None:
    memory = Memory()
    account = memory.put_account()
    memory.archive(Kind.ACCOUNT, account)
    cursor = end(memory, Kind.ACCOUNT)
    memory.restore(Kind.ACCOUNT, account)

    restored = records(memory, Kind.ACCOUNT, cursor)[account]

    assert isinstance(restored, Account)
    assert restored.archived_at is None


def test_links_change_with_their_record() -> None:
    memory = Memory()
    first, second = memory.put_account(), memory.put_account()
    opportunity = memory.put_opportunity(account_id=first)
    memory.link(Relation.OPPORTUNITY_ACCOUNT, opportunity, second, is_primary=True)
    memory.unlink(Relation.OPPORTUNITY_ACCOUNT, opportunity, first)

    (page,) = memory.pull(Kind.OPPORTUNITY, None, (), ())

    assert [(link.to_id, link.is_primary) for link in page.links] == [(second, True)]


def test_a_clock_can_be_given() -> None:
    now = [1_000]
    memory = Memory(clock=lambda: now[0])
    opportunity = memory.put_opportunity(stage_id="open", amount="10")
    now[0] = 2_000
    memory.put_opportunity(opportunity, stage_id="won", amount="5")

    record = records(memory, Kind.OPPORTUNITY)[opportunity]

    assert isinstance(record, Opportunity)
    assert (record.created_at, record.modified_at) == (1_000, 2_000)
    assert [(one.stage_id, one.entered_at) for one in record.stage_entries] == [
        ("open", 1_000),
        ("won", 2_000),
    ]
    assert (record.amount, record.peak_amount) == (500, 1_000)
