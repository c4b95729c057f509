"""What goes wrong in the CRM in dictionaries: failing calls, refusals, locks, lost answers."""

import threading
from collections.abc import Callable

from connectors.base import ConnectorError, Outcome, State, Unanswered
from connectors.memory_admin import Administered
from rules.language import Text
from rules.records import Account, Kind
from rules.time import Instant

LOST = Text(
    fr="La réponse du CRM s'est perdue après l'écriture; réessayez.",
    en="The CRM's answer was lost after the write; try again.",
)


class Faulty(Administered):
    """A CRM whose requests are counted, and some of which fail as they are told to."""

    def __init__(self, clock: Callable[[], Instant] | None, page_size: int) -> None:
        super().__init__(clock, page_size)
        self.logins = 1
        self._lock = threading.RLock()
        self._refused: dict[str, str] = {}
        self._locked: set[str] = set()
        self._faults: dict[int, ConnectorError] = {}
        self._loses_answer = False
        self._loses_task_answer = False
        self._has_session = True
        self._calls = 0

    def fail(self, error: ConnectorError, *, on_call: int = 1) -> None:
        """Raise on the n-th request from now, before anything is done."""
        self._faults[self._calls + on_call] = error

    def refuse(self, external_id: str, reason: str) -> None:
        """Reject every write on a record, with these words."""
        self._refused[external_id] = reason

    def lock(self, external_id: str) -> None:
        """Put off every write on a record, until it is accepted again."""
        self._locked.add(external_id)

    def accept(self, external_id: str) -> None:
        """Accept writes on a record again."""
        self._refused.pop(external_id, None)
        self._locked.discard(external_id)

    def lose_answer(self, *, of_task: bool = False) -> None:
        """The next write, or the next new task, is carried out, and its answer lost."""
        self._loses_task_answer = of_task
        self._loses_answer = not of_task

    def end_session(self) -> None:
        """The session ends: the next request opens another, which `logins` counts."""
        self._has_session = False

    @property
    def calls(self) -> int:
        """How many requests this connector has received."""
        return self._calls

    def _is_live(self, account_id: str) -> bool:
        record = self._record(Kind.ACCOUNT, account_id)
        return isinstance(record, Account) and record.archived_at is None

    def _call(self) -> None:
        with self._lock:
            if not self._has_session:
                self._has_session = True
                self.logins += 1
                self._calls += 1
            self._calls += 1
            fault = self._faults.pop(self._calls, None)
        if fault is not None:
            raise fault

    def _maybe_lose_answer(self) -> None:
        if self._loses_answer:
            self._loses_answer = False
            raise Unanswered(LOST)


def refusal(external_id: str, reason: str) -> Outcome:
    """The rejection of a write, in the words of the CRM."""
    remedy = Text(
        fr=f"Le CRM a refusé l'écriture : {reason} Corrigez la fiche, puis relancez.",
        en=f"The CRM refused the write: {reason} Correct the record, then run again.",
    )
    return Outcome(external_id=external_id, state=State.REJECTED, reason=reason, remedy=remedy)


def unknown_account(external_id: str) -> Outcome:
    """The rejection of a write on an account that is not there."""
    remedy = Text(
        fr="Ce compte n'existe plus dans le CRM : relancez un « pull » pour le retirer.",
        en="This account no longer exists in the CRM: pull again to remove it.",
    )
    return Outcome(
        external_id=external_id, state=State.REJECTED, reason="No such account.", remedy=remedy
    )
