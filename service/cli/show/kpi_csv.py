"""Figures as CSV, to be opened in Excel with a double click, whatever a CRM has in its names.

UTF-8 with its mark, without which Excel reads accents as another encoding. In French, `;` between
cells and a comma for decimals, since Excel there reads `0.5` as a text or as the 5th of a month;
in English `,` and a point. Numbers are bare: no spaces, no signs of money, shares from 0 to 1.
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

from rules.kpi.figures import Figure
from rules.kpi.kpis import Unit
from rules.language import Language
from rules.time import date_of
from service.csv_sheets import guarded
from service.kpi_rows import KpiRow

_FIGURES = ("value", "numerator", "denominator", "low", "high", "target", "expected")
COLUMNS = (
    "subject", "name", "kpi", "label", "cut", "member", "span", "period", "first", "as_of", "unit",
    "attainment", *_FIGURES, "doubt", "definition",
)  # fmt: skip
TODAY = ("today", "today_doubt", "today_definition")
# What is in units of money where the KPI is; numerators and denominators are as defined, in cents.
_MONEY = ("value", "low", "high", "target", "expected")


def written(rows: Iterable[KpiRow], language: Language, *, is_frozen: bool = False) -> str:
    """Rows as a CSV text, with its mark; amounts are in units of the team's currency."""
    text = StringIO(newline="")
    text.write("\ufeff")
    separator = ";" if language is Language.FR else ","
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *(TODAY if is_frozen else ())])
    for row in rows:
        writer.writerow(_cells(row, language, is_frozen=is_frozen))
    return text.getvalue()


def _cells(row: KpiRow, language: Language, *, is_frozen: bool) -> Sequence[str]:
    figure = row.figure
    texts = [
        figure.subject, row.name.to(language), figure.kpi.value, row.label.to(language), figure.cut,
        figure.member, figure.span.value, figure.period,
    ]  # fmt: skip
    cells = [
        *map(guarded, texts),
        date_of(figure.first).isoformat(),
        date_of(figure.as_of).isoformat(),
        figure.unit.value,
        _number(row.attainment, language),
        *(_figure(figure, name, language) for name in _FIGURES),
        guarded(_doubt(figure, language)),
        figure.definition,
    ]
    if is_frozen:
        now = row.today
        cells += ["", "", ""] if now is None else [
            _figure(now, "value", language), guarded(_doubt(now, language)), now.definition,
        ]  # fmt: skip
    return cells


def _doubt(figure: Figure, language: Language) -> str:
    return figure.doubt.to(language) if figure.doubt else ""


def _figure(figure: Figure, name: str, language: Language) -> str:
    value: float | None = getattr(figure, name)
    is_money = figure.unit is Unit.MONEY and name in _MONEY
    return _number(value / 100 if is_money and value is not None else value, language)


def _number(value: float | None, language: Language) -> str:
    if value is None:
        return ""
    text = f"{Decimal(repr(round(value, 6))):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", ",") if language is Language.FR else text
