"""The territory plans in Excel: `arpent plan export` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from rules.language import Text
from service.cli.commands.options import Json, plans, rep_key
from service.cli.edge import Mistake

Folder = Annotated[
    Path | None, typer.Option("--folder", help="The playbook (default: ARPENT_PLAYBOOK).")
]
_YEARS = range(2000, 2100)


@plans.command("export")
def plan_export(
    file: Annotated[Path, typer.Argument(help="The workbook to write: plans.xlsx.")],
    *,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Only this rep's plans; team: the team's.")
    ] = None,
    new: Annotated[
        str | None, typer.Option("--new", help="An empty plan for this rep, or team.")
    ] = None,
    period: Annotated[
        int | None, typer.Option("--period", help="The year of the new plan: 2027.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Export the plans to an Excel workbook, to be filled in and imported back."""
    from service import plan_sheets
    from service.cli.show import plan_sheets as show
    from service.settings import load_settings

    where = folder or load_settings().playbook
    if new is None:
        written = plan_sheets.export(where, file, owners=_owners(where, owner))
        show.exported(written, file)
        return
    if period is None or period not in _YEARS:
        raise Mistake(
            Text(
                "--new : dites aussi l'année du plan, par exemple --period 2027.",
                "--new: say the plan's year too, for example --period 2027.",
            )
        )
    (key,) = _owners(where, new) or [new]
    plan_sheets.export_new(where, file, key, period)
    show.prepared(key, period, file)


@plans.command("import")
def plan_import(
    file: Annotated[Path, typer.Argument(help="A workbook made by plan export.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put the plans of a workbook into plans/: what changed, nothing else. Publishes nothing."""
    from service import plan_sheets
    from service.app import system_clock
    from service.cli.show import plan_sheets as show
    from service.cli.show import terminal
    from service.settings import load_settings

    where = folder or load_settings().playbook
    done = plan_sheets.run(where, file, system_clock(), is_dry=dry_run)
    if json:
        changed = any(each.changes for each in done.plans)
        terminal.as_json(
            {"changed": changed, "dry_run": dry_run, "plans": done.plans,
             "left_out": done.left_out}
        )  # fmt: skip
    else:
        show.imported(done, is_dry=dry_run)


def _owners(folder: Path, owner: str | None) -> list[str] | None:
    """The owner of plans that an option names: a rep of the folder's team.yaml, or the team."""
    from rules.plan.terms import TEAM
    from service.plan_sheets import team_of

    if owner is None or owner == TEAM:
        return owner if owner is None else [TEAM]
    key = rep_key(team_of(folder), owner)
    return [key] if key else None
