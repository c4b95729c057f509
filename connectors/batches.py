"""Changes that are written in batches: how they are cut, and what is known once one has failed."""

from collections.abc import Callable, Sequence

from connectors.base import Change, ConnectorError, Outcome, State
from rules.language import Text

# A change with its place among those that are to be written.
Numbered = tuple[int, Change]
Outcomes = dict[int, Outcome]
Write = Callable[[Sequence[Numbered], Outcomes], None]


def cut(
    changes: Sequence[Numbered], size: int, is_alone: Callable[[Change], bool] = lambda _: False
) -> list[list[Numbered]]:
    """Batches of `size` at most, in order; no batch names a record twice, which CRMs refuse.

    A change that `is_alone` has a batch to itself.
    """
    batches: list[list[Numbered]] = []
    names: set[str] = set()
    is_closed = True
    for place, change in changes:
        alone = is_alone(change)
        if is_closed or alone or len(batches[-1]) == size or change.external_id in names:
            batches.append([])
            names.clear()
        batches[-1].append((place, change))
        names.add(change.external_id)
        is_closed = alone
    return batches


def settled(batches: Sequence[Sequence[Numbered]], write: Write) -> Outcomes:
    """The outcome of each change, by its place; `write` adds what a batch has settled.

    A failure before anything was settled is raised; after that, what was settled is kept and the
    rest is unknown, so that no confirmation is lost.
    """
    outcomes: Outcomes = {}
    for number, batch in enumerate(batches):
        try:
            write(batch, outcomes)
        except ConnectorError as error:
            if not outcomes:
                raise
            for place, change in (one for left in batches[number:] for one in left):
                outcomes.setdefault(place, unknown(change.external_id, error.message))
            break
    return outcomes


def unknown(external_id: str, message: Text) -> Outcome:
    """The outcome of a write of which nothing is known."""
    return Outcome(external_id=external_id, state=State.UNKNOWN, reason=message.en, remedy=message)
