"""Zoho's rule on tokens, as the processes that share a refresh token tell each other of it."""

import pytest

from connectors.base import Retriable
from connectors.zoho.token_rule import MOST_TOKENS, TokenRule
from tests.unit.test_pace import Time


def test_what_one_process_asked_for_counts_for_the_next() -> None:
    time = Time()
    one, other = TokenRule(time.clock), TokenRule(time.clock)
    for _ in range(MOST_TOKENS - 1):
        one.ask()
    other.learn(one.written)
    # Told twice, it is counted once.
    other.learn(one.written)
    other.ask()

    with pytest.raises(Retriable) as told:
        other.ask()

    assert told.value.retry_after == pytest.approx(600, abs=1)
    time.now += 601
    other.ask()


def test_a_refusal_is_believed_by_all_for_ten_minutes() -> None:
    time = Time()
    one, other = TokenRule(time.clock), TokenRule(time.clock)
    assert one.refused().retry_after == pytest.approx(600)
    other.learn(one.written)

    with pytest.raises(Retriable):
        other.ask()

    time.now += 601
    other.ask()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "!",
        "nonsense!never",
        "-1,²,1e9!-1",
        # Of a clock that is far ahead: it may hold nobody up.
        ",".join(str(9_999_999_999_999 + number) for number in range(9)) + "!9999999999999",
        "9" * 400 + "!" + "9" * 400,
    ],
)
def test_what_can_not_be_true_tells_nothing(written: str) -> None:
    rule = TokenRule(Time().clock)

    rule.learn(written)

    rule.ask()
