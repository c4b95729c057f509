"""What `arpent kpi` prints: a table for each person, narrow enough for 80 columns, and the rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import fill

from rich.table import Table
from rich.text import Text as PlainText

from rules.crm_filter import FilterText, NoFilter
from rules.kpi.figures import Figure
from rules.kpi.names import Unit
from rules.language import Language, Text, day_month, number, shown
from rules.team import Team
from rules.time import date_of
from service.cli.edge import language, say
from service.cli.show.kpi_figures import NONE, attainment_of, period_of, quantity, value_of
from service.cli.show.terminal import console, line
from service.filters import Found
from service.kpi_rows import KpiRow

_INDENT = "  "
_WIDE = 110
# Where a sentence stands instead of a figure, it goes on below.
_CELL = 20
_LIVE = (
    Text("Indicateur", "KPI"),
    Text("Atteinte à ce jour", "Attained to date"),
    Text("Valeur", "Value"),
    Text("Attendu à ce jour", "Expected to date"),
    Text("Cible de la période", "Target of the period"),
)
_NARROW = (
    Text("Indicateur", "KPI"),
    Text("Atteinte", "Attained"),
    Text("Valeur", "Value"),
    Text("Attendu", "Expected"),
    Text("Cible", "Target"),
)
_FROZEN = (
    Text("Indicateur", "KPI"),
    Text("Gelé", "Frozen"),
    Text("Aujourd'hui", "Today"),
    Text("Écart", "Change"),
)
_NOTHING = Text(
    "Rien à montrer pour ces jours : aucune fiche qui compte, et aucun plan.",
    "Nothing to show for these days: no record that counts, and no plan.",
)
_CHANGED = Text("définition changée depuis", "definition changed since")
_OTHER_DAYS = Text("période changée depuis", "period changed since")
_PARTS: Mapping[str, Text] = {
    "numerator": Text("numérateur : ", "numerator: "),
    "denominator": Text("dénominateur : ", "denominator: "),
}


def figures(rows: Sequence[KpiRow], team: Team) -> None:
    """Each person's figures, beside what the plan expects to date."""
    for row, listed in _by_subject(rows):
        figure = row.figure
        fr, en = (day_month(date_of(figure.as_of), each) for each in Language)
        period = period_of(figure.span, figure.period, language(), team.fiscal_year)
        title = Text(f"{row.name.fr} · {period}, au {fr}", f"{row.name.en} · {period}, as of {en}")
        columns = _NARROW if console.width < _WIDE else _LIVE
        _table(title, columns, (_live(each, team.currency) for each in _titled(listed)))


def frozen(rows: Sequence[KpiRow], week: str, team: Team) -> None:
    """Each person's figures as kept for a week, beside the same measured today."""
    for row, listed in _by_subject(rows):
        period = period_of(row.figure.span, row.figure.period, language(), team.fiscal_year)
        end = "" if row.figure.period == week else week
        title = Text(
            f"{row.name.fr} · {period}{end and f', au dimanche de {end}'} : gelé / aujourd'hui",
            f"{row.name.en} · {period}{end and f', to the Sunday of {end}'}: frozen / today",
        )
        _table(title, _FROZEN, (_side_by_side(each, team.currency) for each in _titled(listed)))


def _by_subject(rows: Sequence[KpiRow]) -> Iterator[tuple[KpiRow, list[KpiRow]]]:
    if not rows:
        line(_NOTHING)
    for _, group in groupby(rows, key=lambda row: row.figure.subject):
        listed = list(group)
        yield listed[0], listed


def _titled(rows: Iterable[KpiRow]) -> Iterator[KpiRow | Text]:
    """The rows, the members of a KPI under its name."""
    before = None
    for row in rows:
        if row.member is not None and row.figure.kpi != before:
            yield row.label
        before = row.figure.kpi
        yield row


def _label(row: KpiRow) -> str:
    return say(row.label) if row.member is None else _INDENT + say(row.member)


def _live(row: KpiRow | Text, currency: str) -> Sequence[str]:
    if isinstance(row, Text):
        return (say(row), *[""] * (len(_LIVE) - 1))
    figure, spoken = row.figure, language()
    return (
        _label(row),
        attainment_of(row, spoken),
        value_of(figure, currency, spoken),
        quantity(figure.expected, figure.unit, currency, spoken),
        quantity(figure.target, figure.unit, currency, spoken),
    )


def _side_by_side(row: KpiRow | Text, currency: str) -> Sequence[str]:
    if isinstance(row, Text):
        return (say(row), *[""] * (len(_FROZEN) - 1))
    then, now, spoken = row.figure, row.today, language()
    told = value_of(now, currency, spoken) if now else NONE
    return (
        _label(row), value_of(then, currency, spoken), told, _change(then, now, currency),
    )  # fmt: skip


def _change(then: Figure, now: Figure | None, currency: str) -> str:
    if now is None or then.value is None or now.value is None:
        return NONE
    if then.definition != now.definition:
        return say(_CHANGED)
    if then.first != now.first:
        # Another fiscal year than then: the two columns are not of the same days.
        return say(_OTHER_DAYS)
    change = now.value - then.value
    if not change:
        return "="
    sign = "+" if change > 0 else ""
    if then.unit is Unit.RATIO:
        return f"{sign}{number(change * 100, language())}\u00a0pt"
    return sign + quantity(change, then.unit, currency, language())


def _table(title: Text, columns: Sequence[Text], rows: Iterable[Sequence[str]]) -> None:
    console.print(PlainText(shown(say(title)), style="bold"), soft_wrap=True)
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for place, column in enumerate(columns):
        # Figures stay whole: where there is little room, names fold.
        drawn.add_column(
            say(column), justify="right" if place else "left", overflow="fold", no_wrap=place > 0
        )
    for row in rows:
        # A member is a value of the CRM: it may hold what rich takes for its markup.
        name, *cells = map(_on_one_line, row)
        drawn.add_row(PlainText(name), *(PlainText(fill(each, _CELL)) for each in cells))
    console.print(drawn)
    console.print()


def _on_one_line(cell: str) -> str:
    bare = cell.lstrip(" ")
    return cell[: len(cell) - len(bare)] + shown(bare)


def definitions(told: Iterable[tuple[str, Text]], labels: Mapping[str, Text]) -> None:
    """Each definition in words, under its KPI's name."""
    for name, text in told:
        label = labels[name]
        line(Text(f"{label.fr} : {text.fr}", f"{label.en}: {text.en}"))


def filters(row: KpiRow, lists: Mapping[str, Found]) -> None:
    """How to find a figure again in each CRM, or why no list of it can."""
    member = "" if row.member is None else f", {say(row.member)}"
    label = f"{say(row.name)}, {say(row.label)}{member}"
    for vendor, found in lists.items():
        console.print(f"{shown(label)} ({vendor})", markup=False, soft_wrap=True)
        parts = {"": found} if isinstance(found, NoFilter) else found
        for part, each in parts.items():
            head = _INDENT + (say(_PARTS[part]) if part in _PARTS else "")
            _list(head, each)


def _list(head: str, found: FilterText | NoFilter) -> None:
    if isinstance(found, NoFilter):
        console.print(head + say(found.why), markup=False, soft_wrap=True)
        return
    console.print(head + say(found.words), markup=False, soft_wrap=True)
    console.print(_INDENT + found.query, markup=False, soft_wrap=True)
