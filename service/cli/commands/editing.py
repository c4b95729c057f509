"""The playbook in people's own tools: `arpent rules schema`, `export` and `import`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.options import Json, rules

Folder = Annotated[
    Path | None, typer.Option("--folder", help="The playbook (default: ARPENT_PLAYBOOK).")
]


@rules.command("schema")
def rules_schema(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    json: Json = False,
) -> None:
    """Write JSON Schemas into .schema, so that editors complete and check while you type."""
    from service import editor_schema
    from service.cli.show import editing as show
    from service.cli.show import terminal
    from service.settings import load_settings

    written = editor_schema.run(folder or load_settings().playbook)
    terminal.as_json({"files": list(map(str, written))}) if json else show.schemas(written)


@rules.command("export")
def rules_export(
    rule: Annotated[str, typer.Argument(help="A rule that is a table.")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="tier.csv or tier.xlsx (default: CSV).")
    ] = None,
    folder: Folder = None,
) -> None:
    """Export a table as a sheet for Excel, to be imported back."""
    from service import sheets
    from service.cli.show import editing as show
    from service.settings import load_settings

    content = sheets.export(folder or load_settings().playbook, rule, output)
    if output is None:
        sys.stdout.write(content.decode("utf-8-sig").replace("\r\n", "\n"))
    else:
        show.exported(rule, output)


@rules.command("import")
def rules_import(
    file: Annotated[Path, typer.Argument(help="A sheet: tier.csv or tier.xlsx.")],
    *,
    rule: Annotated[
        str | None, typer.Option("--rule", help="The table it is for (default: by its name).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a sheet into segments.yaml: that table, nothing else. Publishes nothing."""
    from service import sheets
    from service.app import system_clock
    from service.cli.show import editing as show
    from service.cli.show import terminal
    from service.settings import load_settings

    where = folder or load_settings().playbook
    done = sheets.run(where, file, rule, system_clock(), is_dry=dry_run)
    if json:
        terminal.as_json(
            {"rule": done.rule, "changed": bool(done.diff), "dry_run": dry_run, "diff": done.diff}
        )
    else:
        show.imported(done, is_dry=dry_run)
