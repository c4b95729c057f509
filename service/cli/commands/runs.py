"""What was run, and what became of it."""

from typing import Annotated

import typer

from service.cli.commands.options import Json, open_installation, runs

Run = Annotated[int, typer.Argument(help="The number of a run (`arpent runs list`).")]


@runs.command("list")
def runs_list(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest to show.")] = 20,
    json: Json = False,
) -> None:
    """The latest runs, newest first: what, who, how it ended."""
    from service import runs as stage
    from service.cli.show import runs as show
    from service.cli.show import terminal

    found = stage.latest(open_installation().store, limit)
    terminal.as_json(found) if json else show.listed(found)


@runs.command("show")
def runs_show(
    run: Run,
    *,
    limit: Annotated[
        int, typer.Option(min=0, help="How many refused values to show; 0 for all.")
    ] = 40,
    json: Json = False,
) -> None:
    """What a run did, what it holds, and each value that a CRM refused, with its words."""
    from service import runs as stage
    from service.cli.show import runs as show
    from service.cli.show import terminal

    told = stage.show(open_installation().store, run, limit=limit or None)
    terminal.as_json(told) if json else show.told(told)


@runs.command("retry")
def runs_retry(run: Run, *, json: Json = False) -> None:
    """Owe again what a run had refused: the next push sends it. Costs no API call."""
    from service import runs as stage
    from service.cli.show import runs as show
    from service.cli.show import terminal

    count = stage.retry(open_installation().store, run)
    terminal.as_json({"run": run, "owed_again": count}) if json else show.retried(run, count)
