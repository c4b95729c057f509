"""What is owed to a CRM and what became of it, on both databases."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, event, insert, select, update

from connectors.base import Outcome, State
from rules.language import Language, Text
from rules.owned import Owned
from service.store import backlog, deliveries, outbox, readback
from service.store.engine import Store
from service.store.outbox import Pending
from service.store.tables import account, challenge, owner, push_journal, tag
from service.store.tables import outbox as outbox_table
from tests.integration.test_tags import undone

NOW = 1_800_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
FIELDS = (Owned.TIER, Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY)
TIER = (Owned.TIER,)


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with undone(store) as opened:
        yield opened


def add(connection: Connection, account_id: int = 1, crm: int = 1, **values: Any) -> None:
    """An account with a tag that is owed."""
    holder = values.pop("owner_id", None)
    connection.execute(
        insert(account).values(
            id=account_id, connection_id=crm, external_id=f"A{account_id}", name=f"N{account_id}",
            owner_id=holder, modified_at=0, pulled_at=0,
        )
    )  # fmt: skip
    connection.execute(
        insert(tag).values(
            account_id=account_id, is_in_scope=True, tier_since_at=0, rulebook_id=1,
            evaluated_at=0, is_owed=True, **{"tier": "gold", "why": "Or : x", **values},
        )
    )  # fmt: skip


def retag(connection: Connection, account_id: int = 1, **values: Any) -> None:
    connection.execute(
        update(tag).where(tag.c.account_id == account_id).values(is_owed=True, **values)
    )


def pull(connection: Connection, at: int, account_id: int = 1, **observed: str | None) -> None:
    """What a page brings: our own fields as the CRM holds them."""
    columns = {f"observed_{name}": value for name, value in observed.items()}
    connection.execute(
        update(account).where(account.c.id == account_id).values(pulled_at=at, **columns)
    )


def send(
    connection: Connection,
    *,
    state: State = State.APPLIED,
    now: int = NOW,
    sent: Sequence[Pending] | None = None,
) -> Sequence[Pending]:
    """Push what is owed, to a CRM that answers alike for all."""
    batch = outbox.pending(connection, 1, now=now) if sent is None else sent
    outcomes = {
        each.external_id: Outcome(external_id=each.external_id, state=state) for each in batch
    }
    leave(connection, batch, outcomes, now)
    return batch


def leave(
    connection: Connection, batch: Sequence[Pending], outcomes: dict[str, Outcome], now: int = NOW
) -> dict[str, int]:
    """Journal a batch, send it, and record what it was answered."""
    if not batch:
        return {}
    sent = deliveries.announce(connection, 7, batch, now)
    return dict(deliveries.record(connection, sent, outcomes, now=now, language=Language.FR))


def row(connection: Connection, field: str = "tier", account_id: int = 1) -> Row[Any]:
    return connection.execute(
        select(outbox_table).where(
            outbox_table.c.account_id == account_id, outbox_table.c.field == field
        )
    ).one()


def read_back(connection: Connection, now: int = NOW) -> dict[str, int]:
    return dict(readback.read_back(connection, 1, now).counts)


def settle(connection: Connection, tier: str = "gold", now: int = NOW) -> None:
    """A tier that the CRM has acknowledged and that was read back since."""
    if connection.execute(select(tag)).first() is None:
        add(connection, tier=tier)
    retag(connection, tier=tier)
    outbox.owe(connection, 1, TIER)
    send(connection, now=now)
    pull(connection, now + 1, tier=tier)


def test_a_tag_becomes_rows_old_to_new(connection: Connection) -> None:
    add(connection, next_contact_on=20_000)
    pull(connection, 1, tier="silver", priority=None)
    assert outbox.owe(connection, 1, FIELDS) == 1
    changes = outbox.pending(connection, 1)
    assert [(each.field, each.before, each.after) for each in changes] == [
        ("next_contact", None, "2024-10-04"),
        ("tier", "silver", "gold"),
        ("why", None, "Or : x"),
    ]
    assert {(each.external_id, each.account, each.why) for each in changes} == {
        ("A1", "N1", "Or : x")
    }
    assert outbox.owe(connection, 1, FIELDS) == 0


def test_nothing_is_owed_when_the_crm_holds_the_value(connection: Connection) -> None:
    add(connection)
    pull(connection, 1, tier="gold", why="Or : x")
    assert outbox.owe(connection, 1, FIELDS) == 1
    assert connection.execute(select(outbox_table)).all() == []


def test_accounts_of_another_crm_stay_owed(connection: Connection) -> None:
    for account_id, crm in ((1, 1), (2, 2), (3, 1)):
        add(connection, account_id, crm)
    assert outbox.owe(connection, 1, TIER) == 2
    still = connection.execute(select(tag.c.account_id).where(tag.c.is_owed)).scalars().all()
    assert still == [2]
    assert outbox.owe(connection, 2, TIER) == 1


def test_no_more_accounts_at_once_than_a_transaction_should_hold(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CHUNK", 2)
    for account_id in range(1, 6):
        add(connection, account_id)
    assert [outbox.owe(connection, 1, TIER) for _ in range(4)] == [2, 2, 1, 0]
    assert len(outbox.pending(connection, 1)) == 5


def test_a_value_is_settled_by_its_acknowledgement(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    send(connection)
    found = row(connection)
    assert (found.state, found.confirmed, found.confirmed_version, found.confirmed_at) == (
        "settled", "gold", 1, NOW,
    )  # fmt: skip
    assert outbox.pending(connection, 1) == []
    assert backlog.debts(connection, 1) == {"settled": 1}
    (line,) = connection.execute(select(push_journal)).all()
    assert (line.run_id, line.before, line.after, line.outcome) == (7, None, "gold", "applied")


def test_a_newer_value_stays_owed_when_an_older_one_is_acknowledged(
    connection: Connection,
) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    sent = outbox.pending(connection, 1)
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    send(connection, sent=sent)
    found = row(connection)
    assert (found.state, found.desired, found.confirmed, found.confirmed_version) == (
        "owed", "silver", "gold", 1,
    )  # fmt: skip
    assert [(each.before, each.after) for each in outbox.pending(connection, 1)] == [
        ("gold", "silver")
    ]


def test_back_to_the_confirmed_value_while_another_is_on_its_way(connection: Connection) -> None:
    settle(connection, "gold")
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    sent = outbox.pending(connection, 1)
    retag(connection, tier="gold")
    outbox.owe(connection, 1, TIER)
    assert row(connection).state == "settled"
    send(connection, sent=sent, now=NOW + HOUR)
    # The CRM now holds silver: gold is owed again.
    assert [(each.before, each.after) for each in outbox.pending(connection, 1)] == [
        ("silver", "gold")
    ]


def test_an_acknowledgement_that_comes_twice_or_late_changes_nothing(
    connection: Connection,
) -> None:
    settle(connection, "gold")
    first = Pending(
        account_id=1, external_id="A1", account="N", rep_key=None, owner=None, field="tier",
        before=None, after="bronze", version=1, attempts=0, why=None,
    )  # fmt: skip
    send(connection, sent=[first], now=NOW + HOUR)
    assert (row(connection).state, row(connection).confirmed) == ("settled", "gold")


def test_a_refusal_keeps_the_words_of_the_crm_and_our_remedy(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    outcome = Outcome(
        external_id="A1", state=State.REJECTED, reason="INVALID_OPTION",
        remedy=Text("Ajoutez", "Add"),
    )  # fmt: skip
    counts = leave(connection, outbox.pending(connection, 1), {"A1": outcome})
    assert counts == {"rejected": 1}
    found = row(connection)
    assert (found.state, found.reason) == ("rejected", "INVALID_OPTION – Ajoutez")
    assert outbox.pending(connection, 1) == []


def test_a_new_value_after_a_refusal_is_tried_at_once(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    send(connection, state=State.REJECTED)
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    found = row(connection)
    assert (found.state, found.reason, found.not_before_at, found.attempts) == (
        "owed", None, None, 0,
    )  # fmt: skip
    assert len(outbox.pending(connection, 1, now=NOW)) == 1


def test_what_is_missing_from_the_answer_stays_owed_and_waits_longer_each_time(
    connection: Connection,
) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    waits = []
    now = NOW
    for _ in range(12):
        batch = outbox.pending(connection, 1, now=now)
        counts = leave(connection, batch, {}, now)
        assert counts == {"unknown": 1}
        found = row(connection)
        assert found.state == "owed"
        assert outbox.pending(connection, 1, now=found.not_before_at - 1) == []
        waits.append(found.not_before_at - now)
        now = found.not_before_at
    assert waits == sorted(waits)
    assert waits[0] == 60_000
    assert waits[-1] == 6 * HOUR
    assert len(outbox.pending(connection, 1)) == 1  # a preview shows it all the same


def test_pending_is_cut_between_accounts_and_goes_on_after_one(connection: Connection) -> None:
    for account_id in (1, 2, 3):
        add(connection, account_id)
    outbox.owe(connection, 1, FIELDS)
    first = outbox.pending(connection, 1, limit=2)
    assert [each.account_id for each in first] == [1, 1, 2, 2]
    rest = outbox.pending(connection, 1, limit=2, after=2)
    assert [(each.account_id, each.field) for each in rest] == [(3, "tier"), (3, "why")]


def test_pending_narrows_to_a_rep_and_leaves_archived_accounts_out(
    connection: Connection,
) -> None:
    for owner_id, key in ((1, "elise"), (2, None)):
        connection.execute(
            insert(owner).values(
                id=owner_id, connection_id=1, external_id=str(owner_id), name=f"O{owner_id}",
                is_active=True, rep_key=key,
            )
        )  # fmt: skip
    for account_id, holder in ((1, 1), (2, 2), (3, None), (4, 1)):
        add(connection, account_id, owner_id=holder)
    outbox.owe(connection, 1, TIER)
    connection.execute(update(account).where(account.c.id == 4).values(archived_at=1))
    assert [each.account_id for each in outbox.pending(connection, 1)] == [1, 2, 3]
    (mine,) = outbox.pending(connection, 1, rep_key="elise", limit=5)
    assert (mine.account_id, mine.rep_key, mine.owner) == (1, "elise", "O1")


def test_a_value_that_is_ours_is_no_difference(connection: Connection) -> None:
    settle(connection)
    assert read_back(connection) == {}


def test_what_was_pulled_before_the_acknowledgement_says_nothing(connection: Connection) -> None:
    settle(connection)
    pull(connection, NOW - 1, tier="bronze")
    assert read_back(connection) == {}
    pull(connection, NOW, tier="bronze")
    assert read_back(connection) == {}


def test_an_edit_by_a_person_waits_as_drift_and_is_heard_once(connection: Connection) -> None:
    settle(connection)
    pull(connection, NOW + DAY, tier="bronze")
    assert read_back(connection) == {"drift": 1}
    assert read_back(connection) == {}
    (heard,) = connection.execute(select(challenge)).all()
    assert (heard.account_id, heard.field, heard.value, heard.state, heard.received_at) == (
        1, "tier", "bronze", "open", NOW,
    )  # fmt: skip
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    assert row(connection).state == "drift"
    assert outbox.pending(connection, 1) == []


def test_an_edit_is_not_written_over_by_a_new_value_of_the_same_cycle(
    connection: Connection,
) -> None:
    settle(connection)
    pull(connection, NOW + DAY, tier="bronze")
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    assert read_back(connection) == {"drift": 1}
    assert outbox.pending(connection, 1) == []
    assert [each.value for each in connection.execute(select(challenge))] == ["bronze"]


def test_a_stale_write_is_armed_again_three_times_in_seven_days(connection: Connection) -> None:
    settle(connection, "bronze", NOW)
    settle(connection, "gold", NOW + HOUR)
    for number in range(1, 4):
        at = NOW + HOUR + number * DAY
        pull(connection, at, tier="bronze")
        assert read_back(connection, at) == {"owed": 1}
        assert [each.after for each in send(connection, now=at)] == ["gold"]
    pull(connection, NOW + 4 * DAY, tier="bronze")
    assert read_back(connection, NOW + 4 * DAY) == {"drift": 1}


def test_a_stale_write_of_another_week_is_armed_again(connection: Connection) -> None:
    settle(connection, "bronze", NOW)
    settle(connection, "gold", NOW + HOUR)
    for number in range(1, 6):
        at = NOW + number * 8 * DAY
        pull(connection, at, tier="bronze")
        assert read_back(connection, at) == {"owed": 1}
        send(connection, now=at)


def test_a_field_that_changes_often_is_not_taken_for_stale_writes(connection: Connection) -> None:
    for number, tier in enumerate(["a", "b", "c", "d", "e", "f"]):
        settle(connection, tier, NOW + number * HOUR)
    pull(connection, NOW + DAY, tier="e")
    assert read_back(connection, NOW + DAY) == {"owed": 1}


def test_a_write_of_unknown_outcome_that_came_through_is_not_a_person_s(
    connection: Connection,
) -> None:
    settle(connection, "gold")
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    send(connection, state=State.UNKNOWN, now=NOW + HOUR)
    retag(connection, tier="gold")
    outbox.owe(connection, 1, TIER)
    pull(connection, NOW + 2 * HOUR, tier="silver")
    assert read_back(connection, NOW + 2 * HOUR) == {}
    assert [(each.before, each.after) for each in outbox.pending(connection, 1)] == [
        ("silver", "gold")
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["retag", "owe", "take", "answer", "lose", "refuse", "pull"]),
            st.sampled_from(["gold", "silver", None]),
        ),
        max_size=25,
    )
)
@settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_the_crm_comes_to_hold_the_desired_value(
    store: Store, steps: list[tuple[str, str | None]]
) -> None:
    """Whatever the order of changes, pushes, lost answers and pulls, without a person's hand."""
    with undone(store) as connection:
        add(connection)
        crm: str | None = None
        sent: Sequence[Pending] = []
        now = NOW
        for name, value in steps:
            now += HOUR * 7
            match name:
                case "retag":
                    retag(connection, tier=value)
                case "owe":
                    outbox.owe(connection, 1, TIER)
                case "take":
                    sent = outbox.pending(connection, 1, now=now)
                case "answer" | "lose" | "refuse" if sent:
                    state = {"answer": State.APPLIED, "lose": State.UNKNOWN}.get(
                        name, State.REJECTED
                    )
                    # A lost answer may be that of a write which came through.
                    if name == "answer" or (name == "lose" and value is None):
                        crm = sent[0].after
                    send(connection, state=state, sent=sent, now=now)
                    sent = []
                case "pull":
                    pull(connection, now, tier=crm)
                    assert "drift" not in read_back(connection, now)
        connection.execute(update(outbox_table).where(outbox_table.c.state == "rejected")
                           .values(state="owed"))  # fmt: skip
        outbox.owe(connection, 1, TIER)
        for _ in range(2):
            now += HOUR * 7
            for each in send(connection, now=now):
                crm = each.after
        assert crm == connection.execute(select(tag.c.tier)).scalar_one()


