"""The KPIs of accounts and of activities, worked out from what their definitions say."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta

from tests.kpi_truth.grouping import of_account, shared
from tests.kpi_truth.intervals import garwood, wilson
from tests.kpi_truth.records import TEAM, Account, Deed, Look, Shown, Table, World

Fits = Callable[[Account], bool]


def priority_contacted(
    world: World, look: Look, cadence: Mapping[str, int], tiers: Collection[str], cut: str = ""
) -> Table:
    """Contacted in the period to date ÷ due by the end of the whole period."""
    contacts = _contacts(world)

    def rate(accounts: Sequence[Account]) -> Shown:
        due = [each for each in accounts if is_due(each)]
        done = sum(
            any(look.first <= day <= look.as_of for day in contacts.get(each.key, ()))
            for each in due
        )
        return _rate(done, len(due))

    def is_due(account: Account) -> bool:
        days = cadence.get(account.tier or "")
        before = [day for day in contacts.get(account.key, ()) if day < look.first]
        if days is None:
            return False
        return not before or max(before) + timedelta(days=days) <= look.last

    due = [each for each in world.accounts if each.tier in tiers and is_due(each)]
    return {key: rate(some) for key, some in shared(due, world.reps, of_account(cut)).items()}


def priority_covered(
    world: World, look: Look, cadence: Mapping[str, int], tiers: Collection[str], cut: str = ""
) -> Table:
    """Whose last contact plus the cadence is not past ÷ those that have a cadence."""
    contacts = _contacts(world)

    def is_covered(account: Account) -> bool:
        days = [day for day in contacts.get(account.key, ()) if day <= look.as_of]
        cycle = timedelta(days=cadence[account.tier or ""])
        return bool(days) and max(days) + cycle >= look.as_of

    some = [each for each in world.accounts if each.tier in tiers and each.tier in cadence]
    found: Table = {}
    for key, accounts in shared(some, world.reps, of_account(cut)).items():
        part, whole = sum(map(is_covered, accounts)), len(accounts)
        found[key] = Shown(part / whole if whole else None, part, whole)
    return found


def activities(world: World, look: Look, kind: str, fits: Fits | None) -> Table:
    """How many activities of a kind were done in the period with an account that fits."""
    done = [each for each in _done(world, look) if each.kind == kind and _with(world, each, fits)]
    found: Table = {}
    for key, some in shared(done, world.reps).items():
        low, high = garwood(len(some))
        found[key] = Shown(len(some), None, None, low, high)
    return found


def time_share(
    world: World, look: Look, hours: Mapping[str, float], groups: Mapping[str, Fits]
) -> Table:
    """Hours of each group ÷ hours of all; an activity goes to the first group that fits."""

    def group(deed: Deed) -> str:
        return next((name for name, fits in groups.items() if _with(world, deed, fits)), "")

    found: Table = {}
    for (subject, _), deeds in shared(_done(world, look), world.reps).items():
        whole = sum(hours.get(each.kind, 0) for each in deeds)
        for name in {*groups, *map(group, deeds)}:
            part = sum(hours.get(each.kind, 0) for each in deeds if group(each) == name)
            found[subject, name] = Shown(part / whole if whole else None, part, whole)
    return found


def priority_time(
    world: World, look: Look, hours: Mapping[str, float], tiers: Collection[str]
) -> Table:
    """Hours with accounts of the tiers ÷ hours of all."""
    found: Table = {}
    for key, deeds in shared(_done(world, look), world.reps).items():
        whole = sum(hours.get(each.kind, 0) for each in deeds)
        part = sum(
            hours.get(each.kind, 0)
            for each in deeds
            if _with(world, each, lambda account: account.tier in tiers)
        )
        found[key] = Shown(part / whole if whole else None, part, whole)
    return found


def tier_moves(world: World, look: Look) -> Table:
    """How many changes from one tier to another in the period."""
    found: Table = {}
    for move in world.moves:
        account = world.account(move.account)
        if account is None or account.owner not in world.reps:
            continue
        if look.first <= move.day <= look.as_of:
            for subject in (account.owner, TEAM):
                key = (str(subject), f"{move.before}>{move.after}")
                found[key] = Shown((found[key].value or 0) + 1 if key in found else 1)
    return found


def potential_captured(world: World, look: Look, window: int, cut: str = "") -> Table:
    """Won within the window with accounts of a known, positive potential ÷ this potential."""
    first = look.as_of - timedelta(days=window - 1)
    won: dict[str, int] = {}
    for deal in world.deals:
        cents = world.cents(deal, deal.amount)
        is_won = deal.step.kind == "won" and not deal.is_archived and cents is not None
        if is_won and deal.account and deal.closes and first <= deal.closes <= look.as_of:
            won[deal.account] = won.get(deal.account, 0) + (cents or 0)
    some = [each for each in world.accounts if each.is_in_scope and (each.potential or 0) > 0]
    found: Table = {}
    for key, accounts in shared(some, world.reps, of_account(cut)).items():
        part = sum(won.get(each.key, 0) for each in accounts)
        whole = sum(each.potential or 0 for each in accounts)
        found[key] = Shown(part / whole if whole else None, part, whole)
    return found


def _contacts(world: World) -> dict[str, list[date]]:
    """The days of the contacts of each account; a note is none."""
    found: dict[str, list[date]] = {}
    for deed in world.deeds:
        if deed.is_done and not deed.is_archived and deed.day is not None:
            for key in deed.accounts:
                found.setdefault(key, []).append(deed.day)
    return found


def _done(world: World, look: Look) -> list[Deed]:
    return [
        each
        for each in world.deeds
        if (each.is_done or each.kind == "note")
        and each.day is not None
        and look.first <= each.day <= look.as_of
    ]


def _with(world: World, deed: Deed, fits: Fits | None) -> bool:
    if fits is None:
        return True
    return any(
        (account := world.account(key)) is not None and fits(account) for key in deed.accounts
    )


def _rate(part: int, whole: int) -> Shown:
    if not whole:
        return Shown(None, part, whole)
    low, high = wilson(part, whole)
    return Shown(part / whole, part, whole, low, high)
