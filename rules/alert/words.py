"""The words of alerts: templates of `alerts.yaml` with their figures, and the smallest actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from rules.chance.deviations import Deviation
from rules.kpi.kpis import Kpi, KpiName, Unit
from rules.language import Language, Text, counted, joined, money, number, percent, shown
from rules.located import Misfit, nearest
from rules.team import Words

PLACEHOLDERS = (
    "value", "weeks", "expected", "low", "high", "missing", "accounts", "rep", "n", "days", "deals",
    "first", "action", "hours", "capacity",
)  # fmt: skip
# More than so many, and than so many weeks of the plan: nobody does that in one.
_FEW, _AT_ONCE = 3, 3
LISTED = 10
"""So many records are named in an alert; the others are counted."""

NOWHERE = Text("vos comptes prioritaires", "your priority accounts")
_NOUNS: Mapping[str, tuple[Text, Text]] = {
    KpiName.OPPORTUNITIES_OPENED: (
        Text("opportunité", "opportunity"), Text("opportunités", "opportunities"),
    ),
}  # fmt: skip


def _templates(text: Text) -> Text:
    for words in text:
        try:
            parts = list(Formatter().parse(words))
        except ValueError as error:
            raise Misfit(
                f"accolade isolée dans « {words} » : doublez-la pour l'écrire telle quelle",
                f"a lone brace in '{words}': double it to write it as such",
            ) from error
        for _, name, layout, conversion in parts:
            if name is not None and (name not in PLACEHOLDERS or layout or conversion):
                hint = nearest(name, PLACEHOLDERS)
                known = ", ".join(PLACEHOLDERS)
                raise Misfit(
                    f"« {{{name}}} » n'est pas un emplacement connu{hint.fr} ({known})",
                    f"'{{{name}}}' is not a known placeholder{hint.en} ({known})",
                )
    return text


Template = Annotated[Words, AfterValidator(_templates)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a template may be filled with, in the unit of a KPI where it has one."""

    rep: str
    unit: Unit = Unit.COUNT
    currency: str = ""
    deviation: Deviation | None = None
    accounts: Sequence[str] = ()
    deals: Sequence[str] = ()
    n: int = 0
    days: int = 0
    hours: float = 0.0
    capacity: float = 0.0
    action: Text | None = None


def rendered(template: Text, figures: Figures) -> Text:
    """A template of `alerts.yaml` with its figures, in both languages."""
    return Text(*(_rendered(template.to(each), figures, each) for each in Language))


def _rendered(template: str, figures: Figures, language: Language) -> str:
    accounts, deals = list(map(shown, figures.accounts)), list(map(shown, figures.deals))
    first = (deals or accounts or [""])[0]
    words: dict[str, str] = {
        "rep": shown(figures.rep),
        "accounts": joined(accounts, language) if accounts else NOWHERE.to(language),
        "deals": joined(deals, language) if deals else "",
        "first": first,
        "n": number(figures.n, language, digits=0),
        "days": number(figures.days, language, digits=0),
        "hours": number(figures.hours, language),
        "capacity": number(figures.capacity, language),
        "action": figures.action.to(language) if figures.action else "",
        **_of(figures.deviation, figures, language),
    }
    return template.format_map(words)


def _of(deviation: Deviation | None, figures: Figures, language: Language) -> dict[str, str]:
    names = ("observed", "expected", "low", "high")
    if deviation is None:
        return dict.fromkeys(("value", "weeks", "expected", "low", "high", "missing"), "")
    cases = shared_by(deviation)
    value, expected, low, high = (
        quantity(getattr(deviation, name) / cases, figures.unit, figures.currency, language)
        for name in names
    )
    # Of a rate, what is missing are things: wins.
    unit = Unit.COUNT if figures.unit is Unit.RATIO else figures.unit
    return {
        "value": value,
        "expected": expected,
        "low": low,
        "high": high,
        "weeks": number(deviation.window, language),
        "missing": quantity(deviation.missing, unit, figures.currency, language),
    }


def shared_by(deviation: Deviation) -> int:
    """By what the figures of a deviation are to be divided: the cases of a rate, else by one."""
    return deviation.trials or 1


def quantity(value: float, unit: Unit, currency: str, language: Language) -> str:
    """A figure of a KPI as people write it."""
    match unit:
        case Unit.MONEY:
            return money(round(value), currency, language)
        case Unit.RATIO:
            return percent(value, language)
        case _:
            return number(value, language)


def more_by_sunday(kpi: Kpi, count: int, label: Text, *, weekly: float) -> Text:
    """`3 opportunités de plus d'ici dimanche`; other KPIs by their label.

    What the plan wants in `weekly` for a week tells what one can do: far more takes several.
    """
    if count > max(_FEW, _AT_ONCE * weekly):
        return _over_weeks(kpi, count, label, weeks=ceil(count / max(weekly, _FEW)))
    nouns = _NOUNS.get(kpi.name)
    if nouns is None:
        return Text(
            f"{number(count, Language.FR)} de plus d'ici dimanche ({label.fr})",
            f"{number(count, Language.EN)} more by Sunday ({label.en})",
        )
    found = counted(count, *nouns)
    return Text(
        f"{found.fr} de plus d'ici dimanche", f"{found.en.replace(' ', ' more ', 1)} by Sunday"
    )


def _over_weeks(kpi: Kpi, count: int, label: Text, *, weeks: int) -> Text:
    """`16 opportunités de plus que prévu, soit 4 par semaine pendant 4 semaines`."""
    each = ceil(count / weeks)
    nouns = _NOUNS.get(kpi.name)
    found = counted(count, *nouns) if nouns else Text(*(number(count, its) for its in Language))
    of = Text("", "") if nouns else Text(f" ({label.fr})", f" ({label.en})")
    return Text(
        f"{found.fr} de plus que prévu, soit {each} par semaine pendant {weeks} semaines{of.fr}",
        f"{found.en} more than planned, that is {each} a week for {weeks} weeks{of.en}",
    )
