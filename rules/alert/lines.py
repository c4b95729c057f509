"""What a weekly look says, line by line: the values that tasks and digests are made of.

`service.alert` keeps the lines of each week (`service.store.alerts`), so that a digest can be read
again later as it was; the answers beside them are those known today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.alert.evidence import Evidence
from rules.language import Text
from rules.time import Day


class LineKind(StrEnum):
    """Why a line is told."""

    CONFIRMED = "confirmed"
    WATCH = "watch"
    FACT = "fact"
    ANSWERED = "answered"
    RECOVERED = "recovered"
    RECOGNITION = "recognition"


class Recipient(StrEnum):
    """Whose business a line is: the rep it is about, their manager, or the ops."""

    REP = "rep"
    MANAGER = "manager"
    OPS = "ops"


class Channel(StrEnum):
    """Where a line goes: a task in the CRM, and the digest; or the digest alone."""

    TASK = "task"
    DIGEST = "digest"


class Answer(StrEnum):
    """What a person made of the task: completed, deleted or cancelled, put off."""

    DONE = "done"
    NOT_RELEVANT = "not_relevant"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """One line of a week, to be told to its recipient.

    `rep` is the key of the rep it is about (None: nobody's accounts), `assignee` of the person
    whom its task is for, where it has one. `severity` grows with gravity. `text` is the line,
    `body` its details, `action` the smallest one that would settle it. `accounts` and `deals`,
    of which `total` is the number, stand in the evidence. `is_new`: it opened this week.
    `has_task`: its task is in the CRM or on its way; a line of the channel `task` without one
    waits for a free place, was answered, or is silent. `snoozed_until` is the last silent day.
    """

    period: str
    rule: str
    subject: str
    kind: LineKind
    rep: str | None
    assignee: str | None
    recipient: Recipient
    channel: Channel
    severity: float
    text: Text
    body: Text
    action: Text | None
    evidence: Evidence
    is_new: bool
    is_silent: bool
    key: str | None = None
    opened_on: Day | None = None
    has_task: bool = False
    answer: Answer | None = None
    answered_on: Day | None = None
    snoozed_until: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLines:
    """The lines of a week, gravest first in each kind."""

    period: str
    lines: Sequence[WeekLine]

    def of(self, kind: LineKind) -> list[WeekLine]:
        """Those of a kind."""
        return [line for line in self.lines if line.kind is kind]
