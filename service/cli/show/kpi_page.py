"""What `arpent kpi` answers as a whole: tables with what must be known about them, JSON or CSV."""

import sys
from collections.abc import Sequence

from rules.time import date_of
from service.cli.edge import language
from service.cli.show import kpi, kpi_csv, terminal
from service.cli.show import kpi_notes as notes
from service.kpi_asked import Asked
from service.kpi_notes import iso
from service.kpi_rows import KpiRow, name_of


def as_csv(rows: Sequence[KpiRow], *, is_frozen: bool) -> None:
    """The rows as a file for Excel."""
    content = kpi_csv.written(rows, language(), is_frozen=is_frozen)
    # The line ends and the mark are part of the file, whatever the terminal's own are.
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content)
    else:
        buffer.write(content.encode())
    sys.stdout.flush()


def as_tables(
    asked: Asked, rows: Sequence[KpiRow], *, with_definitions: bool, with_filters: bool
) -> None:
    """The rows that say anything, then what they mean and how to find them again."""
    told = [row for row in rows if row.is_told]
    _tables(asked, told)
    if with_definitions:
        labels = {each.figure.kpi.value: each.label for each in told}
        kpi.definitions(asked.definitions(told), labels)
    if with_filters:
        if asked.frozen is not None:
            notes.filters_of_today()
        for row, lists in asked.lists(told):
            kpi.filters(row, lists)


def _tables(asked: Asked, rows: Sequence[KpiRow]) -> None:
    team = asked.book.team
    notes.freshness(asked.freshness(), team.zone)
    if asked.frozen is not None:
        notes.frozen_at(asked.frozen, team.zone)
        kpi.frozen(rows, asked.frozen.week, team)
    else:
        kpi.figures(rows, team)
    shown = {row.figure.subject for row in rows}
    names = {subject: name_of(asked.book, subject) for subject in asked.subjects}
    plans = asked.plans(_as_of(asked, rows))
    notes.plans({subject: each for subject, each in plans.items() if subject in shown}, names)
    if rows:
        notes.silent([names[each].to(language()) for each in asked.subjects if each not in shown])


def as_json(asked: Asked, rows: Sequence[KpiRow], *, with_filters: bool) -> None:
    """One document; money in minor units of the team's currency, shares from 0 to 1."""
    zone, kept = asked.book.team.zone, asked.frozen
    figures = [row.to_json() for row in rows]
    if with_filters:
        for told, (_, lists) in zip(figures, asked.lists(rows), strict=True):
            told["lists"] = lists
    terminal.as_json(
        {
            "as_of": date_of(asked.as_of).isoformat(),
            "span": asked.span,
            "by": asked.cut or None,
            "week": asked.week,
            "frozen_at": None if kept is None else iso(kept.frozen_at, zone),
            "is_late": None if kept is None else kept.is_late,
            "read_at": {each.vendor: iso(each.read_at, zone) for each in asked.freshness()},
            "plans": {
                subject: None if note is None else note.to_json()
                for subject, note in asked.plans(_as_of(asked, rows)).items()
            },
            "figures": figures,
            "definitions": dict(asked.definitions(rows)),
        }
    )


def _as_of(asked: Asked, rows: Sequence[KpiRow]) -> int:
    """The last day that the rows speak of."""
    return max((row.figure.as_of for row in rows), default=asked.as_of)
