"""`arpent rules backtest`: what followed for the tiers of a past day."""

from pathlib import Path
from typing import Annotated

import typer

from rules.language import Text
from rules.located import Misfit
from rules.numbers import read_day, read_days
from rules.time import Day
from service.cli.commands.options import Json, open_installation, rules
from service.cli.edge import Mistake


@rules.command("backtest")
def rules_backtest(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    on: Annotated[
        str | None, typer.Option("--on", help="The past day (default: the horizon before today).")
    ] = None,
    horizon: Annotated[
        str, typer.Option("--horizon", help="How long to look at what followed.")
    ] = "180d",
    json: Json = False,
) -> None:
    """Run the playbook on disk, and the rules of a past day, as of that day: who won what since.

    Nothing is written. What is known only afterwards is said to be.
    """
    from service import backtest
    from service.cli.show import backtesting as show
    from service.cli.show import terminal

    day, days = _day(on), _days(horizon)
    try:
        found = backtest.run(open_installation(), folder, on=day, horizon=days)
    except backtest.BacktestError as error:
        raise Mistake(error.message) from error
    terminal.as_json(show.plain(found)) if json else show.backtest(found)


def _day(given: str | None) -> Day | None:
    if given is None:
        return None
    try:
        return read_day(given)
    except Misfit as error:
        raise Mistake(Text(f"--on : {error.text.fr}", f"--on: {error.text.en}")) from error


def _days(given: str) -> int:
    try:
        return read_days(given)
    except Misfit as error:
        raise Mistake(
            Text(f"--horizon : {error.text.fr}", f"--horizon: {error.text.en}")
        ) from error
