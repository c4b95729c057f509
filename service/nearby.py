"""Nearby: what an account lacks for each better tier, found by trying it.

An account with a fact changed goes through the compiled SELECT like any other, in a database that
lives for a moment; what comes out better is told, the nearest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.language import Text
from rules.reach import Change, Reach, Way, is_happening, reach_of
from rules.reach_told import Told
from rules.rulebook import Rulebook
from rules.time import Day
from service.store.trials import Trials

# How many later days on which something may change are looked at.
_LATER_DAYS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A better tier, in the order of its values, and the nearest changes that lead to it.

    `sentence` says them in the team's language.
    """

    tier: str
    label: Text
    changes: Sequence[Change]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The day on which a tier is lost if nothing happens, the one that follows, and what keeps it.

    `kept_by` is the fact that would keep it by moving to that day (a contact, a sale), else None.
    """

    on: Day
    tier: str
    kept_by: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What is missing for each better tier, the next one first, and when this one is lost."""

    missing: Sequence[Missing]
    fall: Fall | None


def run(
    rulebook: Rulebook, facts: Mapping[str, Any], today: Day, *, is_imposed: bool = False
) -> Nearby:
    """What is missing for the tiers that are better than the one that the rules give.

    `facts` are those of the account, as columns hold them. A tier that is as far as a better one,
    or farther, is left out: nobody would stop there. Outside the scope nothing is missing. Seats,
    delays and the decision of a person (`is_imposed`) are not tried: sentences make room for them.
    """
    names = rulebook.tagging.names
    told = Told(names, rulebook.team.language, rulebook.team.currency)
    labels = rulebook.segments.tier.choices
    with Trials(rulebook.tagging) as trials:
        found = _Search(rulebook, trials, facts, today).found()
        lost = _fall(rulebook, trials, facts, today, is_imposed=is_imposed)
    seats = {cap.tier: cap.limit for cap in rulebook.segments.budget.caps}
    missing = [
        Missing(
            tier=tier, label=labels[tier], changes=way.changes,
            sentence=told.sentence(labels[tier], way.changes, seats.get(tier)),
        )
        for tier, way in found
    ]  # fmt: skip
    return Nearby(missing=missing, fall=lost)


def _fall(
    rulebook: Rulebook, trials: Trials, facts: Mapping[str, Any], today: Day, *, is_imposed: bool
) -> Fall | None:
    """The first later day on which the rules give a worse tier for what is known today."""
    order = list(rulebook.segments.tier.choices)
    (now,) = trials.tags([facts], today)
    tier, day = now["tier"], now["recheck_on"]
    for _ in range(_LATER_DAYS):
        if tier is None or day is None:
            return None
        facts = _by(rulebook, facts, day)
        (then,) = trials.tags([facts], day)
        if then["tier"] is None or order.index(then["tier"]) < order.index(tier):
            return None
        if then["tier"] != tier:
            kept_by = _kept_by(rulebook, trials, facts, day, order[: order.index(tier) + 1])
            told = Told(rulebook.tagging.names, rulebook.team.language, rulebook.team.currency)
            lower = rulebook.segments.tier.choices[then["tier"]]
            is_settled = is_imposed or not rulebook.segments.budget.is_trivial
            sentence = told.fall(lower, day, kept_by, is_settled=is_settled)
            return Fall(on=day, tier=then["tier"], kept_by=kept_by, sentence=sentence)
        day = then["recheck_on"]
    return None


def _by(rulebook: Rulebook, facts: Mapping[str, Any], day: Day) -> dict[str, Any]:
    """The facts of a later day: what was planned up to then has happened."""
    moved = dict(facts)
    for name in map(rulebook.tagging.names.__getitem__, rulebook.tagging.facts):
        planned = facts.get(name.flip) if name.flip else None
        if name.flip and planned is not None and planned <= day and is_happening(name):
            moved |= {name.name: planned, name.flip: None}
    return moved


def _kept_by(
    rulebook: Rulebook,
    trials: Trials,
    facts: Mapping[str, Any],
    day: Day,
    better: Sequence[str],
) -> str | None:
    """What would keep the tier by happening on the day that it is lost: tried, one by one."""
    names = rulebook.tagging.names
    happening = [name for name in rulebook.tagging.facts if is_happening(names[name])]
    rows = trials.tags([{**facts, name: day} for name in happening], day)
    kept = (name for name, row in zip(happening, rows, strict=True) if row["tier"] in better)
    return next(kept, None)


class _Search:
    """The tiers of an account under changes of its facts."""

    def __init__(
        self, rulebook: Rulebook, trials: Trials, facts: Mapping[str, Any], today: Day
    ) -> None:
        self._trials = trials
        self._facts = facts
        self._today = today
        self._order = list(rulebook.segments.tier.choices)
        self.reach: Reach = reach_of(rulebook.segments, rulebook.tagging.names, facts, today)

    def found(self) -> list[tuple[str, Way]]:
        """Each better tier with the nearest way to it, the next tier first."""
        (tier,) = self._tiers([dict(self._facts)])
        if tier not in self._order:
            return []
        better = self._order[: self._order.index(tier)]
        nearest: dict[str, Way] = {}
        for ways in (self.reach.singles, self.reach.pairs):
            if all(each in nearest for each in better):
                break
            nearest = {**self._nearest(ways()), **nearest}
        found: list[tuple[str, Way]] = []
        shortest = None
        for name in better:
            way = nearest.get(name)
            if way is not None and (shortest is None or way.distance < shortest):
                found.append((name, way))
                shortest = way.distance
        return [(name, self._widened(name, way)) for name, way in reversed(found)]

    def _nearest(self, ways: Sequence[Way]) -> dict[str, Way]:
        nearest: dict[str, Way] = {}
        tiers = self._tiers([way.applied(self._facts) for way in ways])
        for way, tier in zip(ways, tiers, strict=True):
            if tier is not None:
                nearest.setdefault(tier, way)
        return nearest

    def _widened(self, tier: str, way: Way) -> Way:
        """The way with how far each of its values can go without a worse tier."""
        good = self._order[: self._order.index(tier) + 1]
        tried = self.reach.around(way)
        tiers = self._tiers([each.applied(self._facts) for _, _, each in tried])
        holding: dict[str, list[Any]] = {}
        for (name, value, _), got in zip(tried, tiers, strict=True):
            if got in good:
                holding.setdefault(name, []).append(value)
        return self.reach.widened(way, holding)

    def _tiers(self, accounts: Sequence[Mapping[str, Any]]) -> list[str | None]:
        return [row["tier"] for row in self._trials.tags(accounts, self._today)]
