"""The facts relation: one row for each live account, a typed column for each fact that rules use.

Custom fields come from the slots of `account`. Measures (`rules.measures`), built in or of the
playbook, are computed in one group for each kind of record, which reads the records once, and only
the columns that a measure asks for; no group is made of which the rules read nothing. With a
worklist, the groups are computed for its accounts only, so that the cost follows what changed. The
records come from `Sources`: the tables as they are, or selects that stand for them as of a past day
(`store.past`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Select, and_, case, cast, func, select, union_all
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause, Subquery

from rules.facts import BUILT_IN_MEASURES
from rules.measures import Measured, Recorded
from rules.records import Kind, Relation
from service.store.bindings import Slots
from service.store.tables import (
    account,
    activity,
    contact,
    history,
    link,
    opportunity,
    owner,
    stage,
)

Column = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What stands for the tables of records: the tables themselves, or a past state of them.

    A past state has the columns of the table that facts read, under the same names.
    """

    account: FromClause = account
    opportunity: FromClause = opportunity
    stage: FromClause = stage
    contact: FromClause = contact
    activity: FromClause = activity
    history: FromClause = history


PRESENT = Sources()


def facts_relation(
    names: Sequence[str],
    slots: Mapping[str, str],
    worklist: Select[Any] | None = None,
    sources: Sources = PRESENT,
    measures: Mapping[str, Measured] = BUILT_IN_MEASURES,
) -> FromClause:
    """The relation with `account_id` and a column for each of `names`.

    Args:
        names: the facts that rules read; a fact that the clock moves brings its flip column.
        slots: bound field → its column, as `fact_slots` gives them.
        worklist: a select of account ids to restrict the relation to; None for all.
        sources: where the records come from; the tables unless a past state is wanted.
        measures: those of the playbook among the facts (`Tagging.measures`).
    """
    known = {**BUILT_IN_MEASURES, **measures}
    read = [known[name] for name in names if name in known]
    make = _Groups(slots, worklist, sources).make
    groups = {
        record: make(record, [each for each in read if each.record is record])
        for record in dict.fromkeys(each.record for each in read)
    }
    values: dict[str, Column] = {}
    for each in read:
        group = groups[each.record]
        values[each.name] = _or_nothing(group.c[each.name], each)
        if each.flip:
            values[each.flip] = group.c[each.flip]
    wanted = dict.fromkeys([*names, *values])
    record = sources.account
    columns: list[Column] = [record.c.id.label("account_id")]
    source: FromClause = record
    for group in groups.values():
        source = source.outerjoin(group, group.c.account_id == record.c.id)
    if "owner" in wanted:
        source = source.outerjoin(owner, owner.c.id == record.c.owner_id)
    columns += [_column(name, record, slots, values).label(name) for name in wanted]
    query = select(*columns).select_from(source).where(record.c.archived_at.is_(None))
    if worklist is not None:
        query = query.where(record.c.id.in_(worklist))
    return query.subquery("facts")


def _or_nothing(value: Column, measure: Measured) -> Column:
    return value if measure.of_nothing is None else func.coalesce(value, measure.of_nothing)


def _column(
    name: str, record: FromClause, slots: Mapping[str, str], computed: Mapping[str, Column]
) -> Column:
    if name in computed:
        return computed[name]
    match name:
        case "name" | "domain":
            return record.c[name]
        case "created":
            return record.c.created_on
        case "owner":
            return owner.c.name
    return record.c[slots[name]]


def fact_slots(slots: Slots) -> Mapping[str, str]:
    """The slots of the workspace in one mapping, those of opportunities under `slot_key`."""
    of_opportunities = slots.get(Kind.OPPORTUNITY, {}).items()
    own = {slot_key(Kind.OPPORTUNITY, name): slot for name, slot in of_opportunities}
    return {**slots.get(Kind.ACCOUNT, {}), **own}


def slot_key(kind: Kind, name: str) -> str:
    """How a bound field that is not one of accounts goes among the slots; no fact is named so."""
    return f"{kind}.{name}"


