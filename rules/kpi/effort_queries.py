"""The queries of KPIs over accounts and activities: one statement for each relation.

What they give is what `rules.kpi.queries` says: rows by cut, member and rep, with named sums.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.selectable import CompoundSelect

from rules.calendar import Span
from rules.kpi.base import BaseKpi
from rules.kpi.effort import (
    CoverageBonus,
    PotentialCaptured,
    PriorityContacted,
    PriorityCovered,
)
from rules.kpi.moment import Moment
from rules.kpi.names import Cut
from rules.kpi.queries import Relations, rolled_up
from rules.records import ActivityKind, Relation, StageKind

Sql = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accounts:
    """The live accounts with their last contacts, as rows to count."""

    rows: FromClause
    moment: Moment
    cadence: Mapping[str, int]

    def sums(self, kpi: BaseKpi) -> dict[str, Sql]:
        """The sums of a KPI by name."""
        row, as_of = self.rows.c, self.moment.as_of
        match kpi:
            case PriorityContacted():
                return {
                    name: sql
                    for span in self.moment.spans
                    for name, sql in self._contacted(kpi.tiers, span).items()
                }
            case PriorityCovered() | CoverageBonus():
                prefix = "covered" if isinstance(kpi, PriorityCovered) else "bonus"
                counted = row.tier.in_([tier for tier in kpi.tiers if tier in self.cadence])
                kept = self._under_cadence(kpi.tiers, lambda days: row.last_on + days >= as_of)
                return {
                    f"{prefix}_all": func.count(case((counted, 1))),
                    prefix: func.count(case((kept, 1))),
                }
            case PotentialCaptured():
                known = and_(row.is_in_scope.is_(True), row.potential > 0)
                return {
                    "in_scope": func.count(case((row.is_in_scope.is_(True), 1))),
                    "potential_unknown": func.count(
                        case((and_(row.is_in_scope.is_(True), row.potential.is_(None)), 1))
                    ),
                    "potential": func.sum(case((known, cast(row.potential, Float)))),
                    "captured": func.sum(case((known, row.won))),
                }
            case _:
                return {}

    def _contacted(self, tiers: Sequence[str], span: Span) -> dict[str, Sql]:
        period, row = self.moment.periods[span], self.rows.c
        before = row[f"before_{span}"]
        due = self._under_cadence(
            tiers, lambda days: or_(before.is_(None), before + days <= period.last)
        )
        within = and_(due, row.last_on >= period.first)
        return {
            f"due_{span}": func.count(case((due, 1))),
            f"contacted_{span}": func.count(case((within, 1))),
        }

    def _under_cadence(self, tiers: Sequence[str], holds: Any) -> Sql:  # noqa: ANN401 - days → SQL
        row = self.rows.c
        each = [
            and_(row.tier == tier, holds(self.cadence[tier]))
            for tier in tiers
            if tier in self.cadence
        ]
        return or_(false(), *each)


def measured_accounts(
    kpis: Iterable[BaseKpi],
    relations: Relations,
    cuts: Sequence[Cut],
    moment: Moment,
    cadence: Mapping[str, int],
) -> CompoundSelect[Any] | None:
    """The figures of accounts: contacted, covered, their potential; None when none is asked."""
    asked = [
        kpi
        for kpi in kpis
        if isinstance(kpi, PriorityContacted | PriorityCovered | CoverageBonus | PotentialCaptured)
    ]
    if not asked:
        return None
    counted = _Accounts(rows=_account_rows(asked, relations, cuts, moment), moment=moment,
                        cadence=cadence)  # fmt: skip
    sums = {name: sql for kpi in asked for name, sql in counted.sums(kpi).items()}
    return rolled_up(counted.rows, cuts, sums)


def _account_rows(
    asked: Sequence[BaseKpi], relations: Relations, cuts: Sequence[Cut], moment: Moment
) -> FromClause:
    """Contacts and sales are grouped first, then joined.

    SQLite, which keeps no statistics here, would otherwise read every link for each account. Both
    look for their links by an outer join, for it would take the links first too, in the order of
    accounts, which is all over the file; what has no account is grouped under NULL and joins none.
    """
    accounts = relations.accounts
    source = accounts
    columns: list[Sql] = [accounts.c.rep_key, accounts.c.is_in_scope]
    columns.append(func.coalesce(accounts.c.tier, literal("")).label("tier"))
    if Cut.SEGMENT in cuts:
        columns.append(func.coalesce(accounts.c.segment, literal("")).label("segment"))
    if any(not isinstance(kpi, PotentialCaptured) for kpi in asked):
        contacts = _last_contacts(relations, moment)
        source = source.outerjoin(contacts, contacts.c.account_id == accounts.c.id)
        columns += [each for each in contacts.c if each.key != "account_id"]
    window = next((kpi.window for kpi in asked if isinstance(kpi, PotentialCaptured)), None)
    if window is not None:
        won = _won_by_account(relations, moment, window)
        source = source.outerjoin(won, won.c.account_id == accounts.c.id)
        columns += [accounts.c.potential, won.c.won]
    query = select(*columns).select_from(source).where(accounts.c.rep_key.is_not(None))
    return query.subquery("row")


def _last_contacts(relations: Relations, moment: Moment) -> FromClause:
    """(account_id, last_on, before_week …): the last contacts, of all and before each period."""
    link, activity = relations.link.c, relations.activity.c
    is_linked = and_(link.from_id == activity.id, link.relation == Relation.ACTIVITY_ACCOUNT.value)
    before = [
        func.max(case((activity.happened_on < period.first, activity.happened_on))).label(
            f"before_{span}"
        )
        for span, period in moment.periods.items()
    ]
    return (
        select(
            link.to_id.label("account_id"), func.max(activity.happened_on).label("last_on"), *before
        )
        .select_from(relations.activity.outerjoin(relations.link, is_linked))
        .where(
            activity.is_contact.is_(True),
            activity.archived_at.is_(None),
            activity.happened_on <= moment.as_of,
        )
        .group_by(link.to_id)
        .subquery("contact")
    )


def _won_by_account(relations: Relations, moment: Moment, window: int) -> FromClause:
    """(account_id, won): the sales of a trailing window by main account, whoever made them."""
    opportunity, stage, link = relations.opportunity.c, relations.stage.c, relations.link.c
    is_main = and_(
        link.from_id == opportunity.id,
        link.relation == Relation.OPPORTUNITY_ACCOUNT.value,
        link.is_primary.is_(True),
    )
    sales = relations.opportunity.join(relations.stage, stage.id == opportunity.stage_id)
    amount = cast(opportunity.team_amount, Float)
    return (
        select(link.to_id.label("account_id"), func.sum(amount).label("won"))
        .select_from(sales.outerjoin(relations.link, is_main))
        .where(
            stage.kind == StageKind.WON,
            opportunity.archived_at.is_(None),
            opportunity.closes_on.between(moment.trailing(window), moment.as_of),
        )
        .group_by(link.to_id)
        .subquery("won_by_account")
    )


def logged(relations: Relations, flags: Mapping[str, Sql], moment: Moment) -> Select[Any]:
    """(rep_key, kind, has_account, a column for each flag, logged_week …): activities, each once.

    Args:
        relations: where the records are.
        flags: whether an account fits, 1 or 0, by name; an activity takes the greatest.
        moment: the day and its periods.
    """
    activity, owner, link = relations.activity.c, relations.owner.c, relations.link.c
    is_linked = and_(link.from_id == activity.id, link.relation == Relation.ACTIVITY_ACCOUNT.value)
    source = (
        relations.activity.join(relations.owner, owner.id == activity.owner_id)
        .outerjoin(relations.link, is_linked)
        .outerjoin(relations.accounts, relations.accounts.c.id == link.to_id)
    )
    keys = (activity.id, owner.rep_key, activity.kind, activity.happened_on)
    has = case((relations.accounts.c.id.is_not(None), 1), else_=0)
    each = {"has_account": has, **flags}
    once = (
        select(*keys, *(func.max(func.coalesce(sql, 0)).label(name) for name, sql in each.items()))
        .select_from(source)
        .where(
            owner.rep_key.is_not(None),
            activity.archived_at.is_(None),
            activity.happened_on.between(moment.earliest, moment.as_of),
            or_(activity.is_contact.is_(True), activity.kind == ActivityKind.NOTE.value),
        )
        .group_by(*keys)
        .subquery("once")
    )
    group = [once.c.rep_key, once.c.kind, *(once.c[name] for name in each)]
    sums = [
        func.count(case((once.c.happened_on.between(period.first, moment.as_of), 1))).label(
            f"logged_{span}"
        )
        for span, period in moment.periods.items()
    ]
    return select(*group, *sums).group_by(*group)
