"""`arpent review`: the pack of a territory review, its date, and the week of the plan as blocks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.commands.options import app, open_installation, owner_key, recorded
from service.cli.edge import Mistake


@app.command()
def review(
    *,
    owner: Annotated[str, typer.Option("--owner", help="Whose (key, e-mail or name).")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the pack to this folder, as Markdown and HTML."),
    ] = None,
    ics: Annotated[
        Path | None,
        typer.Option("--ics", help="Write the weekly time blocks of the plan to this file."),
    ] = None,
    done: Annotated[
        bool, typer.Option("--done", help="Record that the review took place.")
    ] = False,
    on: Annotated[
        str | None, typer.Option("--on", help="With --done: on which day (2026-07-06).")
    ] = None,
) -> None:
    """Prepare a territory review: before and after, tiers, segments, time, questions."""
    opened = open_installation()
    key = owner_key(opened, owner) or owner
    if on is not None and not done:
        raise Mistake(
            Text(
                "--on dit quel jour la revue a eu lieu : ajoutez --done.",
                "--on says on which day the review took place: add --done.",
            )
        )
    if done:
        _record(opened, key, on)
        return
    if ics is not None:
        _write_blocks(opened, key, ics)
        if out is None:
            return
    _write_pack(opened, key, out)


def _record(opened: Any, rep: str, on: str | None) -> None:  # noqa: ANN401 - an App
    from rules.located import Misfit
    from rules.numbers import read_day
    from rules.time import date_of, day_of
    from service import review_task
    from service.cli.show import terminal
    from service.store import reviewing

    zone = opened.zone()
    today = day_of(opened.clock(), zone)
    try:
        day = today if on is None else read_day(on)
    except Misfit as error:
        raise Mistake(Text(f"--on : {error.text.fr}", f"--on: {error.text.en}")) from error
    if day > today:
        raise Mistake(
            Text("--on : ce jour n'est pas encore venu.", "--on: that day has not come yet.")
        )
    with recorded(opened, "review") as (run_id, _), opened.store.write() as connection:
        is_new = reviewing.enter_review(
            connection, rep, on=day, at=review_task.noon_of(day, zone), run_id=run_id
        )
        reviewing.end_episodes(connection, rep, today)
    said = date_of(day).isoformat()
    if is_new:
        told = Text(
            f"Revue du {said} retenue. Sa tâche sera fermée au prochain cycle.",
            f"Review of {said} recorded. Its task is closed by the next cycle.",
        )
    else:
        told = Text(
            f"La revue du {said} était déjà retenue.", f"The review of {said} was recorded before."
        )
    terminal.line(told)


def _write_blocks(opened: Any, rep: str, path: Path) -> None:  # noqa: ANN401 - an App
    from rules.plan.plan import plan_on
    from rules.review.time_blocks import blocks, written
    from rules.time import day_of

    book = opened.published().rulebook
    team = book.team
    as_of = day_of(opened.clock(), team.zone)
    if plan_on(book.plans, rep, as_of, team.fiscal_year) is None:
        found = []
    else:
        plan = next(
            each
            for each in book.plans
            if each.owner == rep and as_of in each.days(team.fiscal_year)
        )
        groups = book.kpis.time.groups if book.kpis.time else {}
        found = blocks(plan, team, {name: group.label for name, group in groups.items()})
    if not found:
        raise Mistake(
            Text(
                f"--ics : le plan en vigueur de « {rep} » ne partage pas de temps ; ajoutez "
                "« time » à son plan, puis « arpent rules publish ».",
                f"--ics: the plan in force of '{rep}' shares no time; add 'time' to the plan, "
                "then `arpent rules publish`.",
            )
        )
    _write(path, written(found, plan=plan, team=team, name=f"Arpent – {team.reps[rep].name}"))


def _write_pack(opened: Any, rep: str, folder: Path | None) -> None:  # noqa: ANN401 - an App
    from rules.review.pack import markdown, page
    from rules.time import date_of, day_of
    from service import review as stage

    book, now = opened.published().rulebook, opened.clock()
    found = stage.pack(opened.store, book, rep, now=now)
    if folder is None:
        # As it is: what a pipe or a file gets is the document itself.
        print(markdown(found), end="")  # noqa: T201 - the document is the output
        return
    name = f"{date_of(day_of(now, book.team.zone)).isoformat()}-{rep}"
    _write(folder / f"{name}.md", markdown(found))
    _write(folder / f"{name}.html", page(found))


def _write(path: Path, content: str) -> None:
    from rules.language import cause
    from service.cli.show import terminal

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        why = cause(error)
        raise Mistake(
            Text(
                f"{path} ne peut pas être écrit ({why.fr}). Choisissez un autre endroit.",
                f"{path} can't be written ({why.en}). Choose another place.",
            )
        ) from error
    terminal.line(Text(f"Écrit : {path}", f"Written: {path}"))
