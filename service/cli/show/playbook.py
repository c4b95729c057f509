"""What the commands of the playbook print."""

from rules.language import Text
from rules.located import Issue
from rules.rulebook import Rulebook
from rules.time import date_of
from service.cli.show.terminal import console, line, table
from service.explain import Explanation

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
    for step in told.steps:
        console.print(f"{step.name} = {step.result or '?'}", style="bold", markup=False)
        for row in step.rows:
            mark = "→" if row.won else " "
            cells = "  ".join(f"{TRUTH[truth]} {words}" for words, truth in row.conditions)
            console.print(f" {mark} {row.number}. {cells or 'else'}  → {row.then}", markup=False)
    if told.recheck_on is not None:
        day = date_of(told.recheck_on).isoformat()
        line(Text(f"À réévaluer le {day} au plus tard.", f"To evaluate again by {day}."))


def issue(found: Issue) -> dict[str, object]:
    """An issue as plain data."""
    return {
        "file": found.file, "line": found.line, "column": found.column,
        "fr": found.text.fr, "en": found.text.en,
    }  # fmt: skip


def checked(book: Rulebook) -> None:
    """A playbook without errors."""
    rules, plans = len(book.segments.rules), len(book.plans)
    line(
        Text(
            f"Aucune erreur : {rules} règles, {plans} plans, version {book.hash}.",
            f"No errors: {rules} rules, {plans} plans, version {book.hash}.",
        )
    )


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
