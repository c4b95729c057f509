"""The alerts: episodes as kept, and the lines that each weekly look said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, and_, bindparam, case, delete, func, insert, select, update

from rules.alert.evidence import Evidence
from rules.alert.lines import Answer, Channel, LineKind, Recipient, WeekLine, WeekLines
from rules.language import Text
from rules.time import Day, Instant
from service.store.bulk import insert_missing
from service.store.engine import Transaction
from service.store.tables import alert, alert_line, ledger


class TaskState(StrEnum):
    """How the CRM task of an episode stands.

    `WAITING`: for a free place among the tasks of its assignee. `DONE`: whatever comes, it is not
    touched again.
    """

    NONE = "none"
    WAITING = "waiting"
    OWED = "owed"
    SENDING = "sending"
    CREATED = "created"
    DONE = "done"
    REJECTED = "rejected"
    HELD = "held"


TAKEN = (TaskState.SENDING, TaskState.CREATED, TaskState.REJECTED, TaskState.HELD)
"""The states of a task that takes a place, and keeps it."""
IN_QUEUE = (TaskState.OWED, TaskState.WAITING)
REVIEWED = "reviewed"
"""The job of the ledger under which the review of a plan is entered, by rep (scope)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An alert as kept; `evidence` is a JSON text.

    `subject` is a rep's key, a rep and an account (`elise/42`), or empty: nobody. `rep` is the one
    it is about, `assignee` whom its task is for.
    """

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
    rep: str | None = None
    assignee: str | None = None
    recipient: Recipient = Recipient.REP
    channel: Channel = Channel.DIGEST
    severity: float = 0.0
    is_silent: bool = False
    snoozed_until: Day | None = None
    answer: Answer | None = None
    answered_on: Day | None = None

    @property
    def is_hushed(self) -> bool:
        """Whether nothing more is asked about it: a person has answered, or it is the baseline."""
        return self.is_silent or self.answer in (Answer.DONE, Answer.NOT_RELEVANT)


def latest_episodes(connection: Transaction) -> Mapping[tuple[str, str], Episode]:
    """(rule, subject) → the episode with the greatest number, open or not, of every rule ever."""
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
    changing = (
        "state", "updated_on", "recovered_on", "evidence", "subject_line", "body", "severity",
    )  # fmt: skip
    rows: list[dict[str, str | int | float | bool | None]] = []
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
        .where(alert.c.key.in_(keys), alert.c.task_state.in_(IN_QUEUE))
        .values(task_state=TaskState.NONE, task_reason=reason)
    )


def share_places(connection: Transaction, places: int, reason: str) -> None:
    """Owe the gravest tasks of each person, as many as there are places; the others wait.

    A task that is in the CRM, or may be, keeps its place until its episode ends. One statement for
    all that is queued and one for each change, whatever the number of people.
    """
    taken = (
        select(alert.c.assignee, func.count().label("taken"))
        .where(alert.c.state == "open", alert.c.task_state.in_(TAKEN))
        .group_by(alert.c.assignee)
        .subquery()
    )
    position = func.row_number().over(
        partition_by=alert.c.assignee,
        order_by=(alert.c.severity.desc(), alert.c.opened_on, alert.c.key),
    )
    queued = (
        select(alert.c.key, (position + func.coalesce(taken.c.taken, 0)).label("place"))
        .outerjoin(taken, taken.c.assignee == alert.c.assignee)
        .where(alert.c.state == "open", alert.c.task_state.in_(IN_QUEUE))
        .subquery()
    )
    has_place = select(queued.c.key).where(queued.c.place <= places)
    chosen = list(connection.scalars(has_place))
    is_queued = and_(alert.c.state == "open", alert.c.task_state.in_(IN_QUEUE))
    is_chosen = alert.c.key.in_(chosen)
    connection.execute(
        update(alert)
        .where(is_queued)
        .values(
            task_state=case((is_chosen, TaskState.OWED.value), else_=TaskState.WAITING.value),
            task_reason=case((is_chosen, None), else_=reason),
        )
    )


def keep_lines(connection: Transaction, period: str, lines: Sequence[WeekLine]) -> None:
    """Keep the lines of a week in the place of those that were kept of it."""
    connection.execute(delete(alert_line).where(alert_line.c.period == period))
    if lines:
        connection.execute(insert(alert_line), [_stored_line(line) for line in lines])


def told_before(
    connection: Transaction, rules: Sequence[str], period: str
) -> frozenset[tuple[str, str]]:
    """(rule, subject) of the lines of other weeks, of some rules."""
    rows = connection.execute(
        select(alert_line.c.rule, alert_line.c.subject).where(
            alert_line.c.rule.in_(rules), alert_line.c.period != period
        )
    )
    return frozenset((row.rule, row.subject) for row in rows)


def open_for_digest(connection: Transaction, period: str) -> WeekLines:
    """The lines of a week (`2026-W27`), gravest first, with what people have answered since.

    Watch lines, confirmed deviations, facts, answered and recovered episodes, and recognition, of
    every recipient; no line where the week was not looked at.
    """
    rows = connection.execute(
        select(
            alert_line, alert.c.opened_on, alert.c.task_state, alert.c.answer,
            alert.c.answered_on, alert.c.snoozed_until_on,
        )
        .outerjoin(alert, alert.c.key == alert_line.c.key)
        .where(alert_line.c.period == period)
        .order_by(alert_line.c.severity.desc(), alert_line.c.rule, alert_line.c.subject)
    ).mappings()  # fmt: skip
    return WeekLines(period=period, lines=tuple(_line(row) for row in rows))


def last_reviews(connection: Transaction) -> Mapping[str, Instant]:
    """Rep → when the plan was last reviewed, of those of whom it is known."""
    rows = connection.execute(
        select(ledger.c.scope, func.max(ledger.c.done_at).label("at"))
        .where(ledger.c.job == REVIEWED)
        .group_by(ledger.c.scope)
    )
    return {row.scope: row.at for row in rows}


def _stored(episode: Episode) -> dict[str, str | int | float | bool | None]:
    """The columns of an episode, but for those of its task that only the push knows."""
    return {
        "key": episode.key,
        "rule": episode.rule,
        "subject": episode.subject,
        "episode": episode.episode,
        "state": "open" if episode.is_open else "recovered",
        "rep_key": episode.rep,
        "assignee": episode.assignee,
        "recipient": episode.recipient.value,
        "channel": episode.channel.value,
        "severity": episode.severity,
        "is_silent": episode.is_silent,
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
        rep=row["rep_key"],
        assignee=row["assignee"],
        recipient=Recipient(row["recipient"]),
        channel=Channel(row["channel"]),
        severity=row["severity"],
        is_silent=row["is_silent"],
        snoozed_until=row["snoozed_until_on"],
        answer=Answer(row["answer"]) if row["answer"] else None,
        answered_on=row["answered_on"],
    )


def _stored_line(line: WeekLine) -> dict[str, str | float | bool | None]:
    action = line.action
    return {
        "period": line.period, "rule": line.rule, "subject": line.subject, "kind": line.kind.value,
        "rep_key": line.rep, "assignee": line.assignee, "recipient": line.recipient.value,
        "channel": line.channel.value, "severity": line.severity, "is_new": line.is_new,
        "is_silent": line.is_silent, "text_fr": line.text.fr, "text_en": line.text.en,
        "body_fr": line.body.fr, "body_en": line.body.en,
        "action_fr": action.fr if action else None, "action_en": action.en if action else None,
        "evidence": line.evidence.to_json(), "key": line.key,
    }  # fmt: skip


def _line(row: RowMapping) -> WeekLine:
    has_action = row["action_fr"] is not None
    on_its_way = (*TAKEN, TaskState.OWED)
    return WeekLine(
        period=row["period"], rule=row["rule"], subject=row["subject"],
        kind=LineKind(row["kind"]), rep=row["rep_key"], assignee=row["assignee"],
        recipient=Recipient(row["recipient"]), channel=Channel(row["channel"]),
        severity=row["severity"], is_new=row["is_new"], is_silent=row["is_silent"],
        text=Text(row["text_fr"], row["text_en"]), body=Text(row["body_fr"], row["body_en"]),
        action=Text(row["action_fr"], row["action_en"]) if has_action else None,
        evidence=Evidence.of_json(row["evidence"]), key=row["key"], opened_on=row["opened_on"],
        has_task=row["task_state"] in on_its_way,
        answer=Answer(row["answer"]) if row["answer"] else None,
        answered_on=row["answered_on"], snoozed_until=row["snoozed_until_on"],
    )  # fmt: skip
