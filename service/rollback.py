"""Rollback: put a rulebook that was published before in force again, as a new publication.

What it computes is written by the next cycles, as after any publication; `arpent undo` takes back
what a run wrote. Whatever comes first, the end is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.language import Text
from rules.located import nearest
from service.app import App
from service.store import rulebooks
from service.store.engine import MistakenError, StoreError
from service.store.rulebooks import Publication

# Fewer figures of a hash would be taken for a number, or mean several.
_SHORTEST_HASH = 4


class UnknownPublicationError(MistakenError):
    """Nothing was published under this number or hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What is in force again; `is_new` is False when it was in force already."""

    publication: Publication
    is_new: bool


def run(app: App, wanted: str | None, *, author: str, reason: str) -> Rollback:
    """Publish again the publication of this number or hash, else the one before.

    The one before is the latest that means something else than what is in force. Raises
    `UnknownPublicationError`, `StoreError` where there is none before, and `PlaybookError` where
    this version refuses its files.
    """
    with app.store.write() as connection:
        known = rulebooks.history(connection)
        chosen = _chosen(known, wanted)
        why = reason or f"rollback: {chosen.id} ({chosen.hash})"
        is_new = rulebooks.publish(
            connection,
            rulebooks.compiled(connection, chosen.id),
            author=author,
            reason=why,
            now=app.clock(),
        )
    return Rollback(publication=chosen, is_new=is_new)


def _chosen(known: Sequence[Publication], wanted: str | None) -> Publication:
    if wanted is None:
        before = (each for each in known if each.hash != known[0].hash)
        found = next(before, None)
        if found is None:
            raise StoreError(_NOTHING_BEFORE)
        return found
    for each in known:
        if str(each.id) == wanted:
            return each
    hashes = {each.hash for each in known if each.hash.startswith(wanted)}
    if len(wanted) < _SHORTEST_HASH or len(hashes) != 1:
        raise UnknownPublicationError(_unknown(known, wanted, len(hashes)))
    return next(each for each in known if each.hash in hashes)


_NOTHING_BEFORE = Text(
    "Aucun autre playbook n'a été publié avant celui-ci : « arpent rules history » les montre.",
    "No other playbook was published before this one: `arpent rules history` shows them.",
)


def _unknown(known: Sequence[Publication], wanted: str, matches: int) -> Text:
    if matches > 1:
        return Text(
            f"« {wanted} » désigne {matches} publications : donnez plus de chiffres, ou le numéro "
            "que montre « arpent rules history ».",
            f"'{wanted}' means {matches} publications: give more figures, or the number that "
            "`arpent rules history` shows.",
        )
    hint = nearest(wanted, [each.hash for each in known])
    return Text(
        f"Rien n'a été publié sous « {wanted} »{hint.fr}. « arpent rules history » montre les "
        "numéros et les versions.",
        f"Nothing was published as '{wanted}'{hint.en}. `arpent rules history` shows the numbers "
        "and the hashes.",
    )
