"""A figure in words: its value in its unit, its attainment with its band, its period."""

from datetime import date

from babel.dates import format_date

from rules.calendar import Span
from rules.kpi.figures import Figure
from rules.kpi.kpis import KpiName, Unit
from rules.language import Language, Text, money, number, percent
from service.kpi_rows import KpiRow

NONE = "–"
_YES, _NO = Text("oui", "yes"), Text("non", "no")
_DAYS = Text("j", "d")
_SPACE = "\u00a0"
_OF_HOURS = (KpiName.TIME_SHARE, KpiName.PRIORITY_TIME)


def quantity(value: float | None, unit: Unit, currency: str, language: Language) -> str:
    """A value as people read it; a dash where it is unknown."""
    if value is None:
        return NONE
    match unit:
        case Unit.MONEY:
            told = money(round(value / 100) * 100, currency, language)
        case Unit.RATIO:
            told = percent(value, language)
        case Unit.DAYS:
            told = number(value, language, digits=0) + _SPACE + _DAYS.to(language)
        case Unit.TIMES:
            told = f"{number(value, language)}{_SPACE}×"
        case Unit.YES_NO:
            told = (_YES if value else _NO).to(language)
        case _:
            told = number(value, language)
    return told


def value_of(figure: Figure, currency: str, language: Language) -> str:
    """The value; of a rate, of how many; why it is not conclusive, in its place."""
    if figure.doubt is not None:
        return figure.doubt.to(language)
    told = quantity(figure.value, figure.unit, currency, language)
    parts = (figure.numerator, figure.denominator)
    if figure.kpi in _OF_HOURS:
        return f"{told} ({_hours(parts, language)}{_SPACE}h)"
    # Sums behind a ratio would be read as counts.
    if figure.unit is Unit.RATIO and all(each is not None and each < 10_000 for each in parts):  # noqa: PLR2004 - counts
        above, below = (number(each or 0, language, digits=0) for each in parts)
        return f"{told} ({above}/{below})"
    return told


def _hours(parts: tuple[float | None, float | None], language: Language) -> str:
    """`3,8/11,8`: decimals where the hours are few."""
    digits = 1 if (parts[1] or 0) < 20 else 0  # noqa: PLR2004 - a week or so
    above, below = (number(each or 0, language, digits=digits) for each in parts)
    return f"{above}/{below}"


def attainment_of(row: KpiRow, language: Language) -> str:
    """The attainment of what is expected to date, with its band: `83 % (61 à 110 %)`."""
    if row.attainment is None or row.figure.doubt is not None:
        return NONE
    told = percent(row.attainment, language)
    if row.band is None:
        return told
    low, high = row.band
    to = Text("à", "to").to(language)
    least = number(low * 100, language, digits=0)
    return f"{told} ({least}{_SPACE}{to}{_SPACE}{percent(high, language)})"


def period_of(span: Span, period: str, language: Language, fiscal_start: int = 1) -> str:
    """A period by its name: `juin 2026`, `T2 2026`, `semaine 2026-W26`, `année 2026`.

    A fiscal year that begins in another month than January has days of two years, and is named
    after both: `T4 2026-2027`, `exercice 2026-2027`.
    """
    match span:
        case Span.MONTH:
            year, month = period.split("-")
            first = date(int(year), int(month), 1)
            return format_date(first, "LLLL y", locale=language.locale)
        case Span.QUARTER:
            year, _, quarter = period.partition("-Q")
            return f"{Text('T', 'Q').to(language)}{quarter} {_years(year, fiscal_start)}"
        case Span.WEEK:
            return f"{Text('semaine', 'week').to(language)} {period}"
    word = Text("année", "year") if fiscal_start == 1 else Text("exercice", "fiscal year")
    return f"{word.to(language)} {_years(period, fiscal_start)}"


def _years(year: str, fiscal_start: int) -> str:
    return year if fiscal_start == 1 else f"{year}-{int(year) + 1}"
