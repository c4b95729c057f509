"""What became of the tiers that rules would have given on a past day, and what that proves.

Few opportunities close in a few months, so a rate is judged with its interval: two rates differ
only where their 95 % intervals leave each other alone, and each rests on enough opportunities.
This is a stern test (two intervals may overlap a little although the difference is real), which is
what a change of rules for a whole team deserves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from rules.chance.intervals import Interval, wilson
from rules.language import Language, Text, counted, percent
from rules.time import Day

LEAST_CLOSED = 10
"""With fewer closed opportunities on a side, nothing is concluded: 4 of 4 against 0 of 4 would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What followed for the accounts of a tier: opportunities opened, won and lost in the window.

    `tier` is None for accounts in scope that the rules give no tier. `won_amount` is in minor units
    of the team's currency; `unknown_amounts` of those won have none.
    """

    tier: str | None
    label: Text
    accounts: int = 0
    opened: int = 0
    won: int = 0
    lost: int = 0
    won_amount: int = 0
    unknown_amounts: int = 0

    @property
    def closed(self) -> int:
        """Won and lost."""
        return self.won + self.lost

    @property
    def win_rate(self) -> float | None:
        """Won ÷ closed; None where none closed."""
        return self.won / self.closed if self.closed else None

    @property
    def interval(self) -> Interval:
        """Where the true rate lies, 19 times in 20."""
        return wilson(self.won, self.closed)

    @property
    def won_per_account(self) -> int | None:
        """Minor units won per account; None where there is none."""
        return round(self.won_amount / self.accounts) if self.accounts else None


class Finding(StrEnum):
    """What a comparison of two win rates proves, of the first against the second."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_CONCLUSIVE = "not_conclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two win rates beside each other, and a sentence that says what they prove."""

    subject: Text
    finding: Finding
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """A fact that is not as it was on the day, for some accounts: their history starts later.

    `since_on` is the first day on which it is known for all; None where it never is followed.
    """

    fact: str
    label: Text
    since_on: Day | None
    accounts: int
    text: Text


def compare(subject: Text, first: Outcome, second: Outcome) -> Comparison:
    """Whether the win rate of `first` differs from that of `second` by more than chance."""
    finding, reason = _judge(first, second)
    return Comparison(
        subject=subject,
        finding=finding,
        text=Text(f"{subject.fr} : {reason.fr}", f"{subject.en}: {reason.en}"),
    )


def adjacent(outcomes: Sequence[Outcome]) -> list[Comparison]:
    """Each tier against the next one, from the best; accounts without a tier are left out."""
    tiers = [each for each in outcomes if each.tier is not None]
    return [
        compare(
            Text(f"{one.label.fr} contre {other.label.fr}", f"{one.label.en} vs {other.label.en}"),
            one,
            other,
        )
        for one, other in pairwise(tiers)
    ]


def same_tiers(new: Sequence[Outcome], old: Sequence[Outcome]) -> list[Comparison]:
    """Each tier of the new rules against the one of the same name of the old rules."""
    before = {each.tier: each for each in old if each.tier is not None}
    return [
        compare(
            Text(
                f"{each.label.fr}, nouvelles règles contre anciennes",
                f"{each.label.en}, new rules vs old",
            ),
            each,
            before[each.tier],
        )
        for each in new
        if each.tier in before
    ]


def _judge(first: Outcome, second: Outcome) -> tuple[Finding, Text]:
    fewest = min(first.closed, second.closed)
    if first.win_rate is None or second.win_rate is None or fewest < LEAST_CLOSED:
        return Finding.NOT_CONCLUSIVE, _too_few(fewest)
    rates = Text(
        *(
            f"{percent(first.win_rate, language)} {versus} {percent(second.win_rate, language)}"
            for language, versus in ((Language.FR, "contre"), (Language.EN, "vs"))
        )
    )
    if first.interval.overlaps(second.interval):
        return Finding.NOT_CONCLUSIVE, Text(
            f"non concluant (n = {first.closed} et {second.closed}) : {rates.fr}, mais les "
            "intervalles à 95 % se chevauchent.",
            f"not conclusive (n = {first.closed} and {second.closed}): {rates.en}, but the 95% "
            "intervals overlap.",
        )
    is_higher = first.win_rate > second.win_rate
    more = Text("plus haut", "higher") if is_higher else Text("plus bas", "lower")
    return (
        Finding.HIGHER if is_higher else Finding.LOWER,
        Text(
            f"taux de gain {more.fr} ({rates.fr}) : les intervalles à 95 % ne se touchent pas.",
            f"{more.en} win rate ({rates.en}): the 95% intervals do not touch.",
        ),
    )


def _too_few(fewest: int) -> Text:
    return Text(
        f"non concluant (n = {fewest}) : il faut au moins {LEAST_CLOSED} opportunités fermées de "
        "chaque côté.",
        f"not conclusive (n = {fewest}): at least {LEAST_CLOSED} closed opportunities are needed "
        "on each side.",
    )


def in_hindsight(
    fact: str, label: Text, since_on: Day | None, accounts: int, day: str
) -> Hindsight:
    """What is known only afterwards of a fact; `day` is the first day that is known, as written."""
    concerned = counted(accounts, Text("compte", "account"), Text("comptes", "accounts"))
    since = (
        Text("son passé n'est pas suivi", "its past is not followed")
        if since_on is None
        else Text(f"son historique commence le {day}", f"its history starts on {day}")
    )
    text = Text(
        f"« {label.fr} » est connu après coup pour {concerned.fr} : {since.fr}, et c'est la "
        "première valeur connue ensuite qui compte ici.",
        f"'{label.en}' is hindsight for {concerned.en}: {since.en}, and the first value known "
        "afterwards counts here.",
    )
    return Hindsight(fact=fact, label=label, since_on=since_on, accounts=accounts, text=text)
