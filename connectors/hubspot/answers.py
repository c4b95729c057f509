"""How HubSpot's answers are taken apart, with suspicion: what should be a list, pages that go on.

An answer without its list says nothing: taken for an empty one, it would cost links and records,
and a task would be created twice.
"""

from collections.abc import Mapping

from connectors.base import Retriable, Unanswered
from connectors.hubspot.errors import MISSING_RECORD, words_of
from connectors.hubspot.mapping import Json
from rules.language import Text


def results(answer: Mapping[str, object]) -> list[object]:
    """The results of an answer, whatever each of them is; ids that are numbers become texts.

    Raises:
        Unanswered: The answer has no list of results.
    """
    found = answer.get("results")
    if not isinstance(found, list):
        raise Unanswered(
            Text(
                fr="HubSpot a répondu sans la liste attendue : rien n'en a été retenu. Arpent "
                "réessaiera.",
                en="HubSpot answered without the list that was asked for: nothing of it was kept. "
                "Arpent will try again.",
            )
        )
    for raw in found:
        if isinstance(raw, dict) and type(raw.get("id")) is int:
            raw["id"] = str(raw["id"])
    return found


def found_results(answer: Mapping[str, object]) -> list[Json]:
    """The results of a batch read that are objects: records that are missing are no failure of it.

    Raises:
        Retriable: HubSpot could not read some of the records.
        Unanswered: The answer has no list of results.
    """
    for error in objects(answer, "errors"):
        if error.get("category") != MISSING_RECORD:
            words = words_of(error.get("message") or error.get("category"))
            raise Retriable(
                Text(
                    fr=f"HubSpot n'a lu qu'une partie des fiches : {words} Arpent réessaiera.",
                    en=f"HubSpot read only some of the records: {words} Arpent will try again.",
                )
            )
    return [raw for raw in results(answer) if isinstance(raw, dict)]


def missing_ids(answer: Mapping[str, object]) -> set[str]:
    """The records that a batch read says not to find."""
    named: set[str] = set()
    for error in objects(answer, "errors"):
        ids = member(error, "context").get("ids")
        if error.get("category") == MISSING_RECORD and isinstance(ids, list):
            named.update(map(str, ids))
    return named


def left_out() -> Unanswered:
    """HubSpot neither gives a record nor says that it does not exist."""
    return Unanswered(
        Text(
            fr="HubSpot a passé sous silence une fiche demandée : rien n'en a été conclu. Arpent "
            "réessaiera.",
            en="HubSpot was silent on a record that was asked for: nothing was concluded. Arpent "
            "will try again.",
        )
    )


def count(answer: Mapping[str, object], name: str) -> int:
    """A member that is a whole number; 0 when it is not."""
    found = answer.get(name)
    return found if isinstance(found, int) else 0


def objects(answer: Mapping[str, object], name: str) -> list[Json]:
    """The objects in a member of an answer that lists them; anything else is left out."""
    found = answer.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def member(answer: Mapping[str, object], name: str) -> Json:
    """A member that is an object; empty when it is not."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


class Trail:
    """The pages of a list that were asked for, so that none is asked for twice."""

    def __init__(self, after: str | None = None) -> None:
        self._asked = {after}

    def following(self, answer: Mapping[str, object]) -> str | None:
        """The `after` of the next page, if there is one; pages may be short or even empty.

        Raises:
            Retriable: The next page is one that was here already.
        """
        found = member(member(answer, "paging"), "next").get("after")
        if found is None:
            return None
        if str(found) in self._asked:
            raise Retriable(
                Text(
                    fr="HubSpot renvoie sans fin les mêmes pages : la lecture s'arrête et "
                    "reprendra là.",
                    en="HubSpot returns the same pages for ever: reading stops and will resume "
                    "there.",
                )
            )
        self._asked.add(str(found))
        return str(found)
