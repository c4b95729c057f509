"""`arpent rules test`: the examples of a playbook against its rules."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.options import Json, rules
from service.cli.edge import FAILED


@rules.command("test")
def rules_test(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    json: Json = False,
) -> None:
    """Run the examples of the playbook (tests.yaml) through its rules."""
    from rules.rulebook import compile_rulebook
    from rules.time import day_of
    from service import examples
    from service.app import read_playbook, system_clock
    from service.cli.show import terminal
    from service.cli.show import testing as show
    from service.settings import load_settings

    book = compile_rulebook(read_playbook(folder or load_settings().playbook))
    failures = examples.run(book, day_of(system_clock(), book.team.zone))
    if json:
        terminal.as_json({"hash": book.hash, "examples": len(book.examples), "failures": failures})
    else:
        show.tested(book, failures)
    if failures:
        raise typer.Exit(FAILED)
