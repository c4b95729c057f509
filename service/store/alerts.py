"""The alerts: episodes as kept, and where a rep may start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    update,
)

from rules.records import Relation, StageKind
from rules.time import Day
from service.store.bulk import insert_missing
from service.store.measures import Transaction
from service.store.tables import account, alert, link, opportunity, owner, stage, tag


class TaskState(StrEnum):
    """How the CRM task of an episode stands; `DONE`: whatever comes, it is not touched again."""

    NONE = "none"
    OWED = "owed"
    SENDING = "sending"
    CREATED = "created"
    DONE = "done"
    REJECTED = "rejected"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An alert as kept; `subject` is the key of the rep it is about, `evidence` a JSON text."""

    key: str
    rule: str
    subject: str
    episode: int
    is_open: bool
    opened_on: Day
    updated_on: Day
    recovered_on: Day | None
    evidence: str
    subject_line: str
    body: str
    account_id: int | None
    owner_id: int | None
    task_state: TaskState
    task_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingAccount:
    """An account of a rep; `is_candidate`: of a wanted tier and without an open opportunity."""

    id: int
    owner_id: int
    name: str
    tier: str | None
    is_candidate: bool


def latest_episodes(connection: Transaction) -> Mapping[tuple[str, str], Episode]:
    """(rule, rep) → the episode with the greatest number, open or not, of every rule ever."""
    newest = (
        select(alert.c.rule, alert.c.subject, func.max(alert.c.episode).label("episode"))
        .group_by(alert.c.rule, alert.c.subject)
        .subquery()
    )
    is_newest = and_(
        alert.c.rule == newest.c.rule,
        alert.c.subject == newest.c.subject,
        alert.c.episode == newest.c.episode,
    )
    rows = connection.execute(select(alert).join(newest, is_newest)).mappings()
    return {(row["rule"], row["subject"]): _episode(row) for row in rows}


def insert_episodes(connection: Transaction, episodes: Sequence[Episode]) -> int:
    """Keep new episodes; returns how many were not there yet."""
    stored = [_stored(episode) for episode in episodes]
    columns = list(stored[0]) if stored else ["key"]
    rows = [tuple(each.values()) for each in stored]
    return insert_missing(connection, alert, columns, rows)


def update_episodes(connection: Transaction, episodes: Sequence[Episode]) -> None:
    """Keep what a look changes of episodes. Their tasks are the business of the push."""
    if not episodes:
        return
    changing = ("state", "updated_on", "recovered_on", "evidence", "subject_line", "body")
    rows: list[dict[str, str | int | None]] = []
    for episode in episodes:
        stored = _stored(episode)
        rows.append({"which": episode.key, **{f"new_{name}": stored[name] for name in changing}})
    connection.execute(
        update(alert)
        .where(alert.c.key == bindparam("which"))
        .values({name: bindparam(f"new_{name}") for name in changing}),
        rows,
    )


def drop_owed_tasks(connection: Transaction, keys: Sequence[str], reason: str) -> None:
    """Owe no longer the tasks of some episodes that the push has not begun to send."""
    connection.execute(
        update(alert)
        .where(alert.c.key.in_(keys), alert.c.task_state == TaskState.OWED)
        .values(task_state=TaskState.NONE, task_reason=reason)
    )


def linked_reps(connection: Transaction) -> frozenset[str]:
    """The reps for whom the CRMs have a user, active or not: of others nothing is known."""
    keys = connection.scalars(select(owner.c.rep_key).where(owner.c.rep_key.is_not(None)))
    return frozenset(key for key in keys if key)


def starting_accounts(
    connection: Transaction, reps: Sequence[str], tiers: Sequence[str], count: int
) -> Mapping[str, Sequence[StartingAccount]]:
    """Rep key → the first accounts in scope of active CRM users, at most `count`.

    Candidates come before the others: they are of one of the tiers, in that order, and have no
    open opportunity. Then the next contact due decides, and the name.
    """
    rank = _rank(tiers)
    position = func.row_number().over(
        partition_by=owner.c.rep_key,
        order_by=(
            rank,
            case((tag.c.next_contact_on.is_(None), 1), else_=0),
            tag.c.next_contact_on,
            account.c.name,
            account.c.id,
        ),
    )
    ranked = (
        select(
            owner.c.rep_key,
            account.c.id,
            account.c.owner_id,
            account.c.name,
            tag.c.tier,
            rank.label("rank"),
            position.label("position"),
        )
        .join(owner, account.c.owner_id == owner.c.id)
        .join(tag, tag.c.account_id == account.c.id)
        .where(
            owner.c.rep_key.in_(reps),
            owner.c.is_active.is_(True),
            account.c.archived_at.is_(None),
            tag.c.is_in_scope.is_(True),
        )
        .subquery()
    )
    found: dict[str, list[StartingAccount]] = {}
    first = select(ranked).where(ranked.c.position <= count)
    for row in connection.execute(first.order_by(ranked.c.rep_key, ranked.c.position)):
        found.setdefault(row.rep_key, []).append(
            StartingAccount(
                id=row.id,
                owner_id=row.owner_id,
                name=row.name or str(row.id),
                tier=row.tier,
                is_candidate=row.rank < len(tiers),
            )
        )
    return found


def _rank(tiers: Sequence[str]) -> ColumnElement[int]:
    """The place of an account's tier among those wanted; past the end when it is no candidate."""
    # Not correlated: read once, whatever the number of accounts.
    is_open = account.c.id.in_(
        select(link.c.to_id)
        .join(opportunity, opportunity.c.id == link.c.from_id)
        .join(stage, stage.c.id == opportunity.c.stage_id)
        .where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT,
            opportunity.c.archived_at.is_(None),
            stage.c.kind == StageKind.OPEN,
        )
    )
    places = [(and_(tag.c.tier == tier, ~is_open), place) for place, tier in enumerate(tiers)]
    return case(*places, else_=len(tiers)) if places else literal(0)


def _stored(episode: Episode) -> dict[str, str | int | None]:
    """The columns of an episode, but for those of its task that only the push knows."""
    return {
        "key": episode.key,
        "rule": episode.rule,
        "subject": episode.subject,
        "episode": episode.episode,
        "state": "open" if episode.is_open else "recovered",
        "opened_on": episode.opened_on,
        "updated_on": episode.updated_on,
        "recovered_on": episode.recovered_on,
        "evidence": episode.evidence,
        "subject_line": episode.subject_line,
        "body": episode.body,
        "account_id": episode.account_id,
        "owner_id": episode.owner_id,
        "task_state": episode.task_state.value,
        "task_reason": episode.task_reason,
    }


def _episode(row: RowMapping) -> Episode:
    return Episode(
        key=row["key"],
        rule=row["rule"],
        subject=row["subject"],
        episode=row["episode"],
        is_open=row["state"] == "open",
        opened_on=row["opened_on"],
        updated_on=row["updated_on"],
        recovered_on=row["recovered_on"],
        evidence=row["evidence"],
        subject_line=row["subject_line"],
        body=row["body"],
        account_id=row["account_id"],
        owner_id=row["owner_id"],
        task_state=TaskState(row["task_state"]),
        task_reason=row["task_reason"],
    )
