"""`team.yaml`: the people, the zone, the currency, the language of the CRM's labels."""

from fractions import Fraction
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from rules import days_off, schema_shapes
from rules.language import Language, Text
from rules.located import Document, Misfit, nearest
from rules.models import model_of
from rules.numbers import read_day, read_number
from rules.time import Day

RESERVED = "team"
"""The owner of a plan of the whole team: no rep's key."""
RATE_LIMIT = 1_000_000
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


class Strict(BaseModel):
    """A part of a playbook: frozen, and no key that it doesn't know."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _zone(name: object) -> ZoneInfo:
    if not isinstance(name, str) or name not in available_timezones():
        hint = nearest(str(name), sorted(available_timezones()))
        raise Misfit(
            f"fuseau inconnu « {name} »{hint.fr} : écrivez par exemple America/Toronto",
            f"unknown zone '{name}'{hint.en}: write for example America/Toronto",
        )
    return ZoneInfo(name)


def _month(name: object) -> int:
    if name not in MONTHS:
        raise Misfit(
            f"« {name} » n'est pas un mois (écrivez january, april …)",
            f"'{name}' is not a month (write january, april …)",
        )
    return MONTHS.index(name) + 1


def _month_name(name: object) -> str:
    return MONTHS[_month(name) - 1]


def _currency(code: object) -> str:
    if not (isinstance(code, str) and len(code) == 3 and code.isalpha() and code.isupper()):  # noqa: PLR2004 - ISO 4217
        raise Misfit(
            f"« {code} » n'est pas un code de monnaie (CAD, USD …)",
            f"'{code}' is not a currency code (CAD, USD …)",
        )
    return code


def _exchange_rate(given: object) -> float:
    rate = read_number(given)
    if not 0 < rate <= RATE_LIMIT:
        raise Misfit(
            f"« {given} » n'est pas un cours : écrivez ce que vaut une unité dans la monnaie de "
            "l'équipe, par exemple 1,37",
            f"'{given}' is not a rate: write what one unit is worth in the team's currency, for "
            "example 1.37",
        )
    return rate


def _some(dated: object) -> object:
    if dated == {}:
        raise Misfit(
            "écrivez au moins un cours, avec son jour : {2026-01-01: 1.37}",
            "write at least one rate, with its day: {2026-01-01: 1.37}",
        )
    return dated


def read_words(pair: object) -> Text:
    """`[français, anglais]`, or one text for both."""
    if isinstance(pair, str):
        return Text(pair, pair)
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) for word in pair):  # noqa: PLR2004 - French and English
        return Text(*pair)
    raise Misfit("écrivez [français, anglais], ou un seul texte", "write [French, English], or one")


Zone = Annotated[ZoneInfo, BeforeValidator(_zone), WithJsonSchema(schema_shapes.ZONE)]
Currency = Annotated[str, BeforeValidator(_currency), WithJsonSchema(schema_shapes.CURRENCY)]
Month = Annotated[int, BeforeValidator(_month), WithJsonSchema({"enum": MONTHS})]
MonthName = Annotated[str, BeforeValidator(_month_name), WithJsonSchema({"enum": MONTHS})]
Words = Annotated[Text, BeforeValidator(read_words), WithJsonSchema(schema_shapes.WORDS)]
Region = Annotated[str, BeforeValidator(days_off.read_region)]
ExchangeRate = Annotated[
    float, BeforeValidator(_exchange_rate), WithJsonSchema(schema_shapes.AMOUNT)
]
DayText = Annotated[Day, BeforeValidator(read_day), WithJsonSchema(schema_shapes.DAY)]


class Rep(Strict):
    """A member of the team, found in a CRM by e-mail; `manager` is another member's key.

    `language` is that of their digests, where it is not the team's.
    """

    name: str
    email: str | None = None
    manager: str | None = None
    language: Language | None = None
    start: DayText | None = None
    end: DayText | None = None


class Team(Strict):
    """Who the playbook is for."""

    zone: Zone
    currency: Currency
    language: Language = Language.FR
    fiscal_year: Month = 1
    holidays: Region | None = None
    rates: dict[Currency, Annotated[dict[DayText, ExchangeRate], BeforeValidator(_some)]] = Field(
        default_factory=dict
    )
    reps: dict[str, Rep] = Field(default_factory=dict)

    def rate_on(self, currency: str, day: Day) -> Fraction | None:
        """The team's currency for one unit of another on a day; None where no rate holds yet."""
        if currency == self.currency:
            return Fraction(1)
        dated = self.rates.get(currency, {})
        since = max((each for each in dated if each <= day), default=None)
        # The shortest decimal of the rate is what was written.
        return None if since is None else Fraction(str(dated[since]))


def read_team(document: Document) -> Team | None:
    """`team.yaml`, its managers checked."""
    team = model_of(document, Team)
    if team is None:
        return None
    if team.currency in team.rates:
        document.complain(
            ("rates", team.currency),
            Text(
                f"{team.currency} est la monnaie de l'équipe : retirez son cours",
                f"{team.currency} is the currency of the team: remove its rate",
            ),
            at_key=True,
        )
    if RESERVED in team.reps:
        document.complain(
            ("reps", RESERVED),
            Text(
                f"« {RESERVED} » désigne toute l'équipe : donnez une autre clé à cette personne",
                f"'{RESERVED}' stands for the whole team: give this person another key",
            ),
            at_key=True,
        )
    keys: dict[str, str] = {}
    for key, rep in team.reps.items():
        _check_manager(document, team, key, rep)
        email = (rep.email or "").lower()
        if email and keys.setdefault(email, key) != key:
            document.complain(
                ("reps", key, "email"),
                Text(
                    f"« {rep.email} » est déjà l'adresse de « {keys[email]} »",
                    f"'{rep.email}' is already the address of '{keys[email]}'",
                ),
            )
        if rep.start is not None and rep.end is not None and rep.end < rep.start:
            document.complain(
                ("reps", key, "end"), Text("end précède start", "end is before start")
            )
    return team


def _check_manager(document: Document, team: Team, key: str, rep: Rep) -> None:
    if rep.manager is None:
        return
    path = ("reps", key, "manager")
    if rep.manager == key:
        document.complain(
            path,
            Text(
                "nul n'est son propre gestionnaire : nommez quelqu'un d'autre, ou personne",
                "nobody is their own manager: name somebody else, or nobody",
            ),
        )
    elif rep.manager not in team.reps:
        hint = nearest(rep.manager, list(team.reps))
        document.complain(
            path,
            Text(
                f"« {rep.manager} » n'est pas dans reps{hint.fr}",
                f"'{rep.manager}' is not in reps{hint.en}",
            ),
        )
