"""What writes into the CRM, and what shows it first."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.commands.each_crm import each_crm
from service.cli.commands.options import (
    Crm,
    Json,
    Owner,
    app,
    fields,
    open_installation,
    owner_key,
    recorded,
    vendors_of,
)
from service.cli.edge import FAILED, HELD, Mistake


@app.command()
def preview(
    *,
    crm: Crm = None,
    owner: Owner = None,
    limit: Annotated[int, typer.Option(min=0, help="How many changes to show; 0 for all.")] = 40,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to a file, for `push FILE`.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what a push would write, old and new, by rep and reason. Costs no API call."""
    from service import lease, owe, preview_file, tag
    from service import preview as stage
    from service.cli.show import terminal
    from service.cli.show import writing as show
    from service.lease import LeaseError

    opened = open_installation()
    owner = owner_key(opened, owner)
    published = opened.published()
    book = published.rulebook
    vendors = vendors_of(opened, crm)
    to_evaluate = tag.behind(opened.store, published)
    if output is not None and len(vendors) > 1:
        raise Mistake(_ONE_CRM)
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                found = opened.connection(vendor)
                # A push that is under way has judged what it sends: nothing is added to it.
                try:
                    with lease.held(opened, vendor):
                        owe.run(opened.store, book, found.id)
                except LeaseError:
                    if not json:
                        show.under_way(vendor)
                thresholds = opened.settings.thresholds
                report = stage.run(
                    opened.store, found.id, rep_key=owner, limit=limit, thresholds=thresholds
                )
                changes = (
                    report.changes
                    if limit
                    else stage.all_changes(opened.store, found.id, rep_key=owner)
                )
                figures = {**report.figures, "to_evaluate": to_evaluate}
                if json and len(vendors) > 1:
                    turns.told[vendor] = {**figures, "changes": list(changes)}
                elif json:
                    terminal.as_long_json(figures, "changes", changes)
                else:
                    show.previewed(vendor, report, changes)
                    show.behind(to_evaluate)
                if output is not None:
                    every = stage.all_changes(opened.store, found.id, rep_key=owner)
                    count = preview_file.write(
                        output, found, book.hash, every, made_at=opened.clock(), rep_key=owner
                    )
                    if not json:
                        show.kept(output, count)


@app.command()
def push(
    file: Annotated[
        Path | None, typer.Argument(help="A preview (`preview -o FILE`): exactly its values.")
    ] = None,
    *,
    crm: Crm = None,
    owner: Owner = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also what the CRM refused: the cause was corrected.")
    ] = False,
    release: Annotated[
        int | None, typer.Option("--release", help="Exactly the values that this run held.")
    ] = None,
    skip_stale: Annotated[
        bool, typer.Option("--skip-stale", help="With FILE: leave out what has changed since.")
    ] = False,
    json: Json = False,
) -> None:
    """Write what is owed into the CRM, and the tasks of confirmed alerts."""
    from service import letting_go, preview_file
    from service.letting_go import StaleError

    _check_together(file, release, owner, retry=retry, skip_stale=skip_stale)
    opened = open_installation()
    opened.require_writable()
    owner = owner_key(opened, owner)
    vendors = vendors_of(opened, preview_file.vendor_of(file) if file else crm)
    if release is not None:
        vendors = letting_go.holding(opened, vendors, release)

    def work(vendor: str, stage: Any, run_id: int, renew: Any) -> Any:  # noqa: ANN401 - imported late
        if file is not None:
            wanted = preview_file.read(
                file, opened.connection(vendor), opened.published().rulebook.hash
            )
            return letting_go.choose(stage, wanted, run_id, skips_stale=skip_stale, renew=renew)
        if release is not None:
            return letting_go.release(stage, release, run_id, renew=renew), ()
        return stage.run(run_id, rep_key=owner, renew=renew), ()

    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                try:
                    code, told = _push(opened, vendor, work, retry=retry, owner=owner, json=json)
                except StaleError as error:
                    _tell_stale(error, json=json)
                    raise typer.Exit(FAILED) from None
                turns.ends_with(code)
                if json:
                    turns.told[vendor] = told


