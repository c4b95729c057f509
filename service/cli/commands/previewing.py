"""`arpent rules preview`: what a playbook on disk would change, before it is published."""

from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.commands.options import Json, Owner, open_installation, rep_key, rules


@rules.command("preview")
def rules_preview(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    owner: Owner = None,
    limit: Annotated[
        int, typer.Option(min=0, help="How many accounts that move to show; 0 for all.")
    ] = 20,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write every account that moves to a CSV file."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what the playbook on disk would move if it were published. Nothing is written.

    By tier, rep, priority and field, with the hours of each rep. Costs no API call.
    """
    from service import check, moves_file, preview_rules
    from service.cli.show import previewing as show
    from service.cli.show import terminal

    opened = open_installation()
    book = check.run(folder or opened.settings.playbook, opened.clock()).accepted()
    owner = rep_key(book.team, owner)
    written: list[int] = []

    def keep(moves: Any, labels: Any) -> None:  # noqa: ANN401 - both imported late
        if output is not None:
            written.append(moves_file.write(output, moves, labels))

    found = preview_rules.run(
        opened.store, book, now=opened.clock(), thresholds=opened.settings.thresholds,
        rep_key=owner, limit=limit or None, keep=keep if output else None,
    )  # fmt: skip
    if json:
        terminal.as_json({**found.figures, "moves": found.moves})
        return
    show.previewed(found, book.team.currency)
    if output is not None:
        show.kept(output, sum(written))
