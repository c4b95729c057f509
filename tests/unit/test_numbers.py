"""Numbers, durations and dates as people write them, and those that could be misread."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.located import Misfit
from rules.numbers import read_day, read_days, read_money, read_number, read_share
from rules.time import date_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500 000", 500_000), ("500\u00a0000", 500_000), ("500\u202f000", 500_000),
        ("500'000", 500_000), ("500k", 500_000), ("500 K", 500_000), ("1,2M", 1_200_000),
        ("1,2", 1.2), ("12,345k", 12_345), ("64,4k", 64_400), ("516.3k", 516_300),
        ("0,125", 0.125), ("0.125", 0.125), ("-3.5", -3.5),
        ("+7", 7), ("500 $", 500), ("500k$", 500_000), (" 8 ", 8), ("007", 7),
        # Said in English, a thousand: read as 1.2 it would be wrong by three orders.
        ("1,200", None), ("1,200,000", None), ("12,500.50", None), ("1,200 $", None),
        ("1.2.3", None), ("", None), ("k", None), ("five", None), ("5 %", None), ("1e6", None),
        ("--5", None), ("5-", None), ("٣", None), ("²", None), ("0x1F", None), ("1_000", None),
        ("9" * 400, None), ("9999999M", None), ("nan", None), ("inf", None),
        (None, None), (["5"], None), ({"a": "5"}, None),
    ],
)  # fmt: skip
def test_a_number(text: object, value: float | None) -> None:
    if value is None:
        with pytest.raises(Misfit):
            read_number(text)
    else:
        assert read_number(text) == value


@given(st.integers(-(10**12), 10**12))
def test_grouped_thousands_read_back(value: int) -> None:
    assert read_number(f"{value:,}".replace(",", " ")) == value


def test_a_comma_for_thousands_is_told_how_to_be_written() -> None:
    with pytest.raises(Misfit, match="for thousands, write 1200"):
        read_number("1,200")


def test_money_is_in_minor_units() -> None:
    assert read_money("10k") == 1_000_000
    assert read_money("0,29") == 29


@pytest.mark.parametrize(
    ("text", "value"),
    [("25 %", 0.25), ("25\u00a0%", 0.25), ("0,5", 0.5), ("1", 1), ("150 %", 1.5), ("25", None),
     ("-5", None), ("%", None), (None, None)],
)  # fmt: skip
def test_a_share(text: object, value: float | None) -> None:
    if value is None:
        with pytest.raises(Misfit):
            read_share(text)
    else:
        assert read_share(text) == value


@pytest.mark.parametrize(
    ("text", "days"),
    [("90 d", 90), ("90d", 90), ("90 j", 90), ("13 w", 91), ("2 sem", 14), ("1 day", 1),
     ("3 semaines", 21), ("2 Weeks", 14), ("0 d", 0), ("00000000000090 d", 90), ("36500 d", 36_500),
     ("36501 d", None), ("9999 w", None), ("9" * 5_000 + " d", None), ("90", None), ("-3 d", None),
     ("3 months", None), ("1.5 d", None), ("٣ d", None), (None, None), (["3 d"], None)],
)  # fmt: skip
def test_a_duration(text: object, days: int | None) -> None:
    if days is None:
        with pytest.raises(Misfit):
            read_days(text)
    else:
        assert read_days(text) == days


@given(st.dates())
def test_a_day_reads_back(day: date) -> None:
    assert date_of(read_day(f" {day.isoformat()} ")) == day


@pytest.mark.parametrize(
    "text",
    ["2026-13-01", "2026-02-29", "20260629", "2026-W26-1", "29/06/2026", "2026-6-9", "", None, [],
     "2026-06-29T00:00:00", "0000-01-01", "٢٠٢٦-٠١-٠١"],
)  # fmt: skip
def test_what_is_not_a_day_is_refused_in_words(text: object) -> None:
    with pytest.raises(Misfit) as caught:
        read_day(text)
    assert caught.value.text.fr
