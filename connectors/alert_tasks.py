"""What the task of an alert has in every CRM: its mark, its text, and what is said of its write."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connectors import values
from connectors.base import Outcome, State, Task
from rules.language import Text
from rules.time import Instant, start_of

# In characters: what the narrowest CRM takes.
LONGEST_SUBJECT = 255
LONGEST_BODY = 32_000


def marker(key: str) -> str:
    """The mark by which a task is recognised, at the end of its text."""
    return f"[Arpent {key}]"


def plain_text(task: Task) -> str:
    """The text of a task where texts are plain, with its mark."""
    mark = marker(task.key)
    return f"{task.body[: LONGEST_BODY - len(mark) - 1]}\n{mark}"


def told(task_id: str, state: State, message: Text) -> Outcome:
    """The outcome of which a sentence of ours is all there is to say."""
    return Outcome(external_id=task_id, state=state, reason=message.en, remedy=message)


def due_at(raw: object, zone: ZoneInfo) -> Instant | None:
    """When a task is due that has no more than a day: the first instant of that day in a zone.

    It is never later than the instant at which we said that it was due on that day. None where
    there is no day, or one that can't be read.
    """
    try:
        day = values.day(raw or None)
    except values.Unreadable:
        return None
    return None if day is None else start_of(day, zone)


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What people read when a task is not written; `title` is what they call the CRM."""

    title: str

    @property
    def no_id(self) -> Text:
        """The answer to a new task lacks its id."""
        return Text(
            fr=f"{self.title} a répondu sans l'identifiant de la tâche : on ignore si elle existe. "
            "Elle sera cherchée sur le compte avant toute nouvelle création.",
            en=f"{self.title} answered without the task's id: whether it exists is unknown. It "
            "will be looked up on the account before it is created again.",
        )

    @property
    def refused(self) -> Text:
        """The CRM does not take it."""
        return Text(
            fr="La tâche n'a pas été écrite. Vérifiez que le propriétaire est actif dans "
            f"{self.title} et que le compte existe encore, puis relancez.",
            en="The task was not written. Check that the owner is active in "
            f"{self.title} and that the account still exists, then run again.",
        )

    @property
    def gone(self) -> Text:
        """Somebody has deleted it."""
        return Text(
            fr=f"La tâche n'est plus dans {self.title} : elle n'est pas recréée.",
            en=f"The task is no longer in {self.title}: it is not created again.",
        )


DONE = Text(
    fr="La tâche est déjà fermée : elle reste comme la personne l'a laissée.",
    en="The task is closed already: it stays as the person left it.",
)
JUST_EDITED = Text(
    fr="Quelqu'un modifie cette tâche en ce moment : elle sera revue au prochain passage.",
    en="Somebody is editing this task right now: it will be looked at again at the next run.",
)
