"""Settlement as a person would do it with a list of accounts for each rep: no SQL, no tables.

It is written from the meaning of `cap`, `demote` and `freeze` alone, and always looks at every
account. `tests.integration.test_budget` compares the compiled rules with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
TIERS = ("gold", "silver", "bronze")
GRACE = 30


@dataclass(frozen=True)
class Policy:
    """What a playbook says: caps with where the surplus goes, days, margin, days of freeze."""

    caps: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    after: int = 0
    margin: float = 0.0
    freeze: int = 0


@dataclass(frozen=True)
class Card:
    """An account on a day: what the rules read, whose it is, what is imposed."""

    id: int
    potential: int | None
    is_active: bool
    in_scope: bool = True
    rep: str | None = None
    imposed: str | None = None


@dataclass(frozen=True)
class Settled:
    """What comes of it."""

    tier: str | None
    rated: str | None
    by: str | None
    since: int | None
    received: int | None
    rep: str | None


@dataclass
class _Case:
    card: Card
    rated: str | None
    wished: str | None
    held: str | None
    deserved: str | None
    now: str | None
    received: int | None


def _worse(one: str | None, other: str | None) -> bool:
    """Whether a tier is worse than another; none at all is the worst."""
    order = [*TIERS, None]
    return order.index(one) > order.index(other)


def is_frozen(today: int, days: int) -> bool:
    """Whether a day is at the end of a calendar quarter: from its last so many weekdays on."""
    if not days:
        return False
    day = EPOCH + timedelta(today)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    while following.month not in {1, 4, 7, 10}:
        following = date(following.year + following.month // 12, following.month % 12 + 1, 1)
    ahead = [day + timedelta(each) for each in range((following - day).days)]
    # Today counts among the last so many weekdays where at most so many are left.
    return sum(each.weekday() < 5 for each in ahead) <= days - (day.weekday() >= 5)


def settle(
    policy: Policy,
    rate: Callable[[Card, float], str | None],
    cards: Sequence[Card],
    before: Mapping[int, Settled],
    today: int,
    has_left: Callable[[str], bool],
) -> dict[int, Settled]:
    """All accounts after a day's work; `rate(card, extra)` is the table with so much more."""
    cases = [_case(policy, rate, card, before.get(card.id), today, has_left) for card in cards]
    for rep in {case.card.rep for case in cases} - {None}:
        mine = [
            case for case in cases
            if case.card.rep == rep and case.card.in_scope and case.received is None
        ]  # fmt: skip
        _share_out(policy, mine)
    for case in cases:
        case.deserved = case.now
        case.now = _kept(policy, case, before.get(case.card.id), today)
    for rep in {case.card.rep for case in cases} - {None}:
        mine = [
            case for case in cases
            if case.card.rep == rep and case.card.in_scope and case.received is None
        ]  # fmt: skip
        _seat(policy, mine)
    return {case.card.id: _told(policy, case, before.get(case.card.id), today) for case in cases}


def _case(
    policy: Policy,
    rate: Callable[[Card, float], str | None],
    card: Card,
    old: Settled | None,
    today: int,
    has_left: Callable[[str], bool],
) -> _Case:
    received = None
    if old and policy.caps and card.rep:
        if old.rep and old.rep != card.rep and has_left(old.rep):
            received = today
        elif old.rep == card.rep and old.received is not None and today < old.received + GRACE:
            received = old.received
    if not card.in_scope:
        return _Case(card, None, None, None, None, None, received)
    held = old.tier if old and old.by != "imposed" else None
    rated = rate(card, 0.0)
    wished = rated
    if policy.margin and held and _worse(rated, held):
        with_margin = rate(card, policy.margin)
        if not _worse(with_margin, held):
            wished = held
    start = card.imposed or wished
    return _Case(card, rated, wished, held, start, start, received)


def _score(policy: Policy, case: _Case, tier: str) -> tuple[bool, float, int]:
    """The key of the best first."""
    potential = case.card.potential
    if potential is None:
        return True, 0.0, case.card.id
    bonus = policy.margin if case.held == tier else 0.0
    return False, -potential * (1 + bonus), case.card.id


def _share_out(policy: Policy, mine: Sequence[_Case]) -> None:
    """Who deserves the seats of each tier: decisions first, then by rank."""
    for tier in TIERS:
        if tier not in policy.caps:
            continue
        limit, beyond = policy.caps[tier]
        asking = [case for case in mine if case.now == tier]
        asking.sort(key=lambda case: (case.card.imposed is None, *_score(policy, case, tier)))
        for case in asking[limit:]:
            if case.card.imposed is None:
                case.now = case.rated if _worse(case.rated, tier) else beyond


def _kept(policy: Policy, case: _Case, old: Settled | None, today: int) -> str | None:
    if case.card.imposed or case.held is None:
        return case.deserved
    if is_frozen(today, policy.freeze):
        return case.held
    if policy.after and _worse(case.deserved, case.held):
        since = old.since if old and old.since is not None else today
        if today < since + policy.after:
            return case.held
    return case.deserved


def _seat(policy: Policy, mine: Sequence[_Case]) -> None:
    """The seats again: decisions, those who hold and deserve, those who hold, newcomers."""
    for tier in TIERS:
        if tier not in policy.caps:
            continue
        limit, beyond = policy.caps[tier]
        groups: list[list[_Case]] = [[], [], [], []]
        for case in mine:
            if case.now != tier:
                continue
            if case.card.imposed:
                groups[0].append(case)
            elif case.held == tier:
                groups[1 if case.deserved == tier else 2].append(case)
            else:
                groups[3].append(case)
        row = [
            case
            for group in groups
            for case in sorted(group, key=lambda case: _score(policy, case, tier))
        ]
        for case in row[limit:]:
            if case.card.imposed is None:
                case.now = case.deserved if _worse(case.deserved, tier) else beyond


def _told(policy: Policy, case: _Case, old: Settled | None, today: int) -> Settled:
    is_kept = (
        case.card.imposed is None
        and case.held is not None
        and case.now == case.held
        and _worse(case.deserved, case.held)
    )
    since = None
    if policy.after and is_kept:
        since = old.since if old and old.since is not None else today
    by: str | None = "rule"
    if not case.card.in_scope:
        by = None
    elif case.card.imposed:
        by = "imposed"
    elif since is not None and today < since + policy.after:
        by = "kept"
    elif is_frozen(today, policy.freeze) and case.now != case.deserved:
        by = "frozen"
    elif _worse(case.now, case.rated):
        by = "waiting"
    elif _worse(case.rated, case.now):
        by = "kept"
    elif case.received is not None and case.now in policy.caps:
        by = "received"
    return Settled(
        tier=case.now, rated=case.rated, by=by, since=since, received=case.received,
        rep=case.card.rep if policy.caps else None,
    )  # fmt: skip


def exceeded(policy: Policy, found: Mapping[int, Settled]) -> list[str]:
    """The reps and tiers over their cap by more than what people imposed."""
    told = []
    for rep in {each.rep for each in found.values()} - {None}:
        for tier, (limit, _) in policy.caps.items():
            held = [
                each for each in found.values()
                if each.rep == rep and each.tier == tier and each.received is None
            ]  # fmt: skip
            imposed = sum(each.by == "imposed" for each in held)
            if len(held) > max(limit, imposed):
                told.append(f"{rep} {tier}: {len(held)}")
    return told


def moved(card: Card, **changed: object) -> Card:
    """The same account with something else."""
    return replace(card, **changed)  # type: ignore[arg-type]  # the fields are those of Card
