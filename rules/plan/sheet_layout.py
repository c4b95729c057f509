"""A sheet that no longer lies as it was written: a column too many, a heading that is gone.

Each makes a hundred rows wrong, which nobody could read: it is told once, and they are not.
"""

from collections.abc import Collection, Iterator, Sequence

from rules.language import Text
from rules.plan.sheet_sections import MARK, SECTIONS, Section, plain


def moved(cells: Sequence[str], section: Section) -> tuple[int, Text] | None:
    """Which cell of a heading's row has a word that belongs further left, and what to do."""
    texts = [plain(each) for each in cells]
    for place, words in enumerate(section.columns, 1):
        known = {plain(word) for word in words if word}
        if not known or known & set(texts[place : place + 1]):
            continue
        found = next((at for at in range(place + 1, len(texts)) if texts[at] in known), None)
        if found is not None:
            column, word = chr(ord("A") + place), cells[found].strip()
            return found, Text(
                f"« {word} » a sa place en {column} : retirez la colonne ajoutée à sa gauche",
                f"'{word}' belongs in {column}: remove the column that was added to its left",
            )
    return None


def missing(present: Collection[str]) -> Iterator[tuple[Section, Text]]:
    """The sections whose heading is gone, each with what to do."""
    for each in SECTIONS:
        if each.name not in present:
            yield (
                each,
                Text(
                    f"il manque la rubrique « {MARK} {each.title.fr} » : remettez ce titre, vide "
                    "s'il n'y a rien à y dire",
                    f"the section '{MARK} {each.title.en}' is missing: put this heading back, "
                    "empty if there is nothing to say in it",
                ),
            )


def swollen(present: Collection[str]) -> set[str]:
    """The sections that may hold the rows of another, whose heading is gone below them."""
    found: set[str] = set()
    last = ""
    for each in SECTIONS:
        if each.name in present:
            last = each.name
        elif last:
            found.add(last)
    return found