# By name of a measure: which of the sources holds it, in which column.
_COLUMNS: Mapping[Recorded, Mapping[str, tuple[str, str]]] = {
    Recorded.OPPORTUNITY: {
        "name": ("opportunity", "name"),
        "amount": ("opportunity", "team_amount"),
        "peak_amount": ("opportunity", "team_peak_amount"),
        "created": ("opportunity", "created_on"),
        "closes": ("opportunity", "closes_on"),
        "state": ("stage", "kind"),
        "stage": ("stage", "label"),
        "pipeline": ("stage", "pipeline_label"),
        "probability": ("stage", "probability"),
    },
    Recorded.ACTIVITY: {
        "kind": ("activity", "kind"),
        "happened": ("activity", "happened_on"),
        "is_contact": ("activity", "is_contact"),
    },
    Recorded.CONTACT: {"role": ("contact", "role")},
}
_RELATIONS = {
    Recorded.OPPORTUNITY: Relation.OPPORTUNITY_ACCOUNT,
    Recorded.ACTIVITY: Relation.ACTIVITY_ACCOUNT,
    Recorded.CONTACT: Relation.CONTACT_ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class _Groups:
    """Makes the group of a kind of record: its measures by account."""

    slots: Mapping[str, str]
    worklist: Select[Any] | None
    sources: Sources

    def make(self, record: Recorded, measures: Sequence[Measured]) -> Subquery:
        """One row for each account with records, a column for each measure and its flips."""
        names = sorted({name for each in measures for name in each.reads})
        rows = self._history(names) if record is Recorded.HISTORY else self._linked(record, names)
        each_one = rows.subquery(f"each_{record}")
        columns = [each.sql.label(each.name) for each in measures]
        columns += [each.flip_sql.label(each.flip) for each in measures if each.flip]
        query = select(each_one.c.account_id, *columns).group_by(each_one.c.account_id)
        return query.subquery(f"by_{record}")

    def _linked(self, record: Recorded, names: Sequence[str]) -> Select[Any]:
        """The live records that are linked to accounts; opportunities, to their main one."""
        records: FromClause = getattr(self.sources, record)
        source: FromClause = link.join(records, records.c.id == link.c.from_id)
        holders = [_COLUMNS[record].get(name, (record.value, ""))[0] for name in names]
        if "stage" in holders:
            stages = self.sources.stage
            source = source.outerjoin(stages, stages.c.id == records.c.stage_id)
        columns = [self._column(record, name).label(name) for name in names]
        query = (
            select(link.c.to_id.label("account_id"), *columns)
            .select_from(source)
            .where(link.c.relation == _RELATIONS[record].value, records.c.archived_at.is_(None))
        )
        if record is Recorded.OPPORTUNITY:
            query = query.where(link.c.is_primary.is_(True))
        return query if self.worklist is None else query.where(link.c.to_id.in_(self.worklist))

    def _column(self, record: Recorded, name: str) -> Column:
        if name not in _COLUMNS[record]:
            records: FromClause = getattr(self.sources, record)
            return records.c[self.slots[slot_key(Kind(record), name)]]
        holder, column = _COLUMNS[record][name]
        held: FromClause = getattr(self.sources, holder)
        return held.c[column]

    def _history(self, names: Sequence[str]) -> CompoundSelect[Any]:
        """The entries of the accounts and of the opportunities of which they are the main ones."""
        entries, deals = self.sources.history, self.sources.opportunity
        own = self._entries(names, entries, entries.c.entity_id, Kind.ACCOUNT)
        joined = link.join(deals, deals.c.id == link.c.from_id).join(
            entries, entries.c.entity_id == deals.c.id
        )
        of_deals = self._entries(names, joined, link.c.to_id, Kind.OPPORTUNITY).where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT.value,
            link.c.is_primary.is_(True),
            deals.c.archived_at.is_(None),
        )
        return union_all(own, of_deals)

    def _entries(
        self, names: Sequence[str], source: FromClause, account_id: Column, kind: Kind
    ) -> Select[Any]:
        entries, stages = self.sources.history, self.sources.stage
        field = entries.c.field
        if "value" in names:
            # Of another field, a value need not be a number at all.
            ours = case((field.in_(["stage_id", "owner_id"]), cast(entries.c.value, BigInteger)))
            source = source.outerjoin(stages, and_(field == "stage_id", stages.c.id == ours))
            source = source.outerjoin(owner, and_(field == "owner_id", owner.c.id == ours))
        columns: dict[str, Column] = {
            "field": case(_TRACKED, value=field),
            "value": case(
                (field == "stage_id", stages.c.label), (field == "owner_id", owner.c.name)
            ),
            "since": entries.c.valid_from_on,
        }
        query = (
            select(account_id.label("account_id"), *(columns[name].label(name) for name in names))
            .select_from(source)
            .where(
                entries.c.kind == kind.value,
                field.in_(list(_TRACKED)),
                entries.c.valid_from_on.is_not(None),
                entries.c.value.is_not(None),
            )
        )
        return query if self.worklist is None else query.where(account_id.in_(self.worklist))


# The fields of which measures know the history, and what they call them.
_TRACKED = {"stage_id": "stage", "owner_id": "owner", "amount": "amount"}
