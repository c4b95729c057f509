"""The accounts that a playbook would move, as a CSV file that Excel in French opens as a table.

In the team's language, an account a line: where it is, whose, what it was and would be, and why.
"""

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from rules.language import Language, Text, cause, shown
from rules.owned import Owned
from rules.rulebook import Rulebook
from service.csv_sheets import guarded
from service.store.engine import MistakenError
from service.store.moves import Move

HEADINGS = (
    Text("Compte", "Account"), Text("Identifiant", "Id"), Text("Responsable", "Owner"),
    Text("Niveau avant", "Tier before"), Text("Niveau après", "Tier after"),
    Text("Priorité avant", "Priority before"), Text("Priorité après", "Priority after"),
    Text("Pourquoi avant", "Why before"), Text("Pourquoi après", "Why after"),
)  # fmt: skip
OUTSIDE = Text("hors de la portée", "out of scope")


class MovesFileError(MistakenError):
    """A file that can't be written; what was there is as it was."""


class Labels:
    """How values read in the team's language: as the new rules say, else as the old ones do."""

    def __init__(self, book: Rulebook, earlier: Rulebook | None = None) -> None:
        self.language: Language = book.team.language
        self._words: dict[tuple[Owned, str], str] = {}
        for each in (earlier, book):
            for field in (Owned.TIER, Owned.PRIORITY) if each is not None else ():
                rule = each.segments.rule(field.value) if each is not None else None
                choices: Mapping[str, Text] = rule.choices if rule else {}
                for value, text in choices.items():
                    self._words[field, value] = text.to(self.language)

    def tier(self, value: str | None, *, is_in_scope: bool = True) -> str:
        """A tier, or that the account is out of the scope."""
        return self._of(Owned.TIER, value) if is_in_scope else OUTSIDE.to(self.language)

    def priority(self, value: str | None) -> str:
        """A priority."""
        return self._of(Owned.PRIORITY, value)

    def _of(self, field: Owned, value: str | None) -> str:
        return "–" if value is None else self._words.get((field, value), value)

    def values(self, field: Owned) -> list[str]:
        """The values of a field, those of the old rules first that are no more in the new."""
        return [value for each, value in self._words if each is field]


def write(path: Path, moves: Iterator[Move], labels: Labels) -> int:
    """Write them as they come, for its owner's eyes only; returns how many.

    Raises `MovesFileError` when the file can't be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.touch(mode=0o600)
        with beside.open("w", encoding="utf-8-sig", newline="") as file:
            count = _write(file, moves, labels)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        why = cause(error)
        beside.unlink(missing_ok=True)
        raise MovesFileError(
            Text(
                f"{path} ne peut pas être écrit ({why.fr}). Donnez un autre fichier à -o.",
                f"{path} can't be written ({why.en}). Give another file to -o.",
            )
        ) from error
    return count


def _write(file: TextIO, moves: Iterator[Move], labels: Labels) -> int:
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow([each.to(labels.language) for each in HEADINGS])
    count = 0
    for each in moves:
        writer.writerow([guarded(shown(cell)) for cell in _cells(each, labels)])
        count += 1
    return count


def _cells(move: Move, labels: Labels) -> tuple[str, ...]:
    return (
        move.account, move.external_id, move.owner or "",
        labels.tier(move.tier_before, is_in_scope=move.was_in_scope),
        labels.tier(move.tier_after, is_in_scope=move.is_in_scope),
        labels.priority(move.priority_before), labels.priority(move.priority_after),
        move.why_before or "", move.why_after or "",
    )  # fmt: skip
