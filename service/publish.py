"""Publish: put the playbook on disk in force, with what it changes kept beside it.

1. The playbook is checked, and its examples must come out as they say.
2. What it would change is found (`service.preview_rules`); nothing is, where it means the same.
3. It is published; the next cycles evaluate and write.
"""

from dataclasses import dataclass

from rules.rulebook import Rulebook
from service import check, examples, preview_kept, preview_rules
from service.app import App
from service.preview_figures import RulesPreview
from service.store import rulebooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """What was published, and what it changes; None where it was in force already."""

    book: Rulebook
    change: RulesPreview | None


def run(app: App, *, author: str, reason: str) -> Publishing:
    """Publish the playbook of the settings.

    Raises `PlaybookError` with all that is wrong with it, its examples included.
    """
    book = check.run(app.settings.playbook, app.clock()).accepted()
    examples.require(book, app.clock())
    with app.store.read() as connection:
        if rulebooks.hash_in_force(connection) == book.hash:
            return Publishing(book=book, change=None)
    change = preview_rules.run(
        app.store, book, now=app.clock(), thresholds=app.settings.thresholds, limit=0
    )
    with app.store.write() as connection:
        is_new = rulebooks.publish(
            connection, book, author=author, reason=reason, now=app.clock(),
            preview=preview_kept.as_json(change),
        )  # fmt: skip
    return Publishing(book=book, change=change if is_new else None)
