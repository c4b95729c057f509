"""Pushing batches side by side: what one failure leaves, and what the CRM makes of values."""

import threading
from collections.abc import Callable, Sequence

import pytest

from connectors.base import Change, ConnectorError, Fatal, Outcome, Retriable, Unanswered
from rules.language import Text
from service.lease import StoppedError
from service.store.engine import Store
from tests.integration.office import FIELDS, MINUTE, Crm, Office

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
REVOKED = Text("La clé est révoquée.", "The key is revoked.")
WIDTH = 4
# Accounts in a batch: few, for what happens side by side does not depend on their number.
BATCH = 5
# Only there so that nothing hangs, however loaded the machine is.
PATIENCE = 300


class Wide(Crm):
    """A CRM worth several senders; `scripts` are played to batches by their place.

    A batch of the first `WIDTH` waits until all of them are under way.
    """

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self.senders = WIDTH
        self.batch = BATCH
        self.together = threading.Barrier(WIDTH, timeout=PATIENCE)
        self.scripts: dict[int, Callable[[], None]] = {}
        self.begun: list[int] = []

    def batch_for(self, _owed: int) -> int:
        """As the test has it."""
        return self.batch

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """The outcomes, once the script of the batch has been played."""
        place = int(changes[0].external_id.removeprefix("a")) // BATCH
        self.begun.append(place)
        if place < WIDTH:
            self.together.wait()
        if (script := self.scripts.get(place)) is not None:
            script()
        return super().update(changes)


def raising(error: ConnectorError) -> Callable[[], None]:
    def script() -> None:
        raise error

    return script


@pytest.fixture
def wide(store: Store) -> Office:
    """An office that owes eight batches to a CRM worth four senders."""
    office = Office(store)
    office.crm = Wide(office)
    office.furnish(office.crm)
    office.put_accounts(*(f"a{number:04}" for number in range(8 * BATCH)))
    office.decide()
    return office


def crm_of(office: Office) -> Wide:
    assert isinstance(office.crm, Wide)
    return office.crm


def test_as_many_batches_are_under_way_as_the_crm_is_worth(wide: Office) -> None:
    report = wide.push()

    # The barrier has let nobody through before there were four.
    assert report.written == 8 * BATCH * FIELDS
    assert crm_of(wide).together.broken is False
    assert sorted(crm_of(wide).begun) == list(range(8))
    assert len(wide.rows("push_journal")) == 8 * BATCH * FIELDS
    assert wide.push().calls == 0


def test_a_crm_that_takes_more_at_once_is_given_more(wide: Office) -> None:
    crm = crm_of(wide)
    crm.batch, crm.together = 5 * BATCH, threading.Barrier(1)

    report = wide.push()

    assert report.written == 8 * BATCH * FIELDS
    assert sorted(crm.begun) == [0, 5]


@pytest.mark.parametrize("error", [Retriable(BUSY), Fatal(REVOKED)])
def test_a_failure_ends_the_sending_and_keeps_what_was_under_way(
    wide: Office, error: ConnectorError
) -> None:
    crm = crm_of(wide)
    recorded = threading.Event()

    def answer_after_the_failure() -> None:
        assert recorded.wait(PATIENCE)

    # One fails; the three others answer once the push has heard of it, and not before.
    crm.scripts = dict.fromkeys((0, 2, 3), answer_after_the_failure) | {1: raising(error)}
    pusher = wide.pusher(progress=lambda _done, _owed: recorded.set())

    if isinstance(error, Fatal):
        with pytest.raises(Fatal, match="revoked"):
            pusher.run(wide.begin("push"))
    else:
        assert pusher.run(wide.begin("push")).stopped == BUSY

    assert sorted(crm.begun) == list(range(WIDTH))
    applied = [row for row in wide.rows("push_journal") if row.outcome == "applied"]
    assert len(applied) == (WIDTH - 1) * BATCH * FIELDS
    assert len(applied) == len(crm.written) * FIELDS
    crm.scripts, crm.begun = {}, []
    crm.together = threading.Barrier(1)
    assert wide.push().written == 8 * BATCH * FIELDS - len(applied)


def test_an_order_to_stop_lets_what_is_under_way_come_to_its_end(wide: Office) -> None:
    asked = 0

    def renew() -> None:
        nonlocal asked
        asked += 1
        # Once when the push begins, and once before each batch.
        if asked > 1 + WIDTH:
            raise StoppedError

    with pytest.raises(StoppedError):
        wide.push(renew=renew)

    # Nothing is left of which nobody knows whether it was written.
    assert sorted(crm_of(wide).begun) == list(range(WIDTH))
    outcomes = [row.outcome for row in wide.rows("push_journal")]
    assert outcomes == ["applied"] * (WIDTH * BATCH * FIELDS)
    assert wide.push().written == (8 - WIDTH) * BATCH * FIELDS


def test_what_needs_a_person_is_told_before_what_needs_patience(wide: Office) -> None:
    crm_of(wide).scripts = {0: raising(Retriable(BUSY)), 1: raising(Fatal(REVOKED))}

    with pytest.raises(Fatal, match="revoked"):
        wide.push()


def test_a_batch_without_an_answer_is_in_the_journal_and_is_sent_again(wide: Office) -> None:
    crm = crm_of(wide)
    crm.scripts = {2: raising(Unanswered(BUSY))}

    report = wide.push()

    assert report.stopped == BUSY
    assert report.values["unknown"] == BATCH * FIELDS
    unknown = [row for row in wide.rows("push_journal") if row.outcome == "unknown"]
    assert len(unknown) == BATCH * FIELDS
    crm.scripts = {}
    crm.together = threading.Barrier(1)
    assert wide.push().values["applied"] == 8 * BATCH * FIELDS - report.written


def test_a_value_that_may_have_arrived_is_not_taken_for_an_edit(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a")
    office.decide()
    office.push()
    # Silver is lost on its way back, bronze is what is wanted by the time it is read.
    office.put_accounts("a", potential="20000")
    office.decide()
    office.crm.lose_answer()
    office.push()
    office.put_accounts("a", potential="600000")

    report = office.cycle()

    assert report.pushed["hubspot"].read_back["drift"] == 0
    assert office.crm.own_field("a", "tier") == "silver"


def test_a_value_that_the_crm_keeps_in_its_own_form_is_ours(store: Store) -> None:
    office = Office(store)
    office.crm.normalised["why"] = str.upper
    office.put_accounts("a")
    office.decide()

    office.push()

    why = office.crm.own_field("a", "why")
    assert why is not None
    assert why == why.upper()
    confirmed = {row.field: row for row in office.debts("a")}["why"]
    assert (confirmed.state, confirmed.confirmed) == ("settled", why)
    assert confirmed.desired != why
    journal = {row.field: row for row in office.rows("push_journal")}["why"]
    assert (journal.outcome, journal.after) == ("applied", why)
    report = office.cycle()
    assert report.pushed["hubspot"].read_back == {}
    assert report.pushed["hubspot"].calls == 0


def test_a_locked_record_is_written_later_and_blocks_nobody(store: Store) -> None:
    office = Office(store)
    office.put_accounts("a", "b")
    office.decide()
    office.crm.lock("b")

    assert office.push().values == {"applied": FIELDS, "deferred": FIELDS}
    assert {row.state for row in office.debts("b")} == {"owed"}
    office.crm.accept("b")
    assert office.push().calls == 0
    office.now += MINUTE
    assert office.push().values == {"applied": FIELDS}
