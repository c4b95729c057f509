"""Fields of a CRM that can't be relied on as they are: which, since when, and what to do.

- *parked*: the CRM no longer has the field as the playbook reads it. It is not read, and the
  mirror keeps its last values. Of an own field: it is neither read nor written.
- *emptied*: too many of its values went at once. It is read, but what was emptied stays as it was.
- *returning*: it was parked and can be read again; it is, in full, by the next pull.
- *warned*: it is read, and something about it wants a person.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, delete, exists, or_, select, tuple_, update

from rules.diff import Debt
from rules.language import Text
from rules.owned import Owned
from rules.records import Kind
from rules.time import Instant, moment_of
from service.store import cursors
from service.store.bulk import bulk_delete, bulk_upsert
from service.store.tables import account, blank, field_binding, field_notice, outbox
from service.store.tables import connection as crm

OWN = "own"
UTC = ZoneInfo("UTC")
_SEVERAL = 2
_KEY = ("kind", "name", "vendor")
_COLUMNS = (*_KEY, "state", "since_at", "reason_fr", "reason_en")


class FieldState(StrEnum):
    """What is done about a field."""

    PARKED = "parked"
    EMPTIED = "emptied"
    RETURNING = "returning"
    WARNED = "warned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A field of a CRM and what is the matter. `kind`: account, opportunity, or `own`."""

    kind: str
    name: str
    state: FieldState
    since_at: Instant
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the CRM's schema says of a field: whether it can be read at all, and why not."""

    kind: str
    name: str
    is_parked: bool
    reason: Text


def since(notice: Notice, zone: ZoneInfo = UTC) -> Text:
    """Since when a notice holds, and what is done meanwhile, to follow its reason."""
    at = f"{moment_of(notice.since_at, zone):%Y-%m-%d %H:%M} {zone.key}"
    words = _MEANWHILE[OWN if notice.kind == OWN else notice.state.value]
    return Text(f" (Depuis le {at} ; {words.fr}.)", f" (Since {at}; {words.en}.)")


def told(notice: Notice, zone: ZoneInfo = UTC) -> Text:
    """A notice in a sentence or two, for people; its hour is of the zone."""
    its = since(notice, zone)
    return Text(notice.reason.fr + its.fr, notice.reason.en + its.en)


_MEANWHILE: Mapping[str, Text] = {
    OWN: Text("ni lu ni écrit", "neither read nor written"),
    "parked": Text(
        "ce champ n'est pas lu, ses dernières valeurs restent",
        "this field is not read, its last values stay",
    ),
    "emptied": Text("le reste du champ est lu", "the rest of the field is read"),
    "returning": Text("relu au prochain pull", "read again by the next pull"),
    "warned": Text("ce champ est lu", "this field is read"),
}


def load(connection: Connection, vendor: str) -> list[Notice]:
    """The notices of a CRM, by kind and name."""
    rows = connection.execute(
        select(field_notice)
        .where(field_notice.c.vendor == vendor)
        .order_by(field_notice.c.kind, field_notice.c.name)
    )
    return [
        Notice(
            kind=row.kind,
            name=row.name,
            state=FieldState(row.state),
            since_at=row.since_at,
            reason=Text(row.reason_fr, row.reason_en),
        )
        for row in rows
    ]


def of_account(connection: Connection, account_id: int) -> dict[str, Text]:
    """What is told of the bound fields of an account, by name."""
    vendor = connection.execute(
        select(crm.c.vendor)
        .join(account, account.c.connection_id == crm.c.id)
        .where(account.c.id == account_id)
    ).scalar_one()
    return {
        each.name: told(each)
        for each in load(connection, vendor)
        if each.kind == Kind.ACCOUNT.value
    }


def parked(connection: Connection, vendor: str, kind: str) -> set[str]:
    """The names of a kind that are neither read nor written for now."""
    return {
        each.name
        for each in load(connection, vendor)
        if each.kind == kind and each.state is FieldState.PARKED
    }


def told_of_own(connection: Connection, vendor: str) -> list[Text]:
    """What is told of our own fields that a CRM lacks."""
    return told_of_lost(vendor, [each for each in load(connection, vendor) if each.kind == OWN])


