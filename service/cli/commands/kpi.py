"""`arpent kpi`: the figures of a week, a month, a quarter or a year, live or as frozen."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from rules.calendar import Span
from rules.language import Text
from service.cli.commands.options import Json, Owner, app, open_installation, owner_key
from service.cli.edge import Mistake

_SHOWN_WEEKS = 5


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
    from rules.kpi.figures import TEAM
    from rules.kpi.names import Cut
    from service import freeze
    from service.cli.show import kpi_page as page
    from service.kpi_asked import Asked

    _check(team=team, owner=owner, as_csv=csv, as_json=json)
    opened = open_installation()
    book = opened.published().rulebook
    cut = Cut(by.value) if by else Cut.WHOLE
    if by:
        _check_cut(by, (each for one in book.kpis.measured for each in book.kpis.cuts_of(one)))
    key = owner_key(opened, owner)
    everybody = [TEAM] if team else [*book.team.reps, TEAM]
    asked = Asked(
        store=opened.store, book=book, now=opened.clock(), cut=cut, week=week,
        subjects=everybody if key is None else [key],
        span=span or (Span.WEEK if week else Span.MONTH),
    )  # fmt: skip
    rows = asked.rows()
    if rows is None:
        raise _not_frozen(week or "", freeze.frozen_weeks(opened.store))
    if csv:
        page.as_csv(rows, is_frozen=week is not None)
    elif json:
        page.as_json(asked, rows, with_filters=filters)
    else:
        page.as_tables(asked, rows, with_definitions=definitions, with_filters=filters)


def _not_frozen(week: str, weeks: Sequence[str]) -> Mistake:
    known = ", ".join(weeks[-_SHOWN_WEEKS:])
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
            f"--week : la semaine « {week} » n'est pas gelée. Les dernières qui le sont : {known}.",
            f"--week: week '{week}' is not frozen. The last ones that are: {known}.",
        )
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


def _check_cut(cut: By, cuts: Iterable[str]) -> None:
    known = sorted({each for each in cuts if each})
    if cut.value not in known:
        listed = ", ".join(known)
        raise Mistake(
            Text(
                f"--by : ce playbook ne découpe rien par « {cut} » ; il découpe par {listed}. "
                "Ajoutez-le sous cuts de kpis.yaml.",
                f"--by: this playbook cuts nothing by '{cut}'; it cuts by {listed}. Add it under "
                "cuts in kpis.yaml.",
            )
        )
