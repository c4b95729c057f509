"""`team.yaml`: people, zone, currency, language."""

from datetime import date
from fractions import Fraction

import pytest

from rules.language import Language
from rules.rulebook import compile_rulebook
from rules.time import day_number
from tests.playbooks import issues, small, with_rules

RATES = "zone: UTC\ncurrency: CAD\nrates:\n"
REPS = "zone: UTC\ncurrency: CAD\nreps:\n"


@pytest.mark.parametrize(
    ("team", "line", "column", "words"),
    [
        ("zone: America/Toronto\n", 1, 1, "the key 'currency' is missing"),
        ("currency: CAD\nzone: America/Montréal\n", 2, 7, "unknown zone"),
        ("currency: CAD\nzone: America/Toront\n", 2, 7, "did you mean 'America/Toronto'?"),
        ("currency: CAD\nzone: [a]\n", 2, 7, "unknown zone"),
        ("zone: UTC\ncurrency: dollars\n", 2, 11, "not a currency code"),
        ("zone: UTC\ncurrency: CAD\nlanguage: french\n", 3, 11, "'french' is not allowed here"),
        ("zone: UTC\ncurrency: CAD\nlangage: fr\n", 3, 1, "did you mean 'language'?"),
        ("zone: UTC\ncurrency: CAD\nfiscal_year: 4\n", 3, 14, "not a month"),
        ("zone: UTC\ncurrency: CAD\nreps: [a]\n", 3, 7, "'key: value'"),
        (REPS + "  a: {}\n", 4, 6, "the key 'name' is missing"),
        (REPS + "  a: {name: [A]}\n", 4, 13, "a text is needed"),
        (REPS + "  a: {name: A, boss: b}\n", 4, 16, "unknown key 'boss'"),
        (REPS + "  a: {name: A, manager: b}\n", 4, 25, "not in reps"),
        (REPS + "  a: {name: A, manager: a}\n", 4, 25, "own manager"),
        (REPS + "  a: {name: A, start: 2026-13-01}\n", 4, 23, "not a date"),
        (REPS + "  a: {name: A, start: [1]}\n", 4, 23, "on one line"),
        (REPS + "  a: {name: A, start: 2026-02-01, end: 2026-01-01}\n", 4, 40, "before start"),
        (REPS + "  a: {name: A, email: A@b.ca}\n  b: {name: B, email: a@B.ca}\n", 5, 23, "'a'"),
        (REPS + "  team: {name: T}\n", 4, 3, "stands for the whole team: give this person another"),
        (RATES + "  USD: 1.4\n", 4, 8, "'key: value'"),
        (RATES + "  USD: {}\n", 4, 8, "write at least one rate, with its day"),
        (RATES + "  USD: {2026-01-01: 0}\n", 4, 21, "write what one unit is worth"),
        (RATES + "  USD: {2026-01-01: -1.4}\n", 4, 21, "write what one unit is worth"),
        (RATES + "  USD: {2026-06-31: 1.4}\n", 4, 9, "not a date"),
        (RATES + "  usd: {2026-01-01: 1.4}\n", 4, 3, "not a currency code"),
        (RATES + "  CAD: {2026-01-01: 1}\n", 4, 3, "is the currency of the team: remove its rate"),
        ("- zone: UTC\n", 1, 1, "'key: value'"),
        ("", 1, 1, "is missing"),
    ],
)  # fmt: skip
def test_a_wrong_team_is_told_in_its_place(team: str, line: int, column: int, words: str) -> None:
    found = [issue for issue in issues(small(team=team)) if words in issue.text.en]
    assert [(issue.file, issue.line, issue.column) for issue in found[:1]] == [
        ("team.yaml", line, column)
    ]


def test_a_team_speaks_french_unless_told_otherwise() -> None:
    assert with_rules("").team.language is Language.FR


def test_the_rate_of_a_day_is_the_last_one_before_it() -> None:
    team = compile_rulebook(
        small(team=RATES + "  USD: {2026-04-01: 1.39, 2026-01-01: '1,37'}\n")
    ).team
    days = [day_number(date(2026, *each)) for each in [(1, 1), (3, 31), (4, 1), (12, 31)]]
    assert [team.rate_on("USD", day) for day in days] == [
        Fraction(137, 100), Fraction(137, 100), Fraction(139, 100), Fraction(139, 100)
    ]  # fmt: skip
    assert team.rate_on("USD", days[0] - 1) is None
    assert team.rate_on("EUR", days[0]) is None
    assert team.rate_on("CAD", days[0] - 1) == 1