def told_of_lost(vendor: str, lost: Sequence[Notice]) -> list[Text]:
    """Of own fields that a CRM lacks: where there are several, one sentence that names them all."""
    if len(lost) < _SEVERAL:
        return [told(each) for each in lost]
    names = ", ".join(f"arpent_{each.name}" for each in lost)
    reason = Text(
        f"{vendor} n'a pas {len(lost)} des champs d'Arpent : {names}. Ils ont été retirés "
        "(« arpent fields remove »), supprimés, ou jamais créés ; rien n'y est écrit. Pour les "
        "avoir, ou les ravoir avec leurs valeurs : « arpent fields ensure », puis « arpent push ».",
        f"{vendor} lacks {len(lost)} of Arpent's fields: {names}. They were removed (`arpent "
        "fields remove`), deleted, or never created; nothing is written to them. To have them, or "
        "have them back with their values: `arpent fields ensure`, then `arpent push`.",
    )
    first = min(lost, key=lambda each: each.since_at)
    return [told(replace(first, reason=reason))]


def names_of_lost(connection_id: int) -> Select[Any]:
    """The query for the names of our own fields that a CRM account lacks."""
    return (
        select(field_notice.c.name)
        .join(crm, crm.c.vendor == field_notice.c.vendor)
        .where(
            crm.c.id == connection_id,
            field_notice.c.kind == OWN,
            field_notice.c.state == FieldState.PARKED.value,
        )
    )


def parked_own(connection: Connection, connection_id: int) -> tuple[Owned, ...]:
    """Our own fields that a CRM account lacks."""
    names = set(connection.execute(names_of_lost(connection_id)).scalars())
    return tuple(each for each in Owned if each.value in names)


def follow_schema(
    connection: Connection,
    vendor: str,
    findings: Sequence[Finding],
    now: Instant,
    *,
    kinds: Collection[str],
) -> list[Notice]:
    """Bring the notices of a CRM, of some kinds, up to what its schema says; returns what is new.

    A field that can be read again is read in full by the next pull; an own field that is there
    again is owed again, since nobody knows what it holds.
    """
    known = [each for each in load(connection, vendor) if each.kind in kinds]
    before = {(each.kind, each.name): each for each in known}
    found = {(each.kind, each.name): each for each in findings}
    wanted = {
        key: notice
        for key in {**before, **found}
        if (notice := _next(before.get(key), found.get(key), now)) is not None
    }
    for key in before.keys() - wanted.keys():
        bulk_delete(connection, field_notice, _KEY, [(*key, vendor)])
    changed = [notice for key, notice in wanted.items() if before.get(key) != notice]
    put(connection, vendor, changed)
    for notice in changed:
        if notice.state is FieldState.PARKED:
            _forget_blanks(connection, vendor, notice)
        elif notice.state is FieldState.RETURNING:
            cursors.forget_unfinished(connection, _ids(connection, vendor), Kind(notice.kind))
    for key, notice in before.items():
        if key[0] == OWN and key not in wanted and notice.state is FieldState.PARKED:
            _owe_again(connection, vendor, notice.name)
    return [each for each in changed if _is_new(before.get((each.kind, each.name)), each)]


def park(
    connection: Connection, vendor: str, findings: Sequence[Finding], now: Instant
) -> list[Notice]:
    """Park these fields besides what is noted already; returns those that were not."""
    there = {(each.kind, each.name) for each in load(connection, vendor)}
    wanted = [_next(None, each, now) for each in findings if (each.kind, each.name) not in there]
    new = [each for each in wanted if each is not None]
    put(connection, vendor, new)
    return new


def take_back_own(connection: Connection, vendor: str, names: Iterable[str]) -> None:
    """Own fields are there again: their values are owed, since nobody knows what they hold."""
    for name in parked(connection, vendor, OWN).intersection(names):
        remove(connection, vendor, OWN, [name], FieldState.PARKED)
        _owe_again(connection, vendor, name)


def put(connection: Connection, vendor: str, notices: Sequence[Notice]) -> None:
    """Keep notices in place of the earlier ones of the same fields."""
    rows = [
        (each.kind, each.name, vendor, each.state.value, each.since_at, *each.reason)
        for each in notices
    ]
    bulk_upsert(connection, field_notice, _COLUMNS, rows)


