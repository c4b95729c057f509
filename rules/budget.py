"""The budget of tiers: how many a rep may hold, what it takes to lose one, and when none changes.

Four keys under `tier:`, all optional: `cap`, `demote`, `freeze`, `contact_hours`; and `challenge`,
which says what is granted to a rep without asking. The values of the tier stand in the file from
the best to the worst. `rules.budget_reading` reads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.last_word import LASTS
from rules.terms import Term

KEYS = ("cap", "demote", "freeze", "contact_hours", "challenge")
WANTED = "wanted"
"""The name, in `challenge: {accept: …}`, of the tier that the rep asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most `limit` accounts of a rep in a tier; the others go to `overflow`, a worse one."""

    tier: str
    limit: int
    overflow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What settles the tier that the table gives.

    Attributes:
        caps: from the best tier on.
        rank: the fact by which accounts of a capped tier are ranked, the greatest first.
        after: for how many days a tier is kept that is no longer deserved; 0 = not at all.
        margin: how far `margin_fact`, as a share of it, may fall short for a tier to be kept.
        freeze: in how many of the last business days of a quarter no tier changes.
        contact_hours: the hours that one contact takes, by tier.
        challenge_accept: when the tier that a rep asks for (`wanted`) is granted at once.
        challenge_lasts: for how many days a decision stands, where nobody says until when.
    """

    caps: Sequence[Cap] = ()
    rank: str | None = None
    after: int = 0
    margin: float = 0.0
    margin_fact: str | None = None
    freeze: int = 0
    contact_hours: Mapping[str, float] = field(default_factory=dict)
    challenge_accept: Term | None = None
    challenge_lasts: int = LASTS

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that settling reads."""
        return tuple(dict.fromkeys(name for name in (self.rank, self.margin_fact) if name))

    @property
    def has_memory(self) -> bool:
        """Whether the tier so far counts."""
        return bool(self.after or self.margin or self.freeze)

    @property
    def has_delays(self) -> bool:
        """Whether a tier may be kept that is not deserved."""
        return bool(self.after or self.freeze)

    @property
    def is_trivial(self) -> bool:
        """Whether the tier is always that of the table, but for people's decisions."""
        return not self.caps and not self.has_memory
