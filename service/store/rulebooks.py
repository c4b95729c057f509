"""Published rulebooks: workers read only these; a file edited on disk does nothing by itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, delete, insert, select, update

from connectors.base import Binding
from rules.facts import VENDORS, Field_
from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook, rules_hash
from rules.time import Instant
from service.store import deliveries, reps, revalue
from service.store.bindings import Slots, load_slots, save_bindings
from service.store.bulk import bulk_upsert
from service.store.tables import rep, rulebook, tag, team


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A rulebook in force, with its id and the slots of its bound fields."""

    id: int
    rulebook: Rulebook
    slots: Slots
    author: str
    reason: str
    published_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A rulebook as it was put in force: its number, the hash of its meaning, who and why.

    `moved` are the accounts that it was to move to another tier, into the scope or out of it, by
    the preview that was kept; None where none was.
    """

    id: int
    hash: str
    author: str
    reason: str
    published_at: Instant
    is_in_force: bool
    moved: int | None = None


def publish(
    connection: Connection,
    compiled: Rulebook,
    *,
    author: str,
    reason: str,
    now: Instant,
    preview: str | None = None,
) -> bool:
    """Put a rulebook in force; False when its meaning is already the one in force.

    `preview` is what it was to change, as `service.preview_kept` writes it, to be kept with it.
    """
    if hash_in_force(connection) == compiled.hash:
        return False
    connection.execute(
        insert(rulebook).values(
            hash=compiled.hash, source=json.dumps(dict(compiled.source), ensure_ascii=False),
            published_at=now, author=author, reason=reason, preview=preview,
        )
    )  # fmt: skip
    valued_by = revalue.value_of(connection)
    _save_team(connection, compiled)
    revalue.publish_rates(connection, compiled.team, valued_by)
    save_bindings(connection, bindings_of(compiled))
    # A rulebook may write other fields: what each account is owed is looked at again, and what is
    # written no more is cleared.
    deliveries.retire(connection, compiled.written)
    connection.execute(update(tag).where(tag.c.is_in_scope).values(is_owed=True))
    return True


def _save_team(connection: Connection, compiled: Rulebook) -> None:
    us = compiled.team
    bulk_upsert(
        connection, team, ("id", "zone", "currency", "fiscal_year_start", "language"),
        [(1, us.zone.key, us.currency, us.fiscal_year, us.language.value)],
    )  # fmt: skip
    connection.execute(delete(rep).where(rep.c.key.not_in(list(us.reps))))
    bulk_upsert(
        connection, rep, ("key", "name", "email", "manager", "start_on", "end_on"),
        [
            (key, each.name, each.email, each.manager, each.start, each.end)
            for key, each in us.reps.items()
        ],
    )  # fmt: skip
    reps.match_owners(connection, reps.load(connection))


# Where the fields that no CRM has so far keep a slot: rules can name them, nothing reads them.
NOWHERE = ""


def bindings_of(compiled: Rulebook) -> dict[str, list[Binding]]:
    """The bound fields by CRM; those that are missing everywhere are bound to nothing."""
    kinds: Mapping[Kind, Mapping[str, Field_]] = {
        Kind.ACCOUNT: compiled.fields.account,
        Kind.OPPORTUNITY: compiled.fields.opportunity,
    }
    return {
        vendor: [
            Binding(
                kind=kind, name=name, crm_field=crm_field, type=entry.type,
                values=entry.crm_values(),
            )
            for kind, entries in kinds.items()
            for name, entry in entries.items()
            if (crm_field := _crm_field(entry, vendor)) is not None
        ]
        for vendor in (*VENDORS, NOWHERE)
    }  # fmt: skip


def _crm_field(entry: Field_, vendor: str) -> str | None:
    if vendor == NOWHERE:
        return "" if entry.missing else None
    return getattr(entry, vendor) or None


def load(connection: Connection) -> Published | None:
    """The rulebook in force; None before the first publication."""
    row = connection.execute(select(rulebook).order_by(rulebook.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Published(
        id=row.id, rulebook=_compiled(row.source), slots=load_slots(connection),
        author=row.author, reason=row.reason, published_at=row.published_at,
    )  # fmt: skip


def hash_in_force(connection: Connection) -> str | None:
    """The hash of the rulebook in force; None before the first publication."""
    query = select(rulebook.c.hash).order_by(rulebook.c.id.desc()).limit(1)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def history(connection: Connection) -> list[Publication]:
    """Every publication, the one in force first."""
    rows = connection.execute(
        select(
            rulebook.c.id, rulebook.c.hash, rulebook.c.author, rulebook.c.reason,
            rulebook.c.published_at, rulebook.c.preview,
        ).order_by(rulebook.c.id.desc())
    ).all()  # fmt: skip
    return [
        Publication(
            id=row.id, hash=row.hash, author=row.author, reason=row.reason,
            published_at=row.published_at, is_in_force=place == 0,
            moved=json.loads(row.preview)["moved"] if row.preview else None,
        )
        for place, row in enumerate(rows)
    ]  # fmt: skip


def compiled(connection: Connection, publication_id: int) -> Rulebook:
    """The rulebook of a publication; raises `PlaybookError` where this version refuses it."""
    source = connection.execute(
        select(rulebook.c.source).where(rulebook.c.id == publication_id)
    ).scalar_one()
    return _compiled(source)


def rules_hash_of(connection: Connection, publication_id: int) -> str | None:
    """The hash of the rules of a publication; None where it is not kept."""
    source = connection.execute(
        select(rulebook.c.source).where(rulebook.c.id == publication_id)
    ).scalar_one_or_none()
    return None if source is None else _rules_hash(source)


@lru_cache(maxsize=4)
def _rules_hash(source: str) -> str:
    return rules_hash(json.loads(source))


@lru_cache(maxsize=4)
def _compiled(source: str) -> Rulebook:
    return compile_rulebook(json.loads(source))
