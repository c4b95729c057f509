"""When a push changes so much at once that a person should look at it first.

Only values that the CRM holds count: the first filling of an empty field harms nobody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.located import Misfit, nearest
from rules.owned import Owned

# They move by themselves every week: a contact, a date, a reason that follows.
MOVING = (Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY, Owned.CONTACT_STATUS)
_ONE = re.compile(r"\s*(\w+)\s*=\s*(\d{1,3})\s*%\s*/\s*(\d+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """What a push would do to one own field, in numbers of accounts.

    `holders` hold a value in it, of which `changed` would hold another or none, `cleared` none.
    """

    field: Owned
    holders: int
    changed: int
    cleared: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """More than `percent` of those who hold a value, and more than `count` of them."""

    percent: int
    count: int

    def is_passed(self, affected: int, holders: int) -> bool:
        """Whether so many of so many are too many; at 100 % never."""
        return affected > self.count and affected * 100 > self.percent * holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The thresholds of an installation. `by_field` goes before the rest, for changes."""

    firm: Threshold = Threshold(30, 50)
    moving: Threshold = Threshold(60, 50)
    cleared: Threshold = Threshold(10, 20)
    by_field: Mapping[Owned, Threshold] = field(default_factory=dict)

    def of(self, owned: Owned) -> Threshold:
        """The threshold for changes of a field."""
        return self.by_field.get(owned) or (self.moving if owned in MOVING else self.firm)

    def least(self, owned: Owned) -> int:
        """Up to so many accounts, no field of theirs is ever held."""
        return min(self.of(owned).count, self.cleared.count)

    def is_too_much(self, mass: Mass) -> bool:
        """Whether a person should look at it first."""
        return self.of(mass.field).is_passed(mass.changed, mass.holders) or self.cleared.is_passed(
            mass.cleared, mass.holders
        )


def read_by_field(text: str) -> Mapping[Owned, Threshold]:
    """The thresholds in `why=80%/200, tier=10%/20`; raises `Misfit`."""
    found: dict[Owned, Threshold] = {}
    for part in filter(str.strip, text.split(",")):
        match = _ONE.fullmatch(part)
        if match is None:
            raise Misfit(
                f"« {part.strip()} » n'est pas un seuil (why=80%/200)",
                f"'{part.strip()}' is not a threshold (why=80%/200)",
            )
        found[_field(match[1])] = Threshold(int(match[2]), int(match[3]))
    return found


def _field(name: str) -> Owned:
    known: Sequence[str] = [each.value for each in Owned]
    if name not in known:
        hint, listed = nearest(name, known), ", ".join(known)
        raise Misfit(
            f"« {name} » n'est pas un champ d'Arpent{hint.fr} : {listed}",
            f"'{name}' is not one of Arpent's fields{hint.en}: {listed}",
        )
    return Owned(name)
