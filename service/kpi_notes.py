"""What a reader must know before the figures: how fresh they are, and which plan they stand beside.

Figures of a CRM that nobody has read for days are silently wrong otherwise, and so are those of
the first reading as long as it is under way. Of a plan that was revised, the objective that it
began with is told beside today's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules.calendar import fiscal_year_of
from rules.plan.plan import Plan
from rules.rulebook import Rulebook
from rules.time import Day, Instant, date_of, moment_of
from service.store import connections, cursors, overview
from service.store.engine import Store

STALE_AFTER = timedelta(days=1)
"""A worker reads every few minutes: a day without one is worth telling."""
_MILLISECONDS = STALE_AFTER // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How a CRM was read: the stream that was read the longest ago, None where none ever was."""

    vendor: str
    read_at: Instant | None
    is_complete: bool
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNote:
    """The plan that somebody's figures stand beside; amounts in minor units of its currency.

    `revisions` are those in force, each with its first day and its reason.
    """

    period: int
    currency: str
    objective: int
    initial: int
    revisions: Sequence[tuple[Day, str]]

    def to_json(self) -> dict[str, Any]:
        """The note as plain data: days as `2026-06-29`."""
        return {
            "period": self.period,
            "currency": self.currency,
            "objective": self.objective,
            "initial_objective": self.initial,
            "revisions": [
                {"from": date_of(day).isoformat(), "why": why} for day, why in self.revisions
            ],
        }


def freshness(store: Store, *, now: Instant) -> list[Freshness]:
    """How each CRM of the workspace was read; none where no CRM ever was."""
    found = []
    with store.read() as connection:
        for crm in connections.find_all(connection):
            streams = overview.read_at(connection, crm.id)
            read_at = min(streams.values(), default=None)
            found.append(
                Freshness(
                    vendor=crm.vendor,
                    read_at=read_at,
                    is_complete=cursors.are_complete(connection, crm.id),
                    is_stale=read_at is not None and now - read_at > _MILLISECONDS,
                )
            )
    return found


def iso(instant: Instant | None, zone: ZoneInfo) -> str | None:
    """An instant as `2026-06-29T07:05:00-04:00`."""
    return None if instant is None else moment_of(instant, zone).isoformat(timespec="seconds")


def plan_notes(
    book: Rulebook, subjects: Sequence[str], as_of: Day
) -> Mapping[str, PlanNote | None]:
    """The plan of each subject on a day; None for whoever has none.

    A team without a plan of its own has none here: its figures stand beside the sum of its reps'.
    """
    year = fiscal_year_of(as_of, book.team.fiscal_year)
    plans = {plan.owner: plan for plan in book.plans if plan.period == int(year.key)}
    return {
        subject: _note(plans[subject], as_of) if subject in plans else None for subject in subjects
    }


def _note(plan: Plan, as_of: Day) -> PlanNote:
    begun = sorted((each.from_, each.why) for each in plan.revisions if each.from_ <= as_of)
    return PlanNote(
        period=plan.period, currency=plan.currency, objective=plan.on(as_of).objective,
        initial=plan.initial.objective, revisions=begun,
    )  # fmt: skip
