"""The commands of `arpent`. Each imports its stage when it runs, so that `--help` stays quick."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.edge import FAILED, Mistake

app = typer.Typer(
    name="arpent", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Keeps a sales-territory plan alive inside the CRM that the team already uses.",
)  # fmt: skip
rules = typer.Typer(no_args_is_help=True, help="The playbook: check, publish, explain.")
fields = typer.Typer(no_args_is_help=True, help="Arpent's own fields in the CRM.")
database = typer.Typer(no_args_is_help=True, help="The store.")
sandbox = typer.Typer(no_args_is_help=True, help="The emulated CRMs.")
app.add_typer(rules, name="rules")
app.add_typer(fields, name="fields")
app.add_typer(database, name="db")
app.add_typer(sandbox, name="sandbox")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Crm = Annotated[str | None, typer.Option("--crm", help="Only this CRM.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Only this rep (key in team.yaml).")]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, help="Port of the emulated CRM; 0 for a free one.")
]
Full = Annotated[bool, typer.Option("--full", help="From the beginning, not what changed.")]


def _open() -> Any:  # noqa: ANN401 - an App, imported late
    from service.app import open_app
    from service.settings import load_settings

    return open_app(load_settings())


def _vendors(opened: Any, crm: str | None) -> list[str]:  # noqa: ANN401 - an App
    """The CRMs to work with: the one asked for, else those with a key (else one, to say so)."""
    from connectors.registry import VENDORS
    from rules.located import nearest

    if crm and crm not in VENDORS:
        hint, known = nearest(crm, VENDORS), ", ".join(VENDORS)
        raise Mistake(
            Text(
                f"--crm : « {crm} » n'est pas un CRM d'Arpent{hint.fr}. Ceux qu'il connaît : "
                f"{known}.",
                f"--crm: '{crm}' is not one of Arpent's CRMs{hint.en}. Those it knows: {known}.",
            )
        )
    return [crm] if crm else opened.vendors() or ["hubspot"]


def _check_owner(opened: Any, owner: str | None) -> None:  # noqa: ANN401 - an App
    from rules.located import nearest

    reps = opened.published().rulebook.team.reps
    if owner is not None and owner not in reps:
        hint = nearest(owner, list(reps))
        known = ", ".join(reps)
        raise Mistake(
            Text(
                f"--owner : « {owner} » n'est pas dans team.yaml{hint.fr}. Ceux qui y sont : "
                f"{known}.",
                f"--owner: '{owner}' is not in team.yaml{hint.en}. Those who are: {known}.",
            )
        )


@contextmanager
def _recorded(opened: Any, command: str) -> Iterator[tuple[int, dict[str, int]]]:  # noqa: ANN401 - an App
    """A recorded run: its id, and the counts to fill."""
    from service.store import runs
    from service.store.runs import RunState

    with opened.store.write() as connection:
        run_id = runs.begin_run(connection, command, opened.clock())
    counts: dict[str, int] = {}
    state, said = RunState.FAILED, None
    try:
        yield run_id, counts
        state = RunState.DONE
    except Exception as error:
        said = str(error)
        raise
    finally:
        with opened.store.write() as connection:
            runs.finish_run(
                connection, run_id, state, counts=counts, error=said, now=opened.clock()
            )


def _renewing(renew: Callable[[], None]) -> Callable[[object], None]:
    """A progress that renews a lease."""
    return lambda _: renew()


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do the work, print, and end.")] = False,
    json: Json = False,
    port: Port = 8801,
) -> None:
    """Show a territory plan living in an emulated CRM: no account, no key needed."""
    from service import demo as stage

    stage.run(once=once, json=json, port=0 if once else port)


@app.command()
def pull(*, crm: Crm = None, full: Full = False, json: Json = False) -> None:
    """Read from the CRM what changed since the last pull."""
    from service import lease
    from service import pull as stage
    from service.cli import show

    opened = _open()
    for vendor in _vendors(opened, crm):
        with (
            opened.connector(vendor) as connector,
            lease.held(opened, vendor) as renew,
            _recorded(opened, "pull") as (run_id, counts),
        ):
            found = opened.connect(connector)
            opened.preflight(connector)
            report = stage.run(
                opened.store, connector, connection_id=found.id, run_id=run_id,
                now=opened.clock, full=full, progress=_renewing(renew),
            )  # fmt: skip
            counts.update(report.counts)
        show.as_json({"crm": vendor, **report.counts}) if json else show.pulled(vendor, report)


@app.command()
def tag(*, full: Full = False, json: Json = False) -> None:
    """Run the published rules over the accounts that changed."""
    from dataclasses import asdict

    from service import tag as stage
    from service.cli import show

    opened = _open()
    published = opened.published()
    with _recorded(opened, "tag") as (_, counts):
        report = stage.run(opened.store, published, opened.clock(), full=full)
        counts.update(asdict(report))
    show.as_json(report) if json else show.tagged(report)


@app.command()
def measure(*, json: Json = False) -> None:
    """Measure the KPIs of the month, for each rep, against the plan."""
    _measure(json=json)


@app.command()
def kpi(*, json: Json = False, owner: Owner = None) -> None:
    """Show the KPIs of the month, their definitions and targets."""
    _measure(json=json, owner=owner, with_definitions=True)


def _measure(*, json: bool, owner: str | None = None, with_definitions: bool = False) -> None:
    from dataclasses import replace

    from service import measure as stage
    from service.cli import show

    opened = _open()
    book = opened.published().rulebook
    _check_owner(opened, owner)
    report = stage.run(
        opened.store, team=book.team, kpis=book.kpis, plans=book.plans,
        cadence=book.segments.tier.contact_every, now=opened.clock(),
    )  # fmt: skip
    if owner:
        report = replace(report, rows=[row for row in report.rows if row.rep == owner])
    definitions = {kpi.name.value: kpi.explained(book.team.currency) for kpi in book.kpis.measured}
    if json:
        show.as_json(report.to_json() | ({"definitions": definitions} if with_definitions else {}))
        return
    show.measured(report, book.team.currency)
    if with_definitions:
        for text in definitions.values():
            show.line(text)


@app.command()
def alert(
    *,
    force: Annotated[bool, typer.Option("--force", help="Again, though the week is done.")] = False,
    json: Json = False,
) -> None:
    """Do the weekly review: open, update or close episodes of deviation."""
    from service import alert as stage
    from service.cli import show

    opened = _open()
    book = opened.published().rulebook
    with _recorded(opened, "alert") as (run_id, counts):
        report = stage.run(
            opened.store, team=book.team, kpis=book.kpis, plans=book.plans, alerts=book.alerts,
            now=opened.clock(), run_id=run_id, force=force,
        )  # fmt: skip
        counts.update(report.counts)
    show.as_json(report.to_json()) if json else show.alerted(report)


@app.command()
def preview(
    *,
    crm: Crm = None,
    owner: Owner = None,
    limit: Annotated[int, typer.Option(min=0, help="How many changes to show; 0 for all.")] = 40,
    json: Json = False,
) -> None:
    """Show what a push would write, old and new. Costs no API call."""
    from service import owe
    from service import preview as stage
    from service.cli import show

    opened = _open()
    _check_owner(opened, owner)
    for vendor in _vendors(opened, crm):
        found = opened.connection(vendor)
        owe.run(opened.store, opened.published().rulebook, found.id)
        report = stage.run(opened.store, found.id, rep_key=owner, limit=limit)
        changes = (
            report.changes if limit else stage.all_changes(opened.store, found.id, rep_key=owner)
        )
        if json:
            show.as_long_json(report.figures, "changes", changes)
        else:
            show.previewed(report, changes)


@app.command()
def push(
    *,
    crm: Crm = None,
    owner: Owner = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also what the CRM refused: the cause was corrected.")
    ] = False,
    json: Json = False,
) -> None:
    """Write what is owed into the CRM, and the tasks of confirmed alerts."""
    from service import lease, owe
    from service.cli import show
    from service.push import Push, ReadOnly

    opened = _open()
    if opened.settings.read_only:
        raise ReadOnly
    _check_owner(opened, owner)
    book = opened.published().rulebook
    is_complete = True
    for vendor in _vendors(opened, crm):
        with (
            opened.connector(vendor) as connector,
            lease.held(opened, vendor) as renew,
            _recorded(opened, "push") as (run_id, counts),
        ):
            found = opened.connect(connector)
            owe.run(opened.store, book, found.id)
            if retry:
                owe.retry(opened.store, found.id, rep_key=owner)
            stage = Push(opened.store, connector, book, found.id, opened.clock)
            report = stage.run(run_id, rep_key=owner, renew=renew)
            counts.update(report.counts())
        show.as_json(report.to_json()) if json else show.pushed(vendor, report)
        is_complete = is_complete and report.stopped is None and not report.rejected
    if not is_complete:
        raise typer.Exit(FAILED)


@app.command()
def run(*, crm: Crm = None, owner: Owner = None, full: Full = False, json: Json = False) -> None:
    """One cycle: pull, tag, measure, alert when its time has come, push."""
    from contextlib import ExitStack

    from service import cycle
    from service.cli import show

    opened = _open()
    _check_owner(opened, owner)
    with ExitStack() as stack:
        connectors = {
            vendor: stack.enter_context(opened.connector(vendor))
            for vendor in _vendors(opened, crm)
        }
        report = cycle.run(opened, connectors, full=full, rep_key=owner)
    if json:
        show.as_json(report.to_json())
    else:
        show.cycled(report, opened.published().rulebook.team.currency)
    if report.failures or report.rejected:
        raise typer.Exit(FAILED)


@app.command()
def worker(*, crm: Crm = None) -> None:
    """Run the schedule until SIGTERM or Ctrl-C."""
    from service import logs
    from service import worker as stage

    opened = _open()
    logs.configure(opened.settings.log)
    vendors = _vendors(opened, crm)
    for vendor in vendors:
        with opened.connector(vendor):  # a missing key is said now, not at every tick
            pass
    opened.published()
    if not stage.run(opened, vendors, wait=stage.until_signal()):
        os._exit(0)  # a thread that waits for a CRM would hold the process back


@app.command()
def status(*, json: Json = False) -> None:
    """What is published, what is owed, when each CRM was last read."""
    from service import status as stage
    from service.cli import show

    opened = _open()
    report = stage.run(opened)
    show.as_json(report) if json else show.status(report)


@app.command()
def doctor(*, json: Json = False) -> None:
    """Check the installation, the playbook and the CRM; each finding says what to do."""
    from service import doctor as stage
    from service.cli import show
    from service.settings import load_settings

    findings = stage.run(load_settings())
    show.as_json(findings) if json else show.diagnosed(findings)
    if any(not each.is_fine for each in findings):
        raise typer.Exit(FAILED)


@rules.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    json: Json = False,
) -> None:
    """Check the playbook on disk: every error at once, with its place."""
    from rules.located import PlaybookError
    from rules.rulebook import compile_rulebook
    from service.app import read_playbook
    from service.cli import show
    from service.cli.edge import MISTAKEN
    from service.settings import load_settings

    try:
        book = compile_rulebook(read_playbook(folder or load_settings().playbook))
    except PlaybookError as error:
        if not json:
            raise
        show.as_json({"issues": [show.issue(each) for each in error.issues]})
        raise typer.Exit(MISTAKEN) from None
    if json:
        show.as_json({"issues": [], "hash": book.hash})
    else:
        show.checked(book)


@rules.command("publish")
def rules_publish(
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the rulebook.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="The author (default: you).")] = None,
    json: Json = False,
) -> None:
    """Put the playbook on disk in force; workers read only what is published."""
    from service.app import author
    from service.cli import show
    from service.store import rulebooks

    opened = _open()
    book = opened.compile()
    with opened.store.write() as connection:
        is_new = rulebooks.publish(
            connection, book, author=who or author(), reason=why, now=opened.clock()
        )
    if json:
        show.as_json({"hash": book.hash, "published": is_new})
    else:
        show.published(book, is_new=is_new)


@rules.command("explain")
def rules_explain(
    account: Annotated[str, typer.Argument(help="Id, name, or address of its page in the CRM.")],
    *,
    json: Json = False,
) -> None:
    """Say why an account is what it is."""
    from rules.time import day_of
    from service import explain
    from service.cli import show

    opened = _open()
    published = opened.published()
    today = day_of(opened.clock(), published.rulebook.team.zone)
    told = explain.run(opened.store, published, account, today)
    show.as_json(told) if json else show.explained(told)


@fields.command("ensure")
def fields_ensure(
    *,
    crm: Crm = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    json: Json = False,
) -> None:
    """Create Arpent's own fields in the CRM, and say what the admin has to click."""
    from connectors.base import Provision
    from service import owe, provision
    from service.cli import show
    from service.push import ReadOnly

    opened = _open()
    if opened.settings.read_only and not dry_run:
        raise ReadOnly
    for vendor in _vendors(opened, crm):
        with opened.connector(vendor) as connector:
            known = opened.connect(connector)
            found = provision.run(connector, opened.published().rulebook, dry_run=dry_run)
            steps = connector.setup_steps()
        has_changed = not dry_run and provision.has_changed(found)
        retried = owe.retry(opened.store, known.id) if has_changed else 0
        if json:
            show.as_json({"fields": found, "steps": steps, "owed_again": retried})
        else:
            show.provisioned(vendor, found, steps, dry_run=dry_run)
            show.owed_again(retried)
        if any(each.state in (Provision.CONFLICT, Provision.NO_ROOM) for each in found):
            raise typer.Exit(FAILED)


@database.command("upgrade")
def database_upgrade() -> None:
    """Create the tables, or bring them to this version."""
    from service.cli import show
    from service.settings import load_settings
    from service.store import schema
    from service.store.engine import open_store

    store = open_store(load_settings().database_url)
    schema.upgrade(store)
    revision = schema.revision(store)
    show.line(Text(f"Base à la révision {revision}.", f"Store at revision {revision}."))


@sandbox.command("serve")
def sandbox_serve(
    *,
    data: Annotated[
        Path | None, typer.Option(help="A folder of CSV files (default: Élise).")
    ] = None,
    port: Port = 8801,
    state: Annotated[Path | None, typer.Option(help="A file that keeps the portal.")] = None,
    currency: Annotated[str | None, typer.Option(help="The portal's currency.")] = None,
) -> None:
    """Serve an emulated CRM on 127.0.0.1 until Ctrl-C."""
    from service import rehearsal

    rehearsal.serve(data=data, port=port, state=state, currency=currency)
