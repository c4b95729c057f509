"""`arpent kpi`: the figures of a week, a month, a quarter or a year, live or as frozen."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

import typer

from rules.calendar import Span
from rules.language import Text
from service.cli.commands.options import Json, Owner, app, open_installation, owner_key
from service.cli.edge import Mistake, language


class By(StrEnum):
    """The cuts that `--by` may name."""

    SEGMENT = "segment"
    SOURCE = "source"
    CHANNEL = "channel"
    PRODUCT = "product"
    TIER = "tier"
    STAGE = "stage"
    ACTIVITY = "activity"
    GROUP = "group"
    MOVE = "move"


@app.command()
def kpi(
    *,
    owner: Owner = None,
    team: Annotated[bool, typer.Option("--team", help="Only the team as a whole.")] = False,
    span: Annotated[
        Span | None, typer.Option("--span", help="Over which period (default: month).")
    ] = None,
    by: Annotated[By | None, typer.Option("--by", help="Cut by segment, source, tier…")] = None,
    week: Annotated[
        str | None,
        typer.Option("--week", help="As frozen at the end of a week (2026-W26), beside today."),
    ] = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Print what each KPI means, in full.")
    ] = False,
    filters: Annotated[
        bool, typer.Option("--filters", help="Print the CRM's list that gives each figure again.")
    ] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for Excel.")] = False,
) -> None:
    """Show the KPIs against the plan to date: values, intervals, targets, definitions."""
    from rules.kpi.kpis import Cut
    from service.cli.show import kpi as show

    _check(team=team, owner=owner, as_csv=csv, as_json=json)
    opened = open_installation()
    book = opened.published().rulebook
    cut = Cut(by.value) if by else Cut.WHOLE
    _check_cut(book, cut)
    chosen = _Asked(
        opened, book, cut, span or (Span.WEEK if week else Span.MONTH),
        _subjects(book, owner_key(opened, owner), is_team=team),
    )  # fmt: skip
    rows = chosen.frozen(week) if week else chosen.live()
    if csv:
        _print_csv(rows, is_frozen=week is not None)
    elif json:
        _print_json(chosen, rows, week, with_filters=filters)
    else:
        told = [row for row in rows if row.is_told]
        _print_tables(chosen, told, week)
        if definitions:
            labels = {each.figure.kpi.value: each.label for each in told}
            show.definitions(chosen.definitions(told, week), labels)
        if filters:
            _print_filters(chosen, told, is_frozen=week is not None)


class _Asked:
    """What was asked for, of an installation."""

    def __init__(
        self,
        opened: Any,  # noqa: ANN401 - an App, imported late
        book: Any,  # noqa: ANN401 - a Rulebook, imported late
        cut: Any,  # noqa: ANN401 - a Cut, imported late
        span: Span,
        subjects: Sequence[str],
    ) -> None:
        from rules.time import day_of

        self.book, self.span, self.subjects, self.cut = book, span, subjects, cut
        self._store, self.now = opened.store, opened.clock()
        self.as_of = day_of(self.now, book.team.zone)
        # A KPI that has no meaning whole is shown by its members.
        self._cuts = [cut] if cut else [cut, *{each.always for each in book.kpis.measured}]

    def live(self) -> list[Any]:
        """The rows of today."""
        return self._rows(self._figures(self.as_of, is_over=False))

    def _figures(self, as_of: int, *, is_over: bool) -> Sequence[Any]:
        from service import figures

        return figures.figures(
            self._store, self.book, as_of=as_of, spans=(self.span,), cuts=self._cuts,
            is_over=is_over,
        )  # fmt: skip

    def _rows(self, figures: Sequence[Any], today: Sequence[Any] | None = None) -> list[Any]:
        from service.kpi_rows import rows

        return rows(
            self.book, figures, subjects=self.subjects, span=self.span, cut=self.cut, today=today,
            stages=self._stages,
        )  # fmt: skip

    @cached_property
    def _stages(self) -> list[str]:
        from service.store import places

        with self._store.read() as connection:
            return places.stage_labels(connection)

    def freshness(self) -> Sequence[Any]:
        """How each CRM was read."""
        from service import kpi_notes

        return kpi_notes.freshness(self._store, now=self.now)

    def plans(self, as_of: int) -> Any:  # noqa: ANN401 - a mapping to PlanNote, imported late
        """The plan of each subject on a day."""
        from service import kpi_notes

        return kpi_notes.plan_notes(self.book, self.subjects, as_of)

    def week(self, week: str) -> Any:  # noqa: ANN401 - a FrozenWeek, imported late
        """The week as frozen, which is there."""
        from service import freeze

        return freeze.frozen_week(self._store, week, self.book)

    def frozen(self, week: str) -> list[Any]:
        """The rows of a frozen week, each beside the same days measured now.

        Raises `Mistake` where the week was not frozen.
        """
        from service import freeze

        kept = [each for each in freeze.frozen(self._store, week) if each.span is self.span]
        if not kept:
            raise self._not_frozen(week)
        rows = []
        # The week's Sunday first; then the month or the quarter that ended within it, whole.
        for as_of in sorted({each.as_of for each in kept}, reverse=True):
            then = [each for each in kept if each.as_of == as_of]
            rows += self._rows(then, self._figures(as_of, is_over=True))
        return rows

    def _not_frozen(self, week: str) -> Mistake:
        from service import freeze

        known = ", ".join(freeze.frozen_weeks(self._store)[-5:])
        if not known:
            return Mistake(
                Text(
                    "--week : aucune semaine n'est gelée encore ; chacune l'est au cycle qui suit "
                    "son dimanche.",
                    "--week: no week is frozen yet; each is by the cycle that follows its Sunday.",
                )
            )
        return Mistake(
            Text(
                f"--week : la semaine « {week} » n'est pas gelée. Les dernières qui le sont : "
                f"{known}.",
                f"--week: week '{week}' is not frozen. The last ones that are: {known}.",
            )
        )

    def definitions(self, rows: Sequence[Any], week: str | None) -> list[tuple[str, Text]]:
        """What each KPI shown means; of a frozen week, what it meant then."""
        from service import freeze
        from service.kpi_rows import definitions

        if week is None:
            return list(definitions(self.book, rows, self.cut))
        kept = freeze.frozen_week(self._store, week)
        known = kept.definitions if kept else {}
        hashes = {row.figure.kpi.value: row.figure.definition for row in rows}
        return [(name, known[each]) for name, each in hashes.items() if each in known]

    def lists(self, rows: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Each row with the lists of the CRMs that give it again."""
        from service.filters import finder

        found = finder(self._store, self.book, now=self.now)
        for row in rows:
            yield row, found.lists(row.figure)


