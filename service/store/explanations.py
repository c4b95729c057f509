"""One account through the compiled rules: every fact, every result, the truth of every cell.

And what the store knows of it besides: when it was read, the tiers that it had, what is owed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.sql.expression import FromClause

from rules.diff import Debt, PinKind
from rules.records import Kind
from rules.settling import SettledBy
from rules.tagging import Tagging
from rules.time import Day, Instant
from service.store.bindings import Slots
from service.store.circumstances import beside, with_circumstances
from service.store.facts import fact_slots, facts_relation
from service.store.tables import (
    account,
    external_ref,
    outbox,
    owner,
    rulebook,
    tag,
    tag_history,
)
from service.store.tables import connection as crm


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account by which somebody may be meant."""

    id: int
    external_id: str
    name: str
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An account of a rep beside others: its tier, the one that the rules give, and its score."""

    id: int
    tier: str | None
    rated_tier: str | None
    score: float | None
    is_imposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChange:
    """A tier that an account had from an instant on; `row` is that of the table, `rulebook` a hash.

    The tier is None where the account left the scope.
    """

    at: Instant
    tier: str | None
    row: int | None
    rulebook: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """An own field of an account: what it should hold, what the CRM acknowledged, its state.

    `undone_run` is the run of which the undoing keeps this value instead of that of the rules.
    """

    field: str
    desired: str | None
    confirmed: str | None
    state: str
    reason: str | None
    undone_run: int | None = None

    @property
    def is_put_back(self) -> bool:
        """Whether the CRM shows what an undoing has put back."""
        return self.undone_run is not None and self.state == Debt.SETTLED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of an account besides its facts.

    `read_at` is when it was last read from its CRM, `modified_at` when it was modified there,
    `rulebook` the hash of the rules of its last tags. The last changes of tier come first.
    """

    vendor: str
    read_at: Instant
    modified_at: Instant
    evaluated_at: Instant | None
    tier: str | None
    tier_since_at: Instant | None
    rulebook: str | None
    changes: Sequence[TierChange]
    owing: Sequence[Owing]


def find(connection: Connection, words: str) -> list[Found]:
    """Live accounts with this CRM id, else this exact name, else this part of a name.

    Upper and lower case are the same, `É` and `é` too.
    """
    live = (
        select(account.c.id, account.c.external_id, account.c.name, owner.c.name.label("owner"))
        .select_from(account.outerjoin(owner, owner.c.id == account.c.owner_id))
        .where(account.c.archived_at.is_(None))
        .order_by(account.c.name)
    )
    by_id = select(external_ref.c.entity_id).where(
        external_ref.c.kind == Kind.ACCOUNT.value, external_ref.c.external_id == words
    )
    rows = connection.execute(live.where(account.c.id.in_(by_id))).all()
    if not rows:
        near = live.where(account.c.name.ilike(_pattern(words), escape=_ESCAPE))
        rows = [row for row in connection.execute(near) if words.casefold() in row.name.casefold()]
        rows = [row for row in rows if row.name.casefold() == words.casefold()] or rows
    return [
        Found(id=row.id, external_id=row.external_id, name=row.name or "–", owner=row.owner)
        for row in rows
    ]


_ESCAPE = "/"


def _pattern(words: str) -> str:
    """A LIKE pattern that lets at least these words through, whatever the database's locale.

    Databases fold the case of ASCII letters only: any other letter is left open here.
    """
    letters = (f"{_ESCAPE}{each}" if each in f"%_{_ESCAPE}" else each for each in words)
    return f"%{''.join(each if each.isascii() else '_' for each in letters)}%"


def cell_name(rule: str, row: int, position: int) -> str:
    """The column that tells whether a cell of a row holds."""
    return f"{rule}__{row}__{position}"


def read(
    connection: Connection,
    tagging: Tagging,
    slots: Slots,
    account_id: int,
    today: Day,
    *,
    is_new: bool = False,
) -> Mapping[str, Any]:
    """The tags of an account, with every fact, circumstance, rule and cell behind them, by name.

    Where the rules have caps, they are those that it has among all accounts of its rep. `is_new`
    says that the rules differ from those that gave the tags.
    """
    relation = _relation(connection, tagging, slots, account_id, today, is_new=is_new)
    layer = tagging.layers(relation)
    cells = [
        cell.term.sql.label(cell_name(rule.name, number, position))
        for rule in tagging.segments.rules
        for number, row in enumerate(rule.rows, 1)
        for position, cell in enumerate(row.cells)
    ]
    parameters = tagging.parameters(today)
    its = select(*layer.c, *cells).where(layer.c.account_id == account_id)
    inside = connection.execute(its, parameters).mappings().one()
    fresh = tagging.select(relation).subquery("fresh")
    query = select(fresh).where(fresh.c.account_id == account_id)
    tags = connection.execute(query, parameters).mappings().one()
    return {**inside, **tags}