def _push(
    opened: Any,  # noqa: ANN401 - an App
    vendor: str,
    work: Callable[..., Any],
    *,
    retry: bool,
    owner: str | None,
    json: bool,
) -> tuple[int, dict[str, Any]]:
    """Push into one CRM; the exit code, and what to tell of it as plain data (else it is said)."""
    from service import lease, owe, tag
    from service.cli.show import progress
    from service.cli.show import writing as show
    from service.push import Push

    published, thresholds = opened.published(), opened.settings.thresholds
    book = published.rulebook
    with (
        opened.connector(vendor) as connector,
        lease.held(opened, vendor) as renew,
        recorded(opened, "push", vendor) as (run_id, counts),
        progress.counting(Text("Valeurs écrites", "Values written")) as count,
    ):
        found = opened.connect(connector)
        owe.run(opened.store, book, found.id)
        if retry:
            owe.retry(opened.store, found.id, rep_key=owner)
        stage = Push(
            opened.store, connector, book, found.id, opened.clock, thresholds=thresholds,
            progress=count,
        )  # fmt: skip
        report, stale = work(vendor, stage, run_id, renew)
        counts.update(report.counts())
        counts.error = report.stopped
    if not json:
        show.pushed(vendor, report)
        show.stale(stale)
        show.behind(tag.behind(opened.store, published))
    told = {"run": run_id, **report.to_json(), "stale": stale}
    if report.stopped is not None or report.rejected or report.lost:
        return FAILED, told
    return (HELD if report.held else 0), told


def _tell_stale(error: Any, *, json: bool) -> None:  # noqa: ANN401 - a StaleError
    from service.cli.show import terminal
    from service.cli.show import writing as show

    if json:
        terminal.as_json({"stale": error.stale, "error": error.message})
        return
    show.stale(error.stale)
    terminal.line(error.message)


def _check_together(
    file: Path | None,
    release: int | None,
    owner: str | None,
    *,
    retry: bool,
    skip_stale: bool,
) -> None:
    """Refuse options that say two different things about what to push."""
    is_exact = file is not None or release is not None
    if (file is not None and release is not None) or (is_exact and (retry or owner is not None)):
        raise Mistake(_TOO_MUCH)
    if skip_stale and file is None:
        raise Mistake(
            Text(
                "--skip-stale va avec un fichier d'aperçu : « arpent push FICHIER --skip-stale ».",
                "--skip-stale goes with the file of a preview: `arpent push FILE --skip-stale`.",
            )
        )


_TOO_MUCH = Text(
    "Un fichier d'aperçu, ou --release, dit déjà exactement quoi écrire : lancez l'un ou l'autre "
    "seul, sans --owner ni --retry.",
    "The file of a preview, or --release, says exactly what to write already: give one of them "
    "alone, without --owner or --retry.",
)
_ONE_CRM = Text(
    "-o : un aperçu est celui d'un seul CRM. Nommez-le avec --crm.",
    "-o: a preview is of one CRM. Name it with --crm.",
)


@fields.command("ensure")
def fields_ensure(
    *,
    crm: Crm = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    json: Json = False,
) -> None:
    """Create Arpent's own fields in the CRM, and say what the admin has to click."""
    from connectors.base import Provision
    from service import owe, preflight, provision
    from service.cli.show import beginning
    from service.cli.show import writing as show

    opened = open_installation()
    if not dry_run:
        opened.require_writable()
    vendors = vendors_of(opened, crm)
    book = opened.published().rulebook
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                with opened.connector(vendor) as connector:
                    known = opened.connect(connector)
                    found = provision.run(connector, book, dry_run=dry_run)
                    steps = connector.setup_steps()
                    room = connector.headroom() if dry_run else None
                if not dry_run:
                    preflight.take_back_own(opened.store, vendor, provision.ready(found))
                has_changed = not dry_run and provision.has_changed(found)
                retried = owe.retry(opened.store, known.id) if has_changed else 0
                if json:
                    told = {"fields": found, "steps": steps, "owed_again": retried}
                    turns.told[vendor] = {**told, "room": room} if dry_run else told
                else:
                    show.provisioned(vendor, found, steps, dry_run=dry_run)
                    if dry_run:
                        beginning.room(room, wanted=provision.missing(found))
                    show.owed_again(retried)
                if any(each.state in (Provision.CONFLICT, Provision.NO_ROOM) for each in found):
                    turns.ends_with(FAILED)


@fields.command("release")
def fields_release(
    name: Annotated[str, typer.Argument(help="The field, as fields.yaml names it.")],
    *,
    crm: Crm = None,
    json: Json = False,
) -> None:
    """Take over a field that was emptied at once in the CRM: it was meant."""
    from service import release_field
    from service.cli.show import writing as show

    opened = open_installation()
    vendors = vendors_of(opened, crm)
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                count = release_field.run(opened, vendor, name)
                if json:
                    turns.told[vendor] = {"crm": vendor, "field": name, "released": count}
                else:
                    show.released(name, count)