def _print_csv(rows: Sequence[Any], *, is_frozen: bool) -> None:
    import sys

    from service.cli.show.kpi_csv import written

    content = written(rows, language(), is_frozen=is_frozen)
    # The line ends and the mark are part of the file, whatever the terminal's own are.
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content)
    else:
        buffer.write(content.encode())
    sys.stdout.flush()


def _print_tables(asked: _Asked, rows: Sequence[Any], week: str | None) -> None:
    from service.cli.show import kpi as show
    from service.cli.show import kpi_notes as notes
    from service.kpi_rows import name_of

    currency, zone = asked.book.team.currency, asked.book.team.zone
    notes.freshness(asked.freshness(), zone)
    if week:
        notes.frozen_at(asked.week(week), zone)
        show.frozen(rows, week, currency)
    else:
        show.figures(rows, currency)
    shown = {row.figure.subject for row in rows}
    names = {subject: name_of(asked.book, subject) for subject in asked.subjects}
    as_of = max((row.figure.as_of for row in rows), default=asked.as_of)
    plans = asked.plans(as_of)
    notes.plans({subject: each for subject, each in plans.items() if subject in shown}, names)
    if rows:
        notes.silent([names[each].to(language()) for each in asked.subjects if each not in shown])


def _print_filters(asked: _Asked, rows: Sequence[Any], *, is_frozen: bool) -> None:
    from service.cli.show import kpi as show
    from service.cli.show import kpi_notes as notes

    if is_frozen:
        notes.filters_of_today()
    for row, lists in asked.lists(rows):
        show.filters(row, lists)


def _print_json(
    asked: _Asked, rows: Sequence[Any], week: str | None, *, with_filters: bool
) -> None:
    from rules.time import date_of
    from service.cli.show import terminal
    from service.kpi_notes import iso

    zone = asked.book.team.zone
    as_of = max((row.figure.as_of for row in rows), default=asked.as_of)
    kept = asked.week(week) if week else None
    figures = [row.to_json() for row in rows]
    if with_filters:
        for told, (_, lists) in zip(figures, asked.lists(rows), strict=True):
            told["lists"] = lists
    terminal.as_json(
        {
            "as_of": date_of(asked.as_of).isoformat(),
            "span": asked.span,
            "by": asked.cut or None,
            "week": week,
            "frozen_at": None if kept is None else iso(kept.frozen_at, zone),
            "is_late": None if kept is None else kept.is_late,
            "read_at": {each.vendor: iso(each.read_at, zone) for each in asked.freshness()},
            "plans": {
                subject: None if note is None else note.to_json()
                for subject, note in asked.plans(as_of).items()
            },
            "figures": figures,
            "definitions": dict(asked.definitions(rows, week)),
        }
    )


def _check(*, team: bool, owner: str | None, as_csv: bool, as_json: bool) -> None:
    if team and owner is not None:
        raise Mistake(
            Text(
                "--team et --owner ne vont pas ensemble : choisissez.",
                "--team and --owner don't go together: choose one.",
            )
        )
    if as_csv and as_json:
        raise Mistake(
            Text(
                "--csv et --json ne vont pas ensemble : choisissez.",
                "--csv and --json don't go together: choose one.",
            )
        )


def _check_cut(book: Any, cut: Any) -> None:  # noqa: ANN401 - a Rulebook and a Cut, imported late
    known = [each for one in book.kpis.measured for each in book.kpis.cuts_of(one) if each]
    if cut and cut not in known:
        listed = ", ".join(sorted(set(known)))
        raise Mistake(
            Text(
                f"--by : ce playbook ne découpe rien par « {cut} » ; il découpe par {listed}. "
                "Ajoutez-le sous cuts de kpis.yaml.",
                f"--by: this playbook cuts nothing by '{cut}'; it cuts by {listed}. Add it under "
                "cuts in kpis.yaml.",
            )
        )


def _subjects(book: Any, owner: str | None, *, is_team: bool) -> list[str]:  # noqa: ANN401 - a Rulebook
    from rules.kpi.figures import TEAM

    if owner is not None:
        return [owner]
    return [TEAM] if is_team else [*book.team.reps, TEAM]
