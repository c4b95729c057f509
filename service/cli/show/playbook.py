"""What the commands of the playbook print."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import date_of, moment_of
from service.cli.edge import say
from service.cli.show.terminal import console, line, table
from service.explain import Explanation
from service.rollback import Rollback
from service.store.rulebooks import Publication

TRUTH = {True: "✓", False: "✗", None: "?"}


def explained(told: Explanation) -> None:
    """Why an account is what it is."""
    console.print(
        f"{told.account} ({told.external_id}) – {told.owner or '–'}", style="bold", markup=False
    )
    if not told.is_in_scope:
        line(Text("Hors de la portée du plan (scope).", "Outside the plan's scope."))
    if told.why:
        console.print(told.why, markup=False, soft_wrap=True)
    table(
        Text("Données", "Inputs"),
        [Text("Champ", "Field"), Text("", ""), Text("Valeur", "Value")],
        [(each.name, each.label, each.value or "?") for each in told.inputs],
    )
    for each in told.inputs:
        if each.note is not None:
            console.print(each.note, markup=False, soft_wrap=True)
    for step in told.steps:
        console.print(f"{step.name} = {step.result or '?'}", style="bold", markup=False)
        for row in step.rows:
            mark = "→" if row.won else " "
            cells = "  ".join(f"{TRUTH[truth]} {words}" for words, truth in row.conditions)
            console.print(f" {mark} {row.number}. {cells or 'else'}  → {row.then}", markup=False)
    if told.recheck_on is not None:
        day = date_of(told.recheck_on).isoformat()
        line(Text(f"À réévaluer le {day} au plus tard.", f"To evaluate again by {day}."))


def published(book: Rulebook, *, is_new: bool) -> None:
    """A publication."""
    line(
        Text(f"Publié : {book.hash}.", f"Published: {book.hash}.")
        if is_new
        else Text(
            f"Rien à publier : {book.hash} est déjà en vigueur.",
            f"Nothing to publish: {book.hash} is in force already.",
        )
    )


def history(found: Sequence[Publication], zone: ZoneInfo) -> None:
    """What was published, the one in force first."""
    table(
        Text("Publications", "Publications"),
        [Text("N°", "No."), Text("Version", "Hash"), Text("Le", "On"), Text("Par", "By"),
         Text("Pourquoi", "Why"), Text("", "")],
        [
            (
                each.id, each.hash, f"{moment_of(each.published_at, zone):%Y-%m-%d %H:%M}",
                each.author, each.reason,
                say(Text("en vigueur", "in force")) if each.is_in_force else "",
            )
            for each in found
        ],
    )  # fmt: skip


def rolled_back(done: Rollback) -> None:
    """A publication that is in force again."""
    again = done.publication
    line(
        Text(
            f"De nouveau en vigueur : {again.hash} (publication {again.id}). Le prochain cycle "
            "réévalue tout ; « arpent undo » reprend ce qu'une exécution a écrit.",
            f"In force again: {again.hash} (publication {again.id}). The next cycle evaluates "
            "everything anew; `arpent undo` takes back what a run wrote.",
        )
        if done.is_new
        else Text(
            f"{again.hash} est déjà en vigueur : rien n'a changé.",
            f"{again.hash} is in force already: nothing has changed.",
        )
    )
