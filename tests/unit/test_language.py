"""Money, numbers, counts, lists and causes as people write them in each language."""

import errno
import os
from datetime import date
from pathlib import Path

import pytest

from rules.language import (
    Language,
    Text,
    cause,
    counted,
    day_month,
    joined,
    money,
    number,
    percent,
    shown,
)

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


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [(0, "0 valeur", "0 values"), (1, "1 valeur", "1 value"), (2, "2 valeurs", "2 values")],
)
def test_counts_agree_with_their_words(count: int, french: str, english: str) -> None:
    told = counted(count, Text("valeur", "value"), Text("valeurs", "values"))
    assert told == Text(french, english)


def test_why_the_system_refuses_a_file_is_said_in_both_languages(tmp_path: Path) -> None:
    for path, french, english in (
        (tmp_path / "none", "fichier ou dossier introuvable", "no such file or folder"),
        (tmp_path, "c'est un dossier", "it is a folder"),
    ):
        with pytest.raises(OSError, match=r"\[Errno") as raised:
            path.read_bytes()
        assert cause(raised.value) == Text(french, english)


def test_a_rare_cause_is_in_the_words_of_the_system() -> None:
    words = os.strerror(errno.EXDEV)
    assert cause(OSError(errno.EXDEV, words)) == Text(words, words)
    assert cause(OSError()) == Text("OSError", "OSError")