# What the CRM refused.


def test_what_was_refused_is_owed_again_at_once_when_somebody_asks(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    send(connection, state=State.REJECTED)
    assert outbox.retry_rejected(connection, 2) == 0
    assert outbox.retry_rejected(connection, 1, rep_key="elise") == 0
    assert outbox.retry_rejected(connection, 1) == 1
    found = row(connection)
    assert (found.state, found.reason, found.attempts, found.not_before_at) == (
        "owed", None, 0, None,
    )  # fmt: skip
    assert len(outbox.pending(connection, 1, now=NOW)) == 1
    assert outbox.retry_rejected(connection, 1) == 0


def test_refusals_are_told_by_reason_with_their_first_account(connection: Connection) -> None:
    for account_id in range(1, 5):
        add(connection, account_id)
    outbox.owe(connection, 1, TIER)
    words = {"A1": "locked", "A2": "no option", "A3": "no option"}
    outcomes = {
        name: Outcome(external_id=name, state=State.REJECTED, reason=reason)
        for name, reason in words.items()
    }
    leave(connection, outbox.pending(connection, 1), outcomes)
    expected = [("no option", 2, "N2", "A2"), ("locked", 1, "N1", "A1")]
    for told in (backlog.rejections(connection, 1), backlog.rejections_of(connection, 1, 7)):
        assert [(e.reason, e.count, e.account, e.external_id) for e in told] == expected
    assert backlog.rejections_of(connection, 1, 8) == []
    assert backlog.rejections(connection, 2) == []


# Drift and its end.


@pytest.fixture
def drifting(connection: Connection) -> Connection:
    """A gold tier that a person has made bronze."""
    settle(connection)
    pull(connection, NOW + DAY, tier="bronze")
    assert read_back(connection) == {"drift": 1}
    return connection


def test_a_drift_is_listed_with_both_values(drifting: Connection) -> None:
    (found,) = backlog.drifting(drifting, 1)
    assert (found.account, found.field, found.desired, found.observed) == (
        "N1", "tier", "gold", "bronze",
    )  # fmt: skip
    assert backlog.debts(drifting, 1) == {"drift": 1}


def test_a_drift_ends_when_the_person_takes_the_edit_back(drifting: Connection) -> None:
    pull(drifting, NOW + 2 * DAY, tier="gold")
    assert read_back(drifting) == {"settled": 1}
    assert row(drifting).state == "settled"
    assert read_back(drifting) == {}
    retag(drifting, tier="silver")
    outbox.owe(drifting, 1, TIER)
    assert [(each.before, each.after) for each in outbox.pending(drifting, 1)] == [
        ("gold", "silver")
    ]


def test_a_drift_ends_when_the_rules_come_to_agree_with_the_person(drifting: Connection) -> None:
    retag(drifting, tier="bronze")
    outbox.owe(drifting, 1, TIER)
    assert row(drifting).state == "drift"
    assert read_back(drifting) == {"settled": 1}
    found = row(drifting)
    assert (found.state, found.confirmed, found.confirmed_version) == (
        "settled", "bronze", found.version,
    )  # fmt: skip
    assert read_back(drifting) == {}


def test_a_new_value_is_owed_once_the_person_has_taken_the_edit_back(
    drifting: Connection,
) -> None:
    retag(drifting, tier="silver")
    outbox.owe(drifting, 1, TIER)
    pull(drifting, NOW + 2 * DAY, tier="gold")
    assert read_back(drifting) == {"owed": 1}
    assert [(each.before, each.after) for each in outbox.pending(drifting, 1)] == [
        ("gold", "silver")
    ]


def test_another_edit_of_the_person_stays_a_drift(drifting: Connection) -> None:
    pull(drifting, NOW + 2 * DAY, tier="unrated")
    assert read_back(drifting) == {}
    assert row(drifting).state == "drift"


# What a process that died may have written.


def test_a_value_that_was_being_sent_when_the_process_died_is_ours(connection: Connection) -> None:
    settle(connection, "gold")
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    deliveries.announce(connection, 7, outbox.pending(connection, 1), NOW + HOUR)
    # It has reached the CRM; meanwhile gold is desired again, and nothing seems owed.
    retag(connection, tier="gold")
    outbox.owe(connection, 1, TIER)
    assert row(connection).state == "settled"
    pull(connection, NOW + 2 * HOUR, tier="silver")
    assert read_back(connection, NOW + 2 * HOUR) == {"owed": 1}
    assert connection.execute(select(challenge)).all() == []


@pytest.mark.parametrize("state", [State.REJECTED, State.DEFERRED, None])
def test_a_value_that_the_crm_did_not_take_is_a_person_s_when_it_is_there(
    connection: Connection, state: State | None
) -> None:
    settle(connection, "gold")
    retag(connection, tier="silver")
    outbox.owe(connection, 1, TIER)
    batch = outbox.pending(connection, 1)
    if state is None:
        deliveries.withdraw(connection, deliveries.announce(connection, 7, batch, NOW), "busy")
    else:
        send(connection, state=state, sent=batch)
    retag(connection, tier="unrated")
    outbox.owe(connection, 1, TIER)
    pull(connection, NOW + HOUR, tier="silver")
    assert read_back(connection, NOW + HOUR) == {"drift": 1}


def test_the_journal_has_one_line_for_an_attempt(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, TIER)
    sent = deliveries.announce(connection, 7, outbox.pending(connection, 1), NOW)
    (line,) = connection.execute(select(push_journal)).all()
    assert (line.outcome, line.after, line.version) == ("sending", "gold", 1)
    outcomes = {"A1": Outcome(external_id="A1", state=State.APPLIED, normalised={"tier": "GOLD"})}
    deliveries.record(connection, sent, outcomes, now=NOW + 1, language=Language.FR)
    (line,) = connection.execute(select(push_journal)).all()
    assert (line.outcome, line.after, line.at) == ("applied", "GOLD", NOW + 1)


def test_what_differs_is_judged_some_accounts_at_a_time(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for account_id in range(1, 6):
        add(connection, account_id)
    outbox.owe(connection, 1, FIELDS)
    send(connection)
    for account_id in range(1, 6):
        pull(connection, NOW + 1, account_id, tier="bronze", why="mine")
    monkeypatch.setattr(readback, "CHUNK", 5)
    after: int | None = 0
    judged = []
    while after is not None:
        found = readback.read_back(connection, 1, NOW + DAY, after=after)
        judged.append(dict(found.counts))
        after = found.last
    assert judged == [{"drift": 4}, {"drift": 4}, {"drift": 2}]
    assert len(connection.execute(select(challenge)).all()) == 10


def test_the_number_of_statements_does_not_depend_on_how_many_values_differ(
    connection: Connection,
) -> None:
    def statements(accounts: range) -> int:
        for account_id in accounts:
            add(connection, account_id)
        outbox.owe(connection, 1, FIELDS)
        send(connection)
        for account_id in accounts:
            pull(connection, NOW + 1, account_id, tier="bronze", why="mine")
        counted: list[str] = []

        def count(*told: Any) -> None:
            counted.append(told[2])

        event.listen(connection, "before_cursor_execute", count)
        assert read_back(connection, NOW + DAY) == {"drift": 2 * len(accounts)}
        event.remove(connection, "before_cursor_execute", count)
        return len(counted)

    # Two of them for the challenges: the team's day, and the accounts to evaluate anew.
    assert statements(range(1, 3)) == statements(range(3, 60)) == 6


# A field that is written no more.


def test_a_field_that_is_written_no_more_is_cleared_once(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, FIELDS)
    send(connection)
    deliveries.retire(connection, TIER)
    assert [(each.field, each.before, each.after) for each in outbox.pending(connection, 1)] == [
        ("why", "Or : x", None)
    ]
    assert row(connection).state == "settled"
    send(connection)
    deliveries.retire(connection, TIER)
    assert outbox.pending(connection, 1) == []
    # Written again, it is owed as it is.
    retag(connection)
    outbox.owe(connection, 1, FIELDS)
    assert [each.after for each in outbox.pending(connection, 1)] == ["Or : x"]


def test_what_was_never_sent_of_a_field_is_forgotten(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, FIELDS)
    deliveries.retire(connection, TIER)
    assert [each.field for each in outbox.pending(connection, 1)] == ["tier"]


def test_a_first_value_that_may_have_been_written_is_cleared_too(connection: Connection) -> None:
    add(connection)
    outbox.owe(connection, 1, FIELDS)
    deliveries.announce(connection, 7, outbox.pending(connection, 1), NOW)
    deliveries.retire(connection, TIER)
    assert row(connection, "why").desired is None
    assert [each.field for each in outbox.pending(connection, 1)] == ["tier", "why"]


def test_an_edit_in_a_field_that_is_written_no_more_is_left_to_the_person(
    connection: Connection,
) -> None:
    settle(connection)
    pull(connection, NOW + DAY, tier="bronze")
    deliveries.retire(connection, (Owned.WHY,))
    assert read_back(connection) == {"drift": 1}
    deliveries.retire(connection, (Owned.WHY,))
    assert outbox.pending(connection, 1) == []
    # Emptied by hand: as desired.
    pull(connection, NOW + 2 * DAY, tier=None)
    assert read_back(connection) == {"settled": 1}
