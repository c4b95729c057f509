"""How digests say figures, days and counts, in a language."""

from datetime import date

from babel.dates import format_date
from babel.numbers import get_currency_symbol

from rules.digest.digest import named
from rules.digest.material import OfWeek
from rules.kpi.figures import Figure
from rules.kpi.names import KpiName, Unit
from rules.language import Language, Text, counted, day_month, money, number, percent
from rules.time import Day, date_of

ACCOUNTS = (Text("compte", "account"), Text("comptes", "accounts"))
# A count from which on its decimals say nothing; an amount from which on its hundreds do not.
_WHOLE, _THOUSANDS_FROM = 10, 1_000_000
# With fewer days left of a quarter, its coverage is told in amounts.
_LAST_DAYS = 14
_STOCKS = (
    KpiName.ACTIVE_PIPELINE,
    KpiName.WEIGHTED_PIPELINE,
    KpiName.COVERAGE,
    # Of a window of its own, which its definition names.
    KpiName.CONVERSION_RATE,
)


def day(number_of_day: Day, language: Language, *, beside: Day | None = None) -> str:
    """`30 juin`, `1er juin`; with its year where that is not the one of the day `beside`."""
    found = date_of(number_of_day)
    told = day_month(found, language)
    if language is Language.FR and told.startswith("1 "):
        told = f"1er{told[1:]}"
    if beside is None or date_of(beside).year == found.year:
        return told
    return f"{told}{Text(' ', ', ').to(language)}{found.year}"


def quantity(value: float, unit: Unit, currency: str, language: Language) -> str:
    """A figure as people write it; amounts without cents."""
    match unit:
        case Unit.MONEY:
            return _amount(value, currency, language)
        case Unit.RATIO:
            return percent(value, language)
        case Unit.TIMES:
            return f"{number(value, language)}\u00a0×"
        case Unit.DAYS:
            days = number(value, language, digits=0)
            return Text(f"{days}\u00a0j", f"{days}\u00a0d").to(language)
        case Unit.YES_NO:
            return Text("oui", "yes").to(language) if value else Text("non", "no").to(language)
        case _:
            return number(value, language)


def paced(figure: Figure, week: OfWeek, language: Language) -> str:
    """A figure beside what the plan expects to date, with the margin that chance leaves it."""
    if figure.doubt is not None:
        # It says itself that nothing can be concluded, and why.
        return figure.doubt.to(language)
    if figure.kpi is KpiName.COVERAGE and ends_soon(week):
        return _left_open(figure, week, language)
    if figure.value is None:
        return Text("rien à mesurer", "nothing to measure").to(language)
    parts = [quantity(figure.value, figure.unit, week.currency, language)]
    if figure.expected is not None:
        expected = _about(figure.expected, figure.unit, week.currency, language)
        parts.append(Text(f"attendu {expected}", f"expected {expected}").to(language))
    if figure.low is not None and figure.high is not None:
        low, high = (
            quantity(each, figure.unit, week.currency, language)
            for each in _margin_of(figure.low, figure.high, figure.unit)
        )
        parts.append(Text(f"marge {low} à {high}", f"margin {low} to {high}").to(language))
    return ", ".join(parts)


def ends_soon(week: OfWeek) -> bool:
    """Whether so little is left of the quarter that a ratio of what is left says nothing."""
    return (
        week.as_of is not None
        and week.quarter_ends is not None
        and week.quarter_ends - week.as_of < _LAST_DAYS
    )


def _left_open(figure: Figure, week: OfWeek, language: Language) -> str:
    """`0 $ à fermer d'ici là, il manque 24 k$`: what a coverage is made of."""
    opened, left = (
        quantity(each or 0.0, Unit.MONEY, week.currency, language)
        for each in (figure.numerator, figure.denominator)
    )
    return Text(
        f"{opened} à fermer d'ici là, il manque {left}",
        f"{opened} due to close by then, {left} short",
    ).to(language)


def _margin_of(low: float, high: float, unit: Unit) -> tuple[float, float]:
    return (round(low), round(high)) if unit is Unit.COUNT and high >= _WHOLE else (low, high)


def _about(value: float, unit: Unit, currency: str, language: Language) -> str:
    """What is not counted but computed: things to the unit, but for a few of them."""
    if unit is Unit.COUNT and value >= _WHOLE:
        value = round(value)
    return quantity(value, unit, currency, language)


def _amount(minor: float, currency: str, language: Language) -> str:
    """`268 k$`: thousands from ten thousand on, else whole units."""
    if abs(minor) < _THOUSANDS_FROM:
        return money(round(minor / 100) * 100, currency, language)
    thousands = number(minor / 100_000, language, digits=0)
    sign = get_currency_symbol(currency, locale=language.locale)
    return Text(f"{thousands}\u00a0k{sign}", f"{sign}{thousands}k").to(language)


def margin(language: Language) -> str:
    """What a margin is, in a sentence."""
    return Text(
        "Marge : ce que le hasard seul explique, 19 fois sur 20.",
        "Margin: what chance alone explains, 19 times in 20.",
    ).to(language)


def labelled(figure: Figure, week: OfWeek, language: Language) -> str:
    """`Revenu gagné (2026)`: what the figure is, and of when where that is a run of days."""
    label = week.labels.get(figure.kpi)
    name = named(label.to(language)) if label else figure.kpi.value
    if figure.kpi is KpiName.COVERAGE and ends_soon(week) and week.quarter_ends is not None:
        at = day(week.quarter_ends, language)
        return Text(f"{name} (jusqu'au {at})", f"{name} (to {at})").to(language)
    if figure.kpi in _STOCKS:
        return name
    year, _, part = figure.period.partition("-")
    if part.startswith("Q"):
        part = Text(f"T{part[1:]}", part).to(language)
    elif part.isdecimal():
        month = date(int(year), int(part), 1)
        part = format_date(month, "LLLL", locale=language.locale)
    return f"{name} ({part or year})"


def accounts(count: int, language: Language) -> str:
    """`7 comptes`."""
    return counted(count, *ACCOUNTS).to(language)


def false_alarms(week: OfWeek, language: Language) -> str:
    """What the alerts are worth: how many a year would come from chance alone; empty if unknown."""
    if week.false_alarms is None:
        return ""
    watch = number(week.false_alarms.watch_lines, language, digits=0)
    episodes = week.false_alarms.confirmed_episodes
    confirmed = number(episodes, language, digits=0 if episodes >= _WHOLE else 1)
    return Text(
        f"Alertes dues au seul hasard, par an, dans une équipe au plan : {watch} à surveiller, "
        f"{confirmed} en écart confirmé.",
        f"Alerts by chance alone, in a year, for a team on plan: {watch} to watch, {confirmed} as "
        "confirmed deviations.",
    ).to(language)


def frozen(week: OfWeek, language: Language) -> str:
    """`Chiffres gelés, jusqu'au 28 juin inclus.`; empty without figures."""
    if week.as_of is None:
        return ""
    at = day(week.as_of, language)
    told = Text(f"Chiffres gelés, jusqu'au {at} inclus.", f"Frozen figures, up to {at} included.")
    if not week.is_frozen:
        # The records may be of a later hour than those that the week will be frozen with.
        told = Text(f"Chiffres du moment, jusqu'au {at} inclus.",
                    f"Figures as they are now, up to {at} included.")  # fmt: skip
    return told.to(language)
