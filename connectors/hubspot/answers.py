"""How HubSpot's answers are taken apart: lists that may be missing, pages that may go on."""

from collections.abc import Mapping

from connectors.base import Retriable
from connectors.hubspot.mapping import Json
from rules.language import Text


def results(answer: Mapping[str, object]) -> list[object]:
    """The results of an answer, whatever each of them is."""
    found = answer.get("results")
    return found if isinstance(found, list) else []


def objects(answer: Mapping[str, object], name: str) -> list[Json]:
    """The objects in a member of an answer that lists them; anything else is left out."""
    found = answer.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def member(answer: Mapping[str, object], name: str) -> Json:
    """A member that is an object; empty when it is not."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def following(answer: Mapping[str, object], after: str | None = None) -> str | None:
    """The `after` of the next page, if there is one; pages may be short or even empty.

    Raises:
        Retriable: The next page is this one, which was asked by `after`.
    """
    found = member(member(answer, "paging"), "next").get("after")
    if found is None:
        return None
    if str(found) == after:
        raise Retriable(
            Text(
                fr="HubSpot renvoie sans fin la même page : la lecture s'arrête et reprendra là.",
                en="HubSpot returns the same page for ever: reading stops and will resume there.",
            )
        )
    return str(found)
