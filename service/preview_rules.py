"""Preview of rules: what a playbook on disk would change if it were published. It changes nothing.

The rules are evaluated over every live account beside the tags in the store, in one transaction
that only reads. It costs no API call, and works as well while nothing may be written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import TypeVar

from rules import loads
from rules.loads import Load
from rules.located import PlaybookError
from rules.owned import Owned
from rules.plan.plan import plan_on
from rules.records import Kind
from rules.rulebook import Rulebook
from rules.thresholds import Mass, Thresholds
from rules.time import Day, Instant, day_of
from service.moves_file import Labels
from service.preview_figures import Book, Crossing, RepOutlook, RulesPreview, Step, Writes
from service.store import connections, evaluations, inputs, moves, reps, rulebooks
from service.store.engine import Store, Transaction
from service.store.moves import Group, Move, OwnerFound, Tally
from service.store.rulebooks import Published

BATCH = 100
"""Accounts in one request to a CRM."""

Key = TypeVar("Key")
Keeping = Callable[[Iterator[Move], Labels], object]


def run(
    store: Store,
    book: Rulebook,
    *,
    now: Instant,
    thresholds: Thresholds | None = None,
    rep_key: str | None = None,
    limit: int | None = None,
    keep: Keeping | None = None,
) -> RulesPreview:
    """What publishing this playbook and evaluating every account would change.

    It is as of the day of `now` in the team's zone. `rep_key`, of the playbook's team, narrows it
    to the accounts of that rep, as a push can be; `limit` is how many moves to tell (None: all).
    `keep` is handed every move, however many, within the same transaction.
    """
    today = day_of(now, book.team.zone)
    with store.read() as connection:
        return _Stage(connection, book, today, rep_key).preview(
            thresholds or Thresholds(), limit, keep
        )


class _Stage:
    """One preview, within its transaction."""

    def __init__(
        self, connection: Transaction, book: Rulebook, today: Day, rep_key: str | None
    ) -> None:
        self._connection = connection
        self._book = book
        self._today = today
        self._rep_key = rep_key
        self._in_force = _in_force(connection)
        self._rules = self._in_force.rulebook if self._in_force else None
        self._labels = Labels(book, self._rules)
        self._hash_in_force = rulebooks.hash_in_force(connection)
        self._is_new = self._hash_in_force != book.hash
        self._inputs = inputs.of(connection, book)
        self._has_potential = moves.has_potential(book) and (
            moves.POTENTIAL in self._inputs.slots.get(Kind.ACCOUNT, {})
        )
        addresses = reps.by_address((key, each.email) for key, each in book.team.reps.items())
        self._owners = {each.id: each for each in moves.owners(connection)}
        self._rep_of = {
            each.id: reps.rep_of(addresses, each.email) for each in self._owners.values()
        }

    def preview(
        self,
        thresholds: Thresholds,
        limit: int | None,
        keep: Keeping | None,
    ) -> RulesPreview:
        every = moves.groups(
            self._connection, self._book, self._inputs, self._today, is_new=self._is_new
        )
        mine = [each for each in every if self._is_meant(each.owner_id)]
        if keep is not None:
            keep(self._movers(None), self._labels)
        staying = [each for each in mine if each.was_in_scope and each.is_in_scope]
        return RulesPreview(
            hash=self._book.hash,
            in_force=self._hash_in_force,
            owner=self._rep_key,
            accounts=sum(each.accounts for each in mine),
            behind=evaluations.behind(
                self._connection, self._in_force.id if self._in_force else None
            ),
            changed=sum(each.changed for each in mine),
            tiers=self._steps(staying, lambda each: (each.tier_before, each.tier_after)),
            entering=self._crossings(
                (each for each in mine if each.is_in_scope and not each.was_in_scope),
                lambda each: each.tier_after,
            ),
            leaving=self._crossings(
                (each for each in mine if each.was_in_scope and not each.is_in_scope),
                lambda each: each.tier_before,
            ),
            priorities=self._steps(
                staying, lambda each: (each.priority_before, each.priority_after)
            ),
            reps=self._reps(mine),
            writes=[
                self._writes(crm.id, crm.vendor, every, thresholds)
                for crm in connections.find_all(self._connection)
            ],
            has_potential=self._has_potential,
            unread=self._inputs.unread,
            moves=[] if limit == 0 else list(self._movers(limit)),
            labels=self._labels,
        )

    def _is_meant(self, owner_id: int | None) -> bool:
        return self._rep_key is None or (
            owner_id is not None and self._rep_of.get(owner_id) == self._rep_key
        )

    def _movers(self, limit: int | None) -> Iterator[Move]:
        owners = None
        if self._rep_key is not None:
            owners = [owner_id for owner_id in self._rep_of if self._is_meant(owner_id)]
        return moves.movers(
            self._connection, self._book, self._inputs, self._today, owners=owners, limit=limit
        )

    def _worth(self, found: Iterable[Group]) -> int | None:
        return round(sum(each.potential for each in found)) if self._has_potential else None

    def _steps(
        self, found: Iterable[Group], pair: Callable[[Group], tuple[str | None, str | None]]
    ) -> list[Step]:
        return [
            Step(
                before=before, after=after, accounts=sum(each.accounts for each in some),
                potential=self._worth(some),
            )
            for (before, after), some in sorted(_by(found, pair).items(), key=str)
        ]  # fmt: skip

    def _crossings(
        self, found: Iterable[Group], tier: Callable[[Group], str | None]
    ) -> list[Crossing]:
        return [
            Crossing(
                tier=name, accounts=sum(each.accounts for each in some),
                potential=self._worth(some),
            )
            for name, some in sorted(_by(found, tier).items(), key=str)
        ]  # fmt: skip

    def _reps(self, found: Iterable[Group]) -> list[RepOutlook]:
        told = [self._rep(*key, some) for key, some in _by(found, self._person).items()]
        shown = [each for each in told if each.before.accounts or each.after.accounts]
        return sorted(shown, key=lambda each: (each.key is None, each.key or "", each.name or ""))

    def _person(self, group: Group) -> tuple[str | None, str | None]:
        """A rep of the team by its key, else an owner by its name."""
        key = self._rep_of.get(group.owner_id) if group.owner_id is not None else None
        if key is not None:
            return key, self._book.team.reps[key].name
        found: OwnerFound | None = self._owners.get(group.owner_id or 0)
        return None, found.name if found else None

    def _rep(self, key: str | None, name: str | None, some: Sequence[Group]) -> RepOutlook:
        before = [each for each in some if each.was_in_scope]
        after = [each for each in some if each.is_in_scope]
        staying = [each for each in before if each.is_in_scope]
        return RepOutlook(
            key=key, name=name,
            before=self._book_of(self._rules, key, before, lambda each: each.tier_before),
            after=self._book_of(self._book, key, after, lambda each: each.tier_after),
            moved=sum(
                each.accounts for each in some
                if each.was_in_scope != each.is_in_scope or each.tier_before != each.tier_after
            ),
            reprioritised=sum(
                each.accounts for each in staying if each.priority_before != each.priority_after
            ),
        )  # fmt: skip

    def _book_of(
        self,
        rules: Rulebook | None,
        key: str | None,
        some: Sequence[Group],
        tier: Callable[[Group], str | None],
    ) -> Book:
        """What accounts come to under the cadence, the hours and the plans of these rules."""
        by_tier = {
            name: sum(each.accounts for each in part) for name, part in _by(some, tier).items()
        }
        load = Load(
            hours=loads.hours_asked(by_tier, _hours_each(rules)),
            capacity=self._capacity(rules, key),
        )
        return Book(
            accounts=sum(by_tier.values()), potential=self._worth(some), hours=load.hours,
            capacity=load.capacity, utilisation=load.utilisation,
        )  # fmt: skip

    def _capacity(self, rules: Rulebook | None, key: str | None) -> float | None:
        if rules is None or key is None:
            return None
        plan = plan_on(rules.plans, key, self._today, rules.team.fiscal_year)
        return plan.time.capacity if plan is not None and plan.time is not None else None

    def _writes(
        self, connection_id: int, vendor: str, every: Iterable[Group], thresholds: Thresholds
    ) -> Writes:
        ours = [each for each in every if each.connection_id == connection_id]
        meant = [each for each in ours if self._is_meant(each.owner_id)]
        by_field = {
            field: owed
            for field in Owned
            if (owed := sum(each.fields[field].owed for each in meant if field in each.fields))
        }
        accounts = sum(each.owed for each in meant)
        return Writes(
            vendor=vendor, values=sum(by_field.values()),
            waiting=sum(tally.waiting for each in meant for tally in each.fields.values()),
            accounts=accounts, calls=ceil(accounts / BATCH),
            by_field={field.value: count for field, count in by_field.items()},
            would_hold=[
                field for field in by_field
                if thresholds.is_too_much(_mass(field, ours, meant))
            ],
        )  # fmt: skip


def _in_force(connection: Transaction) -> Published | None:
    """The rules in force; None too where they are of a version that this one can't read."""
    try:
        return rulebooks.load(connection)
    except PlaybookError:
        return None


def _hours_each(rules: Rulebook | None) -> Mapping[str, float]:
    """The hours a week that an account of each tier asks for."""
    if rules is None:
        return {}
    segments = rules.segments
    return loads.hours_each(segments.budget.contact_hours, segments.tier.contact_every)


def _mass(field: Owned, ours: Iterable[Group], meant: Iterable[Group]) -> Mass:
    """What a push of `meant` would do to a field: what is held already counts, whoever's it is."""
    all_: list[Tally] = [each.fields[field] for each in ours]
    some: list[Tally] = [each.fields[field] for each in meant]
    return Mass(
        field=field,
        holders=sum(each.holders for each in all_),
        changed=sum(each.held_changed for each in all_) + sum(each.changed for each in some),
        cleared=sum(each.held_cleared for each in all_) + sum(each.cleared for each in some),
    )


def _by(found: Iterable[Group], key: Callable[[Group], Key]) -> dict[Key, list[Group]]:
    parts: dict[Key, list[Group]] = defaultdict(list)
    for each in found:
        parts[key(each)].append(each)
    return parts
