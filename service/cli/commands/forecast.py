"""`arpent forecast`: the probability of reaching the target, what adds most, and what is needed."""

from typing import Annotated

import typer

from rules.language import Text
from service.cli.commands.options import Json, Owner, app, open_installation, owner_key


@app.command()
def forecast(
    *,
    owner: Owner = None,
    quarter: Annotated[
        bool, typer.Option("--quarter", help="Of the fiscal quarter, not of the year.")
    ] = False,
    calibration: Annotated[
        bool,
        typer.Option("--calibration", help="What was said in earlier weeks, and what happened."),
    ] = False,
    json: Json = False,
) -> None:
    """Show the probability of reaching the target (P10, P50, P90) and what would raise it."""
    from rules.calendar import Span
    from rules.time import day_of
    from service import forecast as stage
    from service import forecast_record
    from service.cli.show import forecast as show
    from service.cli.show import terminal
    from service.kpi_rows import name_of

    opened = open_installation()
    book = opened.published().rulebook
    key = owner_key(opened, owner)
    if calibration:
        buckets = forecast_record.calibrated(opened.store, key)
        terminal.as_json(buckets) if json else show.calibrated(buckets)
        return
    found = stage.forecasts(
        opened.store, book, as_of=day_of(opened.clock(), book.team.zone),
        spans=[Span.QUARTER if quarter else Span.YEAR], subjects=None if key is None else [key],
    )  # fmt: skip
    if json:
        terminal.as_json({"how": show.HOW, "forecasts": [each.to_json() for each in found]})
        return
    if not found:
        terminal.line(
            Text(
                "Aucun plan en vigueur : sans objectif, il n'y a pas de probabilité. Ajoutez un "
                "fichier sous plans/ puis « arpent rules publish ».",
                "No plan in force: without a target there is no probability. Add a file under "
                "plans/, then `arpent rules publish`.",
            )
        )
    for each in found:
        show.forecast(each, name_of(book, each.subject), book.team.fiscal_year)
    if found:
        terminal.line(show.HOW)
