"""The figures of a preview of rules: what `service.preview_rules` finds, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from rules.owned import Owned
from service.moves_file import Labels
from service.store.inputs import Unread
from service.store.moves import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Accounts that go from one value to another, or stay; `potential` is in minor units."""

    before: str | None
    after: str | None
    accounts: int
    potential: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Accounts that enter or leave the scope, with the tier that they get or lose."""

    tier: str | None
    accounts: int
    potential: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What somebody has in the scope: accounts, minor units of potential, hours a week."""

    accounts: int
    potential: int | None
    hours: float | None
    capacity: float | None
    utilisation: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepOutlook:
    """A rep before and after. `key` is that of team.yaml; None for another owner, and for nobody.

    `moved` are the accounts whose tier or place in the scope changes.
    """

    key: str | None
    name: str | None
    before: Book
    after: Book
    moved: int
    reprioritised: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What a push would send to a CRM after; of the values, `waiting` are owed already.

    `calls` are those of the values, without what tasks take.
    """

    vendor: str
    values: int
    waiting: int
    accounts: int
    calls: int
    by_field: Mapping[str, int]
    would_hold: Sequence[Owned]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPreview:
    """What a playbook would change.

    `hash` is its own, `in_force` that of the rules in force. `tiers` and `priorities` are the
    accounts that stay in the scope, by value before and after; `changed` are the accounts of which
    any tag differs, `behind` those that the rules in force have yet to evaluate: these may move
    whatever the playbook says. `has_potential` says that the playbook binds that money field.
    """

    hash: str
    in_force: str | None
    owner: str | None
    accounts: int
    behind: int
    changed: int
    tiers: Sequence[Step]
    entering: Sequence[Crossing]
    leaving: Sequence[Crossing]
    priorities: Sequence[Step]
    reps: Sequence[RepOutlook]
    writes: Sequence[Writes]
    has_potential: bool
    unread: Sequence[Unread]
    moves: Sequence[Move]
    labels: Labels

    @property
    def moved(self) -> int:
        """Accounts whose tier changes, that enter the scope or leave it."""
        steps = sum(each.accounts for each in self.tiers if each.before != each.after)
        return steps + sum(each.accounts for each in (*self.entering, *self.leaving))

    @property
    def reprioritised(self) -> int:
        """Accounts whose priority changes, those that stay in the scope."""
        return sum(each.accounts for each in self.priorities if each.before != each.after)

    @property
    def is_nothing(self) -> bool:
        """Whether no tag of any account would differ, and these rules make nothing be written."""
        is_same = self.hash == self.in_force
        return not self.changed and (
            is_same or all(each.values == each.waiting for each in self.writes)
        )

    @property
    def figures(self) -> dict[str, object]:
        """All but the moves and the words, as plain data."""
        told = (field.name for field in fields(self) if field.name not in {"moves", "labels"})
        return {
            name: getattr(self, name) for name in (*told, "moved", "reprioritised", "is_nothing")
        }
