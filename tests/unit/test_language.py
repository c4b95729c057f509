"""Money, numbers and lists as people write them in each language."""

from datetime import date

import pytest

from rules.language import Language, Text, day_month, joined, money, number, percent, shown

FR, EN = Language.FR, Language.EN
_NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("minor", "french", "english"),
    [
        (120_000_000, "1 200 000 $", "$1,200,000"),
        (1_050, "10,50 $", "$10.50"),
        (0, "0 $", "$0"),
        (-50_000, "-500 $", "-$500"),
    ],
)
def test_money(minor: int, french: str, english: str) -> None:
    assert money(minor, "CAD", FR).replace(_NBSP, " ").replace("\u2212", "-") == french
    assert money(minor, "CAD", EN).replace("\u2212", "-") == english


def test_another_currency_is_told_apart() -> None:
    assert money(100_00, "USD", EN) != money(100_00, "CAD", EN)


def test_numbers_shares_and_days() -> None:
    assert number(1234.56, FR).replace(_NBSP, " ") == "1 234,6"
    assert number(2.0, EN) == "2"
    assert percent(0.254, FR).replace(_NBSP, " ") == "25 %"
    assert day_month(date(2026, 1, 14), FR) == "14 janv."
    assert day_month(date(2026, 1, 14), EN) == "Jan 14"


def test_a_list_in_words() -> None:
    assert joined(["a"], FR) == "a"
    assert joined(["a", "b", "c"], FR) == "a, b et c"
    assert joined(["a", "b"], EN) == "a and b"


def test_a_text_in_a_language() -> None:
    assert (Text("oui", "yes").to(FR), Text("oui", "yes").to(EN)) == ("oui", "yes")
    assert FR.locale == "fr_CA"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Érablière Tremblay", "Érablière Tremblay"),
        # What turns the direction of what follows, and what has no width.
        ("\u202egpj.\u202cexe", "gpj.exe"),
        ("\u2066Nordet\u2069\u200f", "Nordet"),
        ("Nor\u200bdet\ufeff", "Nordet"),
        # Joiners make one emoji of several.
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("une\r\nligne\x1b[31m", "une ligne [31m"),
    ],
)
def test_a_text_of_a_crm_hides_nothing_from_people(written: str, expected: str) -> None:
    assert shown(written) == expected
