"""A forecast: what a year or a quarter is likely to bring a rep or the team, and in which words.

`service.forecast` makes them; the command line, the digests and the review tell them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rules.calendar import Period, Span
from rules.language import Language, Text, money, number, percent
from rules.time import Day, date_of

CHANCE_WANTED = 0.8
"""The chance for which the needed opportunities are told."""
# What is nearly certain is told as such: no model of a year is that sure.
_SURE = 0.99

HOW = Text(
    "Probabilité d'atteindre l'objectif : la loi exacte de la somme de ce qui est gagné, des "
    "opportunités ouvertes (chacune avec la part de celles qui ont été gagnées dans le temps qui "
    "reste, au même âge dans la même étape, ramenée à celle de l'équipe par 20 cas) et des "
    "opportunités à venir, au rythme des 13 dernières semaines (à défaut, du plan).",
    "Probability of reaching the target: the exact distribution of the sum of what is won, of the "
    "open opportunities (each with the share of those that were won in the time that is left, at "
    "the same age in the same stage, drawn to the team's by 20 cases) and of opportunities to "
    "come, at the pace of the last 13 weeks (of the plan where there is none).",
)
"""How it is computed, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adds:
    """An open opportunity, and by how much winning it would raise the chance of the target."""

    id: int
    name: str
    amount: int
    probability: float
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Opportunities to come: so many a month, of which so many are won in time on average."""

    per_month: float
    wins: float
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a period will bring, as of a day; money in minor units of the team's currency.

    `probability` is that of `target`. `measured` is the pace of the last 13 weeks, `planned` that
    of the plan; each with the chance under it, the headline being of the measured one where there
    is one. `needed` are the opportunities a month for a chance of 80 %. Of the open opportunities,
    `open_count` may close in time, `later` are due after the period, and `unknown` have no amount.
    `cases` are those from which the chances are. `doubt` says why it is not conclusive.
    """

    subject: str
    span: Span
    period: Period
    as_of: Day
    currency: str
    target: int
    won: int
    probability: float
    p10: int
    p50: int
    p90: int
    open_count: int
    open_mean: int
    later: int
    unknown: int
    cases: int
    measured: Pace | None
    planned: Pace | None
    needed: float | None
    adds: Sequence[Adds] = ()
    doubt: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """The forecast as plain data."""
        days = {
            "key": self.period.key,
            "first": date_of(self.period.first).isoformat(),
            "last": date_of(self.period.last).isoformat(),
        }
        return asdict(self) | {
            "span": self.span.value,
            "period": days,
            "as_of": date_of(self.as_of).isoformat(),
            "doubt": self.doubt,
        }


def chance(probability: float, language: Language) -> str:
    """A probability as people write it: `62 %`; never none at all, nor all of it."""
    if probability > _SURE:
        return Text("plus de 99 %", "over 99%").to(language)
    if probability < 1 - _SURE:
        return Text("moins de 1 %", "under 1%").to(language)
    return percent(probability, language)


def told(probability: float, p10: int, p90: int, currency: str, language: Language) -> str:
    """`probabilité 62 % (P10–P90 1 010 000 $ – 1 340 000 $)`, to the nearest thousand."""
    low, high = (money(_thousands(each), currency, language) for each in (p10, p90))
    said = chance(probability, language)
    return Text(
        f"probabilité {said} (P10–P90 {low} – {high})",
        f"probability {said} (P10–P90 {low} – {high})",
    ).to(language)


def paced(needed: float | None, language: Language) -> str | None:
    """`14,3 opportunités par mois pour 80 %`; None where that can't be told."""
    if needed is None:
        return None
    often, wanted = number(needed, language), percent(CHANCE_WANTED, language)
    return Text(
        f"{often} opportunités par mois pour {wanted}",
        f"{often} opportunities a month for {wanted}",
    ).to(language)


def _thousands(minor: int) -> int:
    """To the nearest thousand of the currency."""
    return round(minor / 100_000) * 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The forecasts that said about as much: what they said on average, and how often it came."""

    low: float
    high: float
    forecasts: int
    said: float
    happened: float


_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def calibration(pairs: Sequence[tuple[float, bool]]) -> list[Bucket]:
    """(probability said, whether it was reached) → by fifths of what was said, those with any.

    The weeks of a period share one outcome: they are not so many independent trials.
    """
    found: dict[int, list[tuple[float, bool]]] = {}
    for said, reached in pairs:
        place = min(int(said * (len(_EDGES) - 1)), len(_EDGES) - 2)
        found.setdefault(place, []).append((said, reached))
    return [
        Bucket(
            low=_EDGES[place], high=_EDGES[place + 1], forecasts=len(some),
            said=sum(said for said, _ in some) / len(some),
            happened=sum(reached for _, reached in some) / len(some),
        )
        for place, some in sorted(found.items())
    ]  # fmt: skip
