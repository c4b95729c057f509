"""What a rep who has left leaves behind: accounts without anybody, decisions to be taken again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, insert, select

from rules.time import Day, Instant
from service.store import overrides
from service.store.challenges import OPEN, SUBMITTED_AGAIN
from service.store.overrides import Override
from service.store.tables import account, challenge, owner, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """An account in scope whose rep has left."""

    account: str
    external_id: str
    rep_key: str
    tier: str | None
    left_on: Day


def orphans(
    connection: Connection, departed: Mapping[str, Day], tiers: Sequence[str]
) -> Sequence[Orphan]:
    """The accounts in scope of the reps who have left, those of the best tier first."""
    if not departed:
        return []
    rank = case({tier: place for place, tier in enumerate(tiers)}, value=tag.c.tier)
    rows = connection.execute(
        select(account.c.name, account.c.external_id, owner.c.rep_key, tag.c.tier)
        .join(owner, owner.c.id == account.c.owner_id)
        .join(tag, tag.c.account_id == account.c.id)
        .where(
            owner.c.rep_key.in_(list(departed)), tag.c.is_in_scope, account.c.archived_at.is_(None)
        )
        .order_by(rank.is_(None), rank, account.c.name, account.c.id)
    )
    return [
        Orphan(
            account=row.name or row.external_id, external_id=row.external_id,
            rep_key=row.rep_key, tier=row.tier, left_on=departed[row.rep_key],
        )
        for row in rows
    ]  # fmt: skip


def submit_again(
    connection: Connection,
    decisions: Collection[Override],
    notes: Mapping[int, str],
    now: Instant,
    today: Day,
) -> int:
    """End decisions and ask for each of them anew; `notes`, by id, quote the earlier reasons.

    Returns how many: not those that somebody ended meanwhile.
    """
    ended = overrides.end(connection, [each.id for each in decisions], "Arpent", today)
    if not ended:
        return 0
    connection.execute(
        insert(challenge),
        [
            {
                "account_id": each.account_id, "field": SUBMITTED_AGAIN, "value": each.value,
                "about": each.field, "wanted": each.value, "until_on": each.until_on,
                "edited_at": now, "received_at": now,
                "received_on": today, "note": notes[each.id], "state": OPEN,
            }
            for each in decisions
            if each.id in ended
        ],
    )  # fmt: skip
    return len(ended)