def remove(
    connection: Connection, vendor: str, kind: str, names: Sequence[str], state: FieldState
) -> None:
    """Forget the notices of these fields, where they are in a state."""
    connection.execute(
        delete(field_notice).where(
            field_notice.c.vendor == vendor,
            field_notice.c.kind == kind,
            field_notice.c.name.in_(names),
            field_notice.c.state == state.value,
        )
    )


def forget_unbound(connection: Connection, kept: Sequence[tuple[str, str, str]]) -> None:
    """Forget what concerned bindings other than these (kind, name, vendor): they start afresh."""
    key = tuple_(field_notice.c.kind, field_notice.c.name, field_notice.c.vendor)
    stale = delete(field_notice).where(field_notice.c.kind != OWN)
    connection.execute(stale.where(key.not_in(list(kept))) if kept else stale)
    bound = select(field_binding.c.name).join(crm, crm.c.vendor == field_binding.c.vendor)
    connection.execute(
        delete(blank).where(
            ~exists(
                bound.where(
                    crm.c.id == blank.c.connection_id,
                    field_binding.c.kind == blank.c.kind,
                    field_binding.c.name == blank.c.field,
                    field_binding.c.since_at.is_not(None),
                )
            )
        )
    )


def _next(before: Notice | None, found: Finding | None, now: Instant) -> Notice | None:
    """What is noted of a field after a look at the schema."""
    if found is None:
        if before is None or before.state is FieldState.WARNED:
            return None
        if before.state is not FieldState.PARKED:
            return before
        if before.kind == OWN:
            return None
        return Notice(
            kind=before.kind, name=before.name, state=FieldState.RETURNING, since_at=now,
            reason=_RETURNING,
        )  # fmt: skip
    state = FieldState.PARKED if found.is_parked else FieldState.WARNED
    if before is not None and not found.is_parked:
        if before.state is FieldState.PARKED:
            state = FieldState.RETURNING
        elif before.state is not FieldState.WARNED:
            return before
    is_same = before is not None and before.state is state
    since = before.since_at if before is not None and is_same else now
    return Notice(
        kind=found.kind, name=found.name, state=state, since_at=since, reason=found.reason
    )


_RETURNING = Text(
    "le champ est revenu : il est relu en entier, et ses dernières valeurs restent d'ici là.",
    "the field is back: it is read again in full, and its last values stay until then.",
)


def _is_new(before: Notice | None, after: Notice) -> bool:
    return before is None or before.state is not after.state


def _ids(connection: Connection, vendor: str) -> list[int]:
    return list(connection.execute(select(crm.c.id).where(crm.c.vendor == vendor)).scalars())


def _forget_blanks(connection: Connection, vendor: str, notice: Notice) -> None:
    """What looked emptied was the field that went: it will be read again in full."""
    connection.execute(
        delete(blank).where(
            blank.c.connection_id.in_(_ids(connection, vendor)),
            blank.c.kind == notice.kind,
            blank.c.field == notice.name,
        )
    )


def _owe_again(connection: Connection, vendor: str, name: str) -> None:
    """Owe the values of an own field anew: the CRM may have lost them with the field.

    But for those that a person had edited by then, as the next push will find.
    """
    accounts = select(account.c.id).where(
        account.c.connection_id.in_(_ids(connection, vendor)), account.c.archived_at.is_(None)
    )
    observed = account.c[f"observed_{name}"]
    edited = (
        select(account.c.id)
        .where(
            account.c.id == outbox.c.account_id,
            account.c.pulled_at > outbox.c.confirmed_at,
            observed.is_not(None),
            observed.is_distinct_from(outbox.c.confirmed),
        )
        .correlate(outbox)
    )
    states = (Debt.OWED.value, Debt.SETTLED.value, Debt.REJECTED.value)
    connection.execute(
        update(outbox)
        .where(
            outbox.c.field == name,
            outbox.c.state.in_(states),
            outbox.c.account_id.in_(accounts),
            or_(outbox.c.desired.is_not(None), outbox.c.confirmed.is_not(None)),
            ~edited.exists(),
        )
        .values(
            state=Debt.OWED.value, confirmed=None, confirmed_version=0, confirmed_at=None,
            reason=None, attempts=0, not_before_at=None,
        )
    )  # fmt: skip