def contenders(
    connection: Connection,
    tagging: Tagging,
    slots: Slots,
    account_id: int,
    today: Day,
    *,
    is_new: bool = False,
) -> list[Contender]:
    """All accounts of the rep of an account that count in its caps."""
    relation = _relation(connection, tagging, slots, account_id, today, is_new=is_new)
    layer = tagging.layers(relation)
    score = layer.c[tagging.segments.budget.rank or "account_id"]
    rows = connection.execute(
        select(
            layer.c.account_id, layer.c.rep, layer.c.tier, layer.c.rated_tier,
            layer.c.settled_by, score.label("score"),
        ).where(layer.c.received_on.is_(None), layer.c.is_in_scope.is_(True)),
        tagging.parameters(today),
    ).all()  # fmt: skip
    mine = {row.rep for row in rows if row.account_id == account_id}
    return [
        Contender(
            id=row.account_id, tier=row.tier, rated_tier=row.rated_tier, score=row.score,
            is_imposed=row.settled_by == SettledBy.IMPOSED.value,
        )
        for row in rows
        if row.rep is not None and row.rep in mine
    ]  # fmt: skip


def _relation(
    connection: Connection,
    tagging: Tagging,
    slots: Slots,
    account_id: int,
    today: Day,
    *,
    is_new: bool,
) -> FromClause:
    """The facts and the circumstances of an account and of those that its tier depends on."""
    wanted = select(account.c.id).where(account.c.id == account_id)
    if tagging.has_caps:
        others = beside(connection, wanted)
        wanted = select(account.c.id).where(
            or_(account.c.id == account_id, account.c.id.in_(others))
        )
    facts = facts_relation(tagging.facts, fact_slots(slots), wanted, measures=tagging.measures)
    return with_circumstances(connection, facts, tagging, today, is_new=is_new)


def known(connection: Connection, account_id: int, *, changes: int = 5) -> Known:
    """What the store knows of an account, with its last changes of tier."""
    row = connection.execute(
        select(
            account.c.pulled_at, account.c.modified_at, crm.c.vendor, tag.c.evaluated_at,
            tag.c.tier, tag.c.tier_since_at, rulebook.c.hash,
        )
        .select_from(
            account.join(crm, crm.c.id == account.c.connection_id)
            .outerjoin(tag, tag.c.account_id == account.c.id)
            .outerjoin(rulebook, rulebook.c.id == tag.c.rulebook_id)
        )
        .where(account.c.id == account_id)
    ).one()  # fmt: skip
    return Known(
        vendor=row.vendor, read_at=row.pulled_at, modified_at=row.modified_at,
        evaluated_at=row.evaluated_at, tier=row.tier, tier_since_at=row.tier_since_at,
        rulebook=row.hash, changes=_changes(connection, account_id, changes),
        owing=_owing(connection, account_id),
    )  # fmt: skip


def _changes(connection: Connection, account_id: int, limit: int) -> list[TierChange]:
    rows = connection.execute(
        select(tag_history, rulebook.c.hash)
        .select_from(tag_history.outerjoin(rulebook, rulebook.c.id == tag_history.c.rulebook_id))
        .where(tag_history.c.account_id == account_id)
        .order_by(tag_history.c.valid_from_at.desc())
        .limit(limit)
    )
    return [
        TierChange(at=row.valid_from_at, tier=row.tier, row=row.tier_row, rulebook=row.hash)
        for row in rows
    ]


def _owing(connection: Connection, account_id: int) -> list[Owing]:
    rows = connection.execute(
        select(outbox).where(outbox.c.account_id == account_id).order_by(outbox.c.field)
    )
    return [
        Owing(
            field=row.field, desired=row.desired, confirmed=row.confirmed, state=row.state,
            reason=row.reason,
            undone_run=row.pin_run_id if row.pin == PinKind.UNDONE.value else None,
        )
        for row in rows
    ]  # fmt: skip
