"""What the commands of the playbook print."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import moment_of
from service.cli.edge import say
from service.cli.show.terminal import line, table
from service.rollback import Rollback
from service.store.rulebooks import Publication


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
         Text("Pourquoi", "Why"), Text("Comptes déplacés", "Accounts moved"), Text("", "")],
        [
            (
                each.id, each.hash, f"{moment_of(each.published_at, zone):%Y-%m-%d %H:%M}",
                each.author, each.reason, "–" if each.moved is None else each.moved,
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
