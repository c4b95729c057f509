"""`arpent plan check`: what contradicts itself in the territory plans."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.options import Json, plans, rep_key
from service.cli.edge import FAILED, at_end


@plans.command("check")
def plan_check(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Only this rep's plans; team: the team's.")
    ] = None,
    json: Json = False,
) -> None:
    """Check that the numbers of the plans hold together; exit code 1 where they do not.

    Works on the playbook on disk, published or not, with or without a store; what the store has
    measured is looked at as well. A finding that the plan accepts is told, and does not count.
    """
    from rules.plan.terms import TEAM
    from service import check, plan_check
    from service.app import system_clock
    from service.cli.show import plans as show
    from service.settings import load_settings

    settings, now = load_settings(), system_clock()
    book = check.run(folder or settings.playbook, now).accepted()
    key = owner if owner == TEAM else rep_key(book.team, owner)
    store = plan_check.store_if_there(settings.database_url)
    if store is not None:
        at_end.callback(store.close)
    found = plan_check.of_book(book, now, store=store, owner=key)
    if json:
        show.as_json(found)
    elif key is not None and all(plan.owner != key for plan in book.plans):
        show.without_plan(key)
    else:
        show.as_text(found)
    if found.standing:
        raise typer.Exit(FAILED)
