"""What a sheet says put beside what the plan's file says: the file keeps its words where it can."""

from collections.abc import Mapping

from rules.located import Data, Document, Issue
from rules.plan.sheet import figure_of, is_same
from rules.plan.sheet_reading import Found
from rules.plan.sheet_sections import ACCEPTED, FROM, REQUIRED, SECTIONS
from rules.sheets import path_at


def merged(before: Data, found: Data) -> Data:
    """What a sheet says, in the words of the file wherever these mean the same."""
    if isinstance(found, dict):
        old = before if isinstance(before, dict) else {}
        kept = {name: each for name, each in old.items() if not each and name not in found}
        return {**{name: merged(old.get(name), each) for name, each in found.items()}, **kept}
    if isinstance(found, list):
        left = list(before) if isinstance(before, list) else []
        items = []
        for item in found:
            match = next((each for each in left if merged(each, item) == each), None)
            match = match or next(
                (each for each in left if _identity(each) == _identity(item)), None
            )
            if match is not None:
                left.remove(match)
            items.append(merged(match, item))
        return items
    return before if isinstance(before, str) and is_same(before, found) else canonical(found)


def _identity(item: Data) -> Data:
    return (item.get(FROM), item.get(ACCEPTED[0])) if isinstance(item, dict) else item


def with_unshown(before: Mapping[str, Data], found: Mapping[str, Data]) -> dict[str, Data]:
    """The data of a sheet with the keys of the file that no sheet shows."""
    shown = {each.name for each in SECTIONS} | set(REQUIRED)
    unshown = {name: each for name, each in before.items() if name not in shown}
    ordered = [name for name in before if name in found or name in unshown]
    both = {**found, **unshown}
    return {
        name: both[name] for name in [*ordered, *(each for each in both if each not in ordered)]
    }


_GROUPED = 10_000


def canonical(text: str) -> str:
    """A new text as a playbook writes it: `600k` and `1,2 M$` as whole amounts, spaced."""
    figure = figure_of(text)
    if figure is None or figure[1] or figure[0] < _GROUPED:
        return " ".join(text.split(" ")).replace("\r\n", "\n").strip()
    whole = round(figure[0], 2)
    return f"{whole:,.2f}".removesuffix(".00").replace(",", " ")


def place_of(issue: Issue, document: Document, found: Found) -> str:
    """The cell that an issue of the file made from a sheet is about."""
    path = path_at(issue, document)
    place = document.places.get(path)
    is_key = place is not None and (issue.line, issue.column) == (place.key_line, place.key_column)
    is_value = place is not None and (issue.line, issue.column) == (place.line, place.column)
    while path and path not in found.cells:
        path = path[:-1]
    name, value = found.cells.get(path, ("A1", "A1"))
    return name if is_key and not is_value else value
