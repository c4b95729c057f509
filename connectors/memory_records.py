"""The records of the CRM in dictionaries, and what people do to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from connectors import values
from connectors.base import CrmField, OwnField
from rules.records import (
    Account,
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    Kind,
    Opportunity,
    Owner,
    Record,
    Relation,
    Stage,
    StageEntry,
    StageKind,
)
from rules.time import Instant

NEW_YEAR: Instant = 1_767_225_600_000
_SECOND = 1_000
RELATIONS = {
    Kind.OPPORTUNITY: Relation.OPPORTUNITY_ACCOUNT,
    Kind.CONTACT: Relation.CONTACT_ACCOUNT,
    Kind.ACTIVITY: Relation.ACTIVITY_ACCOUNT,
}
_KINDS = {relation: kind for kind, relation in RELATIONS.items()}


@dataclass(slots=True, kw_only=True)
class Row:
    """A record with its CRM fields as typed there; `order` is its place, `change` its last."""

    record: Record
    raw: dict[str, object]
    order: int
    change: int


@dataclass(slots=True)
class Stream:
    """The rows of a kind, and the ids that were destroyed with the change that did it."""

    rows: dict[str, Row] = field(default_factory=dict)
    destroyed: dict[str, int] = field(default_factory=dict)


class Records:
    """What the CRM holds. `clock` stamps records; without one, each change lasts a second."""

    def __init__(self, clock: Callable[[], Instant] | None) -> None:
        self.declared: dict[Kind, list[CrmField]] = {}
        self.own_schema: dict[str, OwnField] = {}
        self.deleted_schema: set[str] = set()
        self._own: dict[str, dict[str, str]] = {}
        self._edited: dict[tuple[str, str], tuple[str | None, Instant]] = {}
        self._streams = {kind: Stream() for kind in Kind}
        self._links: dict[tuple[Relation, str], dict[str, bool]] = {}
        self._change = 0
        self._ids = count(1)
        self._clock = clock or self._tick

    def put_owner(
        self,
        external_id: str | None = None,
        *,
        name: str = "",
        email: str | None = None,
        is_active: bool = True,
    ) -> str:
        """Add or replace an owner; returns its id."""
        key = self._id(external_id)
        owner = Owner(external_id=key, name=name or key, email=email, is_active=is_active)
        return self._put(Kind.OWNER, owner, {})

    def put_stage(
        self,
        external_id: str | None = None,
        *,
        kind: StageKind = StageKind.OPEN,
        label: str = "",
        probability: float | None = None,
        position: int = 0,
        pipeline_id: str = "default",
        pipeline_label: str = "Ventes",
    ) -> str:
        """Add or replace a stage; the probability follows from the kind unless given."""
        key = self._id(external_id)
        usual = {StageKind.OPEN: 0.5, StageKind.WON: 1.0, StageKind.LOST: 0.0}[kind]
        stage = Stage(
            external_id=key,
            pipeline_id=pipeline_id,
            pipeline_label=pipeline_label,
            label=label or key,
            position=position,
            probability=usual if probability is None else probability,
            kind=kind,
        )
        return self._put(Kind.STAGE, stage, {})

    def put_account(
        self,
        external_id: str | None = None,
        *,
        name: str | None = None,
        domain: str | None = None,
        owner_id: str | None = None,
        fields: Mapping[str, object] | None = None,
        created_at: Instant | None = None,
    ) -> str:
        """Add or replace an account; `fields` are raw values by CRM field name."""
        key = self._id(external_id)
        account = Account(
            external_id=key,
            name=name,
            domain=domain,
            owner_id=owner_id,
            created_at=self._created(Kind.ACCOUNT, key, created_at),
            modified_at=self._clock(),
        )
        return self._put(Kind.ACCOUNT, account, dict(fields or {}))

    def put_contact(
        self,
        external_id: str | None = None,
        *,
        role: ContactRole | None = None,
        account_id: str | None = None,
    ) -> str:
        """Add or replace a contact, and link it to an account where one is named."""
        key = self._id(external_id)
        contact = Contact(external_id=key, role=role, modified_at=self._clock())
        self._put(Kind.CONTACT, contact, {})
        return self._linked(Relation.CONTACT_ACCOUNT, key, account_id)

    def put_opportunity(
        self,
        external_id: str | None = None,
        *,
        name: str | None = None,
        owner_id: str | None = None,
        stage_id: str | None = None,
        amount: object = None,
        currency: str | None = "CAD",
        closes_at: object = None,
        created_at: Instant | None = None,
        account_id: str | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> str:
        """Add or replace an opportunity; `amount` in units (`1200.50`), raw as people type it.

        A change of stage adds to `stage_entries`; the greatest amount so far is kept.
        """
        key = self._id(external_id)
        now = self._clock()
        before = self._record(Kind.OPPORTUNITY, key)
        entries = before.stage_entries if isinstance(before, Opportunity) else ()
        if stage_id and (not entries or entries[-1].stage_id != stage_id):
            entries = (*entries, StageEntry(stage_id=stage_id, entered_at=now))
        opportunity = Opportunity(
            external_id=key,
            name=name,
            owner_id=owner_id,
            stage_id=stage_id,
            amount=None,
            currency=currency,
            home_amount=None,
            peak_amount=_peak(before, amount),
            created_at=self._created(Kind.OPPORTUNITY, key, created_at),
            closes_at=None,
            modified_at=now,
            stage_entries=entries,
        )
        raw = {**(fields or {}), "amount": amount, "closes_at": closes_at}
        self._put(Kind.OPPORTUNITY, opportunity, raw)
        return self._linked(Relation.OPPORTUNITY_ACCOUNT, key, account_id)

    def put_activity(
        self,
        external_id: str | None = None,
        *,
        kind: ActivityKind = ActivityKind.CALL,
        owner_id: str | None = None,
        happened_at: Instant | None = None,
        is_contact: bool = True,
        account_id: str | None = None,
    ) -> str:
        """Add or replace an activity, and link it to an account where one is named."""
        key = self._id(external_id)
        now = self._clock()
        activity = Activity(
            external_id=key,
            kind=kind,
            owner_id=owner_id,
            happened_at=now if happened_at is None else happened_at,
            is_contact=is_contact,
            modified_at=now,
        )
        self._put(Kind.ACTIVITY, activity, {})
        return self._linked(Relation.ACTIVITY_ACCOUNT, key, account_id)

    def link(
        self, relation: Relation, from_id: str, to_id: str, *, is_primary: bool = False
    ) -> None:
        """Link a record to an account; a new primary takes the place of the old one."""
        links = self._links.setdefault((relation, from_id), {})
        if is_primary:
            links.update(dict.fromkeys(links, False))
        links[to_id] = is_primary
        self._touch(_KINDS[relation], from_id)

    def unlink(self, relation: Relation, from_id: str, to_id: str) -> None:
        """Undo a link."""
        self._links.get((relation, from_id), {}).pop(to_id, None)
        self._touch(_KINDS[relation], from_id)

    def edit_own_field(
        self, account_id: str, name: str, value: str | None, *, author: str | None = None
    ) -> None:
        """A person edits one of our fields."""
        self._set_own(account_id, {name: value}, author)

    def reassign(self, kind: Kind, external_id: str, owner_id: str | None) -> None:
        """A person gives a record to another owner."""
        row = self._streams[kind].rows[external_id]
        if isinstance(row.record, Account | Opportunity | Activity):
            row.record = replace(row.record, owner_id=owner_id)
        self._touch(kind, external_id)

    def own_field(self, account_id: str, name: str) -> str | None:
        """The value of one of our fields in the CRM now."""
        return self._own.get(account_id, {}).get(name)

    def archive(self, kind: Kind, external_id: str) -> None:
        """A person deletes a record: it stays as archived."""
        row = self._streams[kind].rows[external_id]
        if isinstance(row.record, Account | Contact | Opportunity | Activity):
            row.record = replace(row.record, archived_at=self._clock())
        row.change = self._next_change()

    def restore(self, kind: Kind, external_id: str) -> None:
        """A person restores an archived record, under the same id."""
        row = self._streams[kind].rows[external_id]
        if isinstance(row.record, Account | Contact | Opportunity | Activity):
            row.record = replace(row.record, archived_at=None)
        self._touch(kind, external_id)

    def destroy(self, kind: Kind, external_id: str) -> None:
        """A record vanishes for good: an incremental pull reports it as gone."""
        stream = self._streams[kind]
        del stream.rows[external_id]
        stream.destroyed[external_id] = self._next_change()

    def merge(self, loser_id: str, winner_id: str) -> None:
        """A person merges two accounts: the loser's links move, its id is gone."""
        winner = self._streams[Kind.ACCOUNT].rows[winner_id]
        loser = self._streams[Kind.ACCOUNT].rows[loser_id]
        if isinstance(winner.record, Account) and isinstance(loser.record, Account):
            merged = (*winner.record.merged_ids, loser_id, *loser.record.merged_ids)
            winner.record = replace(winner.record, merged_ids=merged)
        for (relation, from_id), links in self._links.items():
            if loser_id in links:
                links[winner_id] = links.pop(loser_id) or links.get(winner_id, False)
                self._touch(_KINDS[relation], from_id)
        self._own.pop(loser_id, None)
        self.destroy(Kind.ACCOUNT, loser_id)
        self._touch(Kind.ACCOUNT, winner_id)

    def _tick(self) -> Instant:
        return NEW_YEAR + self._change * _SECOND

    def _id(self, external_id: str | None) -> str:
        return external_id or f"m{next(self._ids)}"

    def _next_change(self) -> int:
        self._change += 1
        return self._change

    def _record(self, kind: Kind, external_id: str) -> Record | None:
        row = self._streams[kind].rows.get(external_id)
        return row.record if row else None

    def _created(self, kind: Kind, key: str, given: Instant | None) -> Instant:
        before = self._record(kind, key)
        if given is None and isinstance(before, Account | Opportunity) and before.created_at:
            return before.created_at
        return self._clock() if given is None else given

    def _put(self, kind: Kind, record: Record, raw: dict[str, object]) -> str:
        stream = self._streams[kind]
        change = self._next_change()
        before = stream.rows.get(record.external_id)
        order = before.order if before else change
        stream.rows[record.external_id] = Row(record=record, raw=raw, order=order, change=change)
        stream.destroyed.pop(record.external_id, None)
        return record.external_id

    def _linked(self, relation: Relation, key: str, account_id: str | None) -> str:
        if account_id is not None:
            self.link(relation, key, account_id, is_primary=True)
        return key

    def _touch(self, kind: Kind, external_id: str) -> None:
        row = self._streams[kind].rows[external_id]
        if isinstance(row.record, Account | Contact | Opportunity | Activity):
            row.record = replace(row.record, modified_at=self._clock())
        row.change = self._next_change()

    def _set_own(
        self, account_id: str, own: Mapping[str, str | None], author: str | None = None
    ) -> None:
        current = self._own.setdefault(account_id, {})
        now = self._clock()
        for name, value in own.items():
            self._edited[account_id, name] = (author, now)
            if value:
                current[name] = value
            else:
                current.pop(name, None)
        self._touch(Kind.ACCOUNT, account_id)


def _peak(before: Record | None, amount: object) -> int | None:
    """The greatest amount so far; an amount that can't be read counts for nothing."""
    try:
        now = values.money(amount)
    except values.Unreadable:
        now = None
    earlier = before.peak_amount if isinstance(before, Opportunity) else None
    return max((known for known in (earlier, now) if known is not None), default=None)
