"""Records shared out among people and members of a cut, as every definition asks."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from tests.kpi_truth.records import TEAM, Account, Deal, Deed, World

RecordT = TypeVar("RecordT", Deal, Account, Deed)
WHOLE = ""


def shared(
    records: Iterable[RecordT],
    reps: Sequence[str],
    member: Callable[[RecordT], str | None] | None = None,
) -> dict[tuple[str, str], list[RecordT]]:
    """(subject, member) → its records: everybody and the team have the whole, even when empty.

    An archived record does not count, nor one of somebody who is not of the team.
    """
    found: dict[tuple[str, str], list[RecordT]] = {}
    if member is None:
        found = {(subject, WHOLE): [] for subject in (*reps, TEAM)}
    for record in records:
        if record.is_archived or record.owner not in reps:
            continue
        name = WHOLE if member is None else member(record) or WHOLE
        for subject in (record.owner, TEAM):
            found.setdefault((str(subject), name), []).append(record)
    return found


def of_deal(world: World, cut: str) -> Callable[[Deal], str | None] | None:
    """The member of a cut that an opportunity belongs to; None for the whole."""
    match cut:
        case "":
            return None
        case "stage":
            return lambda deal: deal.step.name
        case "tier" | "segment":
            member = of_account(cut)

            def of_main_account(deal: Deal) -> str | None:
                found = world.account(deal.account)
                return None if found is None or member is None else member(found)

            return of_main_account
        case _:
            return lambda deal: deal.members.get(cut)


def of_account(cut: str) -> Callable[[Account], str | None] | None:
    """The member of a cut that an account belongs to; None for the whole."""
    match cut:
        case "":
            return None
        case "tier":
            return lambda account: account.tier
        case _:
            return lambda account: account.segment
