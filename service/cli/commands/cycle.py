"""The stages of a cycle, each alone, and all together."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.commands.each_crm import each_crm
from service.cli.commands.options import (
    Crm,
    Full,
    Json,
    Owner,
    Port,
    app,
    open_installation,
    owner_key,
    recorded,
    vendors_of,
)
from service.cli.edge import FAILED, HELD


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do the work, print, and end.")] = False,
    json: Json = False,
    port: Port = 8801,
    crm: Annotated[
        str | None, typer.Option("--crm", help="Which CRM to emulate; all: side by side.")
    ] = None,
    year: Annotated[
        bool, typer.Option("--year", help="Play the case's whole year, week by week.")
    ] = False,
    weeks: Annotated[
        int | None, typer.Option("--weeks", min=1, max=52, help="With --year: stop earlier.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="With --year: another second half.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="With --year: leave the workspace there.")
    ] = None,
) -> None:
    """Show a territory plan living in an emulated CRM: no account, no key needed."""
    from service import demo as stage

    if year or weeks is not None or seed is not None or keep is not None:
        _demo_year(crm, weeks=weeks, seed=seed, keep=keep, json=json)
        return
    stage.run(once=once, json=json, port=0 if once else port, crm=crm)


def _demo_year(
    crm: str | None, *, weeks: int | None, seed: int | None, keep: Path | None, json: bool
) -> None:
    from service import rehearsed_year as stage
    from service.cli.show import progress, terminal
    from service.cli.show import year as show

    with progress.counting(Text("Semaines", "Weeks")) as told:
        report = stage.run(crm=crm, weeks=weeks, seed=seed, keep=keep, told=told)
    terminal.as_json(report) if json else show.played(report)


@app.command()
def pull(*, crm: Crm = None, full: Full = False, json: Json = False) -> None:
    """Read from the CRM what changed since the last pull."""
    from service import answers_to_tasks, lease, listen
    from service import pull as stage
    from service.cli.show import cycle as show
    from service.cli.show import progress

    opened = open_installation()
    vendors = vendors_of(opened, crm)
    book = opened.published().rulebook
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                with (
                    opened.connector(vendor) as connector,
                    lease.held(opened, vendor) as renew,
                    recorded(opened, "pull", vendor) as (run_id, counts),
                    progress.pulling(renew) as told,
                ):
                    found = opened.connect(connector)
                    opened.preflight(connector)
                    report = stage.run(
                        opened.store, connector, connection_id=found.id, run_id=run_id,
                        now=opened.clock, full=full, progress=told,
                    )  # fmt: skip
                    listen.run(opened.store, connector, book, found.id, opened.clock())
                    said = answers_to_tasks.run(
                        opened.store, connector, book, found.id, now=opened.clock()
                    )
                    counts.update(report.counts)
                if json:
                    turns.told[vendor] = {"crm": vendor, **report.counts, "fields": report.notices}
                else:
                    show.pulled(vendor, report)
                    show.answered(vendor, said)


@app.command()
def tag(*, full: Full = False, json: Json = False) -> None:
    """Run the published rules over the accounts that changed."""
    from dataclasses import asdict

    from service import listen
    from service import tag as stage
    from service.cli.show import cycle as show
    from service.cli.show import terminal

    opened = open_installation()
    published = opened.published()
    with recorded(opened, "tag") as (_, counts):
        listen.settle(opened.store, published, opened.clock())
        report = stage.run(opened.store, published, opened.clock(), full=full)
        counts.update(asdict(report))
    terminal.as_json(report) if json else show.tagged(report)


@app.command()
def measure(*, json: Json = False) -> None:
    """Measure the KPIs of the month, for each rep, against the plan; `arpent kpi` has them all."""
    from service import measure as stage
    from service.cli.show import cycle as show
    from service.cli.show import terminal

    opened = open_installation()
    book = opened.published().rulebook
    report = stage.run(opened.store, book, now=opened.clock())
    terminal.as_json(report.to_json()) if json else show.measured(report, book.team.currency)


@app.command()
def alert(
    *,
    force: Annotated[bool, typer.Option("--force", help="Again, though the week is done.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show every message of the week; write nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Do the weekly look: open, update or close episodes of deviation."""
    from service import alert as stage
    from service.cli.show import cycle as show
    from service.cli.show import terminal

    opened = open_installation()
    if preview:
        _preview_digests(opened, json=json)
        return
    published = opened.published()
    with recorded(opened, "alert") as (run_id, counts):
        report = stage.run_published(
            opened.store, published, now=opened.clock(), run_id=run_id, force=force
        )
        counts.update(report.counts)
    terminal.as_json(report.to_json()) if json else show.alerted(report)


def _preview_digests(opened: Any, *, json: bool) -> None:  # noqa: ANN401 - an App
    from service import digest as stage
    from service.cli.show import digests as show
    from service.cli.show import terminal

    found = stage.preview(opened)
    if json:
        terminal.as_json([show.plain_preview(each) for each in found])
    else:
        show.previewed(found)


@app.command()
def run(*, crm: Crm = None, owner: Owner = None, full: Full = False, json: Json = False) -> None:
    """One cycle: pull, tag, measure, alert when its time has come, push."""
    from contextlib import ExitStack

    from service import cycle
    from service.app import author
    from service.cli.show import cycle as show
    from service.cli.show import progress, terminal

    opened = open_installation()
    owner = owner_key(opened, owner)
    with ExitStack() as stack:
        connectors = {
            vendor: stack.enter_context(opened.connector(vendor))
            for vendor in vendors_of(opened, crm)
        }
        stack.enter_context(progress.working(Text("Cycle", "Cycle")))
        report = cycle.run(opened, connectors, full=full, rep_key=owner, actor=author())
    if json:
        terminal.as_json(report.to_json())
    else:
        show.cycled(report, opened.published().rulebook.team.currency)
    if report.failures or report.rejected or report.lost:
        raise typer.Exit(FAILED)
    if report.held:
        raise typer.Exit(HELD)
