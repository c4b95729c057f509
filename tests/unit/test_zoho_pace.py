"""How many calls are under way, and what they cost: the two limits, the ledger, the reserve."""

import threading

import pytest

from connectors.base import Retriable
from connectors.pace import Clock
from connectors.zoho.ledger import Edition, Ledger, edition_of
from connectors.zoho.pace import Concurrency
from tests.unit.test_pace import Time

DAY = 24 * 60 * 60.0


def holds(concurrency: Concurrency, limit: int, *, is_heavy: bool) -> bool:
    """Whether so many calls can be under way, and not one more until one of them ends."""
    inside, over = threading.Barrier(limit + 1, timeout=300), threading.Event()

    def call() -> None:
        with concurrency.place(is_heavy=is_heavy):
            inside.wait()
            over.wait(300)

    def late() -> None:
        with concurrency.place(is_heavy=is_heavy):
            entered.set()

    entered = threading.Event()
    threads = [threading.Thread(target=call) for _ in range(limit)]
    for thread in threads:
        thread.start()
    inside.wait()
    threads.append(threading.Thread(target=late))
    threads[-1].start()
    is_kept_out = not entered.wait(0.05)
    over.set()
    for thread in threads:
        thread.join(300)
    return is_kept_out and entered.is_set()


@pytest.mark.parametrize(("edition", "light", "heavy"), [(5, 5, 5), (10, 10, 10), (25, 25, 10)])
def test_both_limits_are_used_and_never_passed(edition: int, light: int, heavy: int) -> None:
    concurrency = Concurrency(Clock())
    concurrency.resize(edition)

    assert holds(concurrency, light, is_heavy=False)
    assert holds(concurrency, heavy, is_heavy=True)


def test_before_the_edition_is_known_the_smallest_counts() -> None:
    assert holds(Concurrency(Clock()), 5, is_heavy=True)


def test_a_refusal_halves_what_is_used_and_it_grows_back() -> None:
    time = Time()
    concurrency = Concurrency(time.clock)
    concurrency.resize(20)

    assert concurrency.refused() == 2.0
    # The others that were under way say the same: once is enough.
    assert [concurrency.refused() for _ in range(9)] == [2.0] * 9
    assert concurrency._heavy.allowed == 5
    time.now += 2.0
    assert concurrency.refused() == 4.0
    assert concurrency._heavy.allowed == 2
    with concurrency.place(is_heavy=True):
        pass
    # Nobody started before the pause was over.
    assert time.now >= 6.0
    concurrency.accepted()
    assert concurrency.refused() == 2.0
    for _ in range(40):
        time.now += 30
        with concurrency.place(is_heavy=True):
            pass
    assert (concurrency._all.allowed, concurrency._heavy.allowed) == (20, 10)


def test_a_wait_that_zoho_asks_for_is_kept() -> None:
    concurrency = Concurrency(Time().clock)

    assert concurrency.refused(17.0) == 17.0
    assert concurrency.refused(20.0) == 20.0


@pytest.mark.parametrize(
    ("written", "users", "credits_", "calls", "fields"),
    [
        ("free", 3, 5_000, 5, None),
        ("standard", 10, 52_500, 10, 10),
        ("Standard", 1_000, 100_000, 10, 10),
        ("professional", 10, 55_000, 15, 155),
        ("enterprise", 10, 60_000, 20, 300),
        ("zoho_one", 10, 60_000, 20, 300),
        ("ultimate", 10, 70_000, 25, 500),
        ("something new", 10, None, 5, None),
        ("none", 10, None, 5, None),
    ],
)
def test_an_edition_sets_credits_calls_and_fields(
    written: str, users: int, credits_: int | None, calls: int, fields: int | None
) -> None:
    found: Edition = edition_of(written)

    assert (found.credits_of(users), found.calls, found.fields) == (credits_, calls, fields)


def test_the_ledger_counts_the_last_24_hours() -> None:
    time = Time()
    ledger = Ledger(time.clock)
    ledger.set_limit(1_000)
    ledger.spend(700)
    time.now += DAY / 2
    ledger.spend(100)

    with pytest.raises(Retriable):
        ledger.check()
    time.now += DAY / 2
    ledger.spend(1)
    ledger.check()
    assert ledger.total == 801
    # What other processes and tools spent is not in it: only Zoho tells what is left.
    assert _left(ledger) is None


def test_a_fifth_is_left_to_other_tools() -> None:
    time = Time()
    ledger = Ledger(time.clock)
    ledger.set_limit(1_000)
    ledger.spend(799)
    ledger.check()

    ledger.spend(1)

    with pytest.raises(Retriable) as refused:
        ledger.check()
    assert refused.value.retry_after == pytest.approx(3_600, abs=1)
    time.now += 3_601
    ledger.check()


def test_what_zoho_tells_counts_more_than_our_own_ledger() -> None:
    """Other tools spend too: Zoho tells once half is gone."""
    ledger = Ledger(Time().clock)
    ledger.set_limit(1_000)
    ledger.learn({"X-API-CREDITS-REMAINING": "450"})
    assert _left(ledger) == 450
    ledger.check()

    ledger.learn({"X-API-CREDITS-REMAINING": "200"})

    with pytest.raises(Retriable):
        ledger.check()


def test_a_header_that_is_no_number_says_nothing() -> None:
    ledger = Ledger(Time().clock)
    ledger.learn({"X-API-CREDITS-REMAINING": "beaucoup"})
    ledger.learn({})

    ledger.check()
    assert ledger.allowance(5) is None


def test_credits_that_are_used_up_stop_everything_for_an_hour() -> None:
    ledger = Ledger(Time().clock)
    ledger.use_up()

    with pytest.raises(Retriable, match="used up"):
        ledger.check()


def _left(ledger: Ledger) -> int | None:
    allowance = ledger.allowance(5)
    assert allowance is not None
    return allowance.daily_left
