"""Which facts of a past day are known only afterwards, and for which accounts (`store.past`).

A record that was not changed since the day is as it was then, whenever its history began. Of one
that was, only what `history` follows is known. Activities count by the day on which they happened,
whenever they were logged: nothing tells when that was.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, distinct, func, select, true, union
from sqlalchemy.sql.expression import FromClause

from rules.measures import Measured, Recorded
from rules.records import Kind, Relation
from rules.time import Instant
from service.store.facts import Sources
from service.store.followed import Followed
from service.store.past import Moment
from service.store.tables import history, link

# What tells each name of an opportunity; the others are followed by nothing.
_FOLLOWED = {
    "state": "stage_id",
    "stage": "stage_id",
    "pipeline": "stage_id",
    "probability": "stage_id",
    "amount": "amount",
    "created": None,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Accounts of which a fact is not known as it was; all is known from the instant `since_at` on.

    `since_at` is a query, an instant, or None where nothing follows the fact.
    """

    accounts: Select[Any]
    since_at: Select[Any] | Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """A fact of which `accounts` accounts are known only from `since_at` on; None: never."""

    fact: str
    since_at: Instant | None
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsights:
    """What is not known of the facts of a moment: see `doubts`."""

    moment: Moment
    sources: Sources
    followed: Collection[Followed]
    measures: Mapping[str, Measured]

    def found(self, connection: Connection, facts: Sequence[str]) -> list[Starting]:
        """The facts that are not known of some account, in their order."""
        found = [self._starting(connection, fact) for fact in facts]
        return [each for each in found if each.accounts]

    def _starting(self, connection: Connection, fact: str) -> Starting:
        doubts = self.doubts(fact)
        ids = self.accounts(fact)
        count: int = 0
        if ids is not None:
            count = connection.execute(select(func.count(distinct(ids.c.account_id)))).scalar_one()
        since: list[Instant | None] = []
        for doubt in doubts if count else ():
            at = doubt.since_at
            if isinstance(at, Select):
                told: Instant | None = connection.execute(at).scalar_one()
                since += [] if told is None else [told]
            elif at is not None or connection.execute(doubt.accounts.limit(1)).first():
                since.append(at)
        known = [each for each in since if each is not None]
        since_at = max(known) if known and len(known) == len(since) else None
        return Starting(fact=fact, since_at=since_at, accounts=count)

    def accounts(self, fact: str) -> FromClause | None:
        """The accounts of which a fact is not known as it was (`account_id`); None for none."""
        doubts = self.doubts(fact)
        if not doubts:
            return None
        there = select(self.sources.account.c.id)
        ids = union(*(each.accounts for each in doubts)).subquery("in_doubt")
        return select(ids.c.account_id).where(ids.c.account_id.in_(there)).subquery("concerned")

    def doubts(self, fact: str) -> list[Doubt]:
        """Everything that may not be known of a fact."""
        if fact in self.measures:
            return self._of_measure(self.measures[fact])
        if fact == "owner":
            return [self._of_history(Kind.ACCOUNT, "owner_id")]
        if fact in {"name", "domain"}:
            return [Doubt(self._changed_accounts(), None)]
        field = self._field(Kind.ACCOUNT, fact)
        return [] if field is None else self._of_field(field)

    def _of_field(self, field: Followed) -> list[Doubt]:
        if field.slot is None or field.since_at is None:
            return [Doubt(select(self.sources.account.c.id.label("account_id")), None)]
        if field.since_at <= self.moment.instant:
            return []
        return [Doubt(self._changed_accounts(), field.since_at)]

    def _of_measure(self, measure: Measured) -> list[Doubt]:
        match measure.record:
            case Recorded.ACTIVITY:
                return []
            case Recorded.CONTACT:
                contacts = select(link.c.to_id.label("account_id")).where(
                    link.c.relation == Relation.CONTACT_ACCOUNT.value
                )
                return [Doubt(contacts, None)]
            case Recorded.HISTORY:
                return [
                    self._of_history(Kind.ACCOUNT, "owner_id"),
                    *(
                        self._of_history(Kind.OPPORTUNITY, field)
                        for field in ("owner_id", "stage_id", "amount")
                    ),
                ]
            case Recorded.OPPORTUNITY:
                return self._of_opportunities(measure)

    def _of_opportunities(self, measure: Measured) -> list[Doubt]:
        tracked = {_FOLLOWED[name] for name in measure.reads if name in _FOLLOWED} - {None}
        doubts = [self._of_history(Kind.OPPORTUNITY, field) for field in sorted(map(str, tracked))]
        plain = {name for name in measure.reads if name not in _FOLLOWED}
        for name in sorted(plain):
            field = self._field(Kind.OPPORTUNITY, name)
            since = None if field is None or field.slot is None else field.since_at
            if since is None or since > self.moment.instant:
                doubts.append(Doubt(self._changed_opportunities(measure, plain), since))
        return doubts

    def _of_history(self, kind: Kind, field: str) -> Doubt:
        """The accounts with a record whose history of a field begins after the moment."""
        records = self.sources.account if kind is Kind.ACCOUNT else self.sources.opportunity
        begins = (
            select(history.c.entity_id, func.min(history.c.valid_from_at).label("at"))
            .where(history.c.kind == kind.value, history.c.field == field)
            .group_by(history.c.entity_id)
            .having(func.min(history.c.valid_from_at) > self.moment.instant)
            .subquery("begins")
        )
        late = begins.join(records, records.c.id == begins.c.entity_id)
        since = select(func.max(begins.c.at)).select_from(late)
        if kind is Kind.ACCOUNT:
            return Doubt(select(records.c.id.label("account_id")).select_from(late), since)
        linked = late.join(link, link.c.from_id == records.c.id)
        return Doubt(_of_main_accounts(linked), since)

    def _changed_accounts(self) -> Select[Any]:
        records = self.sources.account
        return select(records.c.id.label("account_id")).where(
            records.c.modified_at > self.moment.instant
        )

    def _changed_opportunities(self, measure: Measured, plain: AbstractSet[str]) -> Select[Any]:
        """The main accounts of those changed since, which the filter of the measure lets through.

        A filter that reads what is not followed itself may let others through: then all of them.
        """
        deals, stages = self.sources.opportunity, self.sources.stage
        joined = deals.join(link, link.c.from_id == deals.c.id).outerjoin(
            stages, stages.c.id == deals.c.stage_id
        )
        rows = (
            _of_main_accounts(joined)
            .add_columns(
                stages.c.kind.label("state"),
                stages.c.label.label("stage"),
                stages.c.pipeline_label.label("pipeline"),
                stages.c.probability.label("probability"),
                deals.c.team_amount.label("amount"),
                deals.c.created_on.label("created"),
            )
            .where(deals.c.modified_at > self.moment.instant)
            .subquery("changed")
        )
        when = measure.when
        passes = true() if when is None or not plain.isdisjoint(when.uses) else when.sql
        return select(rows.c.account_id).where(passes)

    def _field(self, kind: Kind, name: str) -> Followed | None:
        found = (each for each in self.followed if (each.kind, each.name) == (kind, name))
        return next(found, None)


def _of_main_accounts(linked: FromClause) -> Select[Any]:
    return (
        select(link.c.to_id.label("account_id"))
        .select_from(linked)
        .where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT.value,
            link.c.is_primary.is_(True),
        )
    )
