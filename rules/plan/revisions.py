"""Dated revisions of a plan: from a day on, some of its terms are others.

What a revision does not name stays. `quarters`, `targets` and `activities` are merged key by key:
`quarters: {q3: …}` leaves the other quarters as they are.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from rules.kpi.base import Money
from rules.plan.terms import (
    Assumptions,
    Count,
    Part,
    Quarter,
    Reason,
    Review,
    Rhythm,
    Source,
    Targets,
    Time,
)
from rules.team import DayText, MonthName, Strict

MERGED = ("quarters", "targets", "activities")
"""The terms of which a revision may name some keys alone."""

_OF_ITSELF = {"from_", "why"}


class Revision(Strict):
    """Other terms from a day on, and why; None, or nothing, where the term stays."""

    from_: DayText = Field(alias="from")
    why: Reason
    agreed: dict[str, DayText] | None = None
    objective: Money | None = None
    sourcing: dict[str, Source] | None = Field(default=None, alias="sources")
    quarters: dict[Quarter, Money] | None = None
    segments: dict[str, Money] | None = None
    products: dict[str, Money] | None = None
    seasonality: dict[MonthName, Part] | None = None
    accounts: dict[str, Count] | None = None
    assumptions: Assumptions | None = None
    targets: Targets | None = None
    activities: dict[str, Rhythm] | None = None
    time: Time | None = None
    review: Review | None = None

    def terms(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The terms that change, by field of a plan, given the ones in force before.

        Nobody has agreed to a revision until it says who.
        """
        changed: dict[str, Any] = {"agreed": self.agreed or {}}
        for name in type(self).model_fields.keys() - _OF_ITSELF - {"agreed"}:
            value = getattr(self, name)
            if value is not None:
                changed[name] = _merged(name, before[name], value)
        return changed


def _merged(name: str, before: Any, value: Any) -> Any:  # noqa: ANN401 - the terms of a plan are of many types
    if name not in MERGED:
        return value
    if isinstance(value, Targets):
        given = {each: getattr(value, each) for each in value.model_fields_set}
        return before.model_copy(update=given)
    return {**before, **value}
