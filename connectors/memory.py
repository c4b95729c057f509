"""A CRM in dictionaries, under the same contract as the real ones.

It is what the tests of the service talk to: seeded by `put_*` and `link`, edited as people would
by `edit_own_field`, `reassign`, `archive`, `merge` and `finish_task`, made to fail by `fail`,
`refuse`, `lock`, `lose_answer` and `end_session`, and read back through `tasks`, `finished` and
`written`. Cursors count changes, so nothing depends on a clock.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from connectors.base import (
    Allowance,
    Binding,
    Change,
    ConnectorError,
    CrmField,
    Edit,
    Identity,
    Outcome,
    OwnField,
    Page,
    Provision,
    Provisioned,
    Remark,
    Removal,
    Removed,
    Room,
    State,
    Task,
    Unanswered,
)
from connectors.memory_admin import Administered
from connectors.memory_fields import ADDED, decide, leave, widened, without_room
from rules.language import Text
from rules.records import (
    Account,
    Kind,
)
from rules.time import Instant

_LOST = Text(
    fr="La réponse du CRM s'est perdue après l'écriture; réessayez.",
    en="The CRM's answer was lost after the write; try again.",
)


class Memory(Administered):
    """A CRM in dictionaries. `clock` stamps records; without it each change lasts a second.

    `room` is how many own fields it takes; `normalised` says by field in which form it keeps a
    value.
    """

    vendor = "memory"

    def __init__(
        self,
        *,
        clock: Callable[[], Instant] | None = None,
        page_size: int = 100,
        senders: int = 1,
        readers: int = 1,
        room: int | None = None,
    ) -> None:
        super().__init__(clock, page_size)
        self.senders = senders
        self.readers = readers
        self.room = room
        self.known_allowance: Allowance | None = None
        self.normalised: dict[str, Callable[[str], str]] = {}
        self._lock = threading.RLock()
        self.identity = Identity(
            vendor="memory",
            account_id="memory-1",
            name="Memory",
            time_zone="America/Toronto",
            currency=self.currency,
        )
        self.tasks: dict[str, Task] = {}
        self.finished: set[str] = set()
        self.written: list[Change] = []
        self._refused: dict[str, str] = {}
        self._locked: set[str] = set()
        self._faults: dict[int, ConnectorError] = {}
        self._loses_answer = False
        self._loses_task_answer = False
        self._has_session = True
        self.logins = 1
        self._calls = 0

    # Faults.

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

    def finish_task(self, task_id: str) -> None:
        """A person completes a task."""
        self.finished.add(task_id)

    def lose_answer(self, *, of_task: bool = False) -> None:
        """The next write, or the next new task, is carried out, and its answer lost."""
        self._loses_task_answer = of_task
        self._loses_answer = not of_task

    def end_session(self) -> None:
        """The session ends: the next request opens another, which `logins` counts."""
        self._has_session = False

    # The contract.

    @property
    def calls(self) -> int:
        """How many requests this connector has received."""
        return self._calls

    def identify(self) -> Identity:
        """The account, as the attribute `identity` has it."""
        self._call()
        return self.identity

    def fields(self, kind: Kind) -> Sequence[CrmField]:
        """The declared fields of a kind, ours among those of accounts."""
        self._call()
        own = self.own_schema.values() if kind is Kind.ACCOUNT else ()
        ours = [
            CrmField(name=f"arpent_{each.name}", label=each.label, type=each.type, own=each.name)
            for each in own
        ]
        return (*self.declared.get(kind, ()), *ours)

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """Create our missing fields, add missing options, refuse a type conflict."""
        del group_label
        self._call()
        decided = [
            (wanted, decide(wanted, self.own_schema.get(wanted.name), self.deleted_schema))
            for wanted in fields
        ]
        added = sum(found.state in ADDED for _, found in decided)
        if self.room is not None and added and len(self.own_schema) + added > self.room:
            decided = [(wanted, without_room(found, self.room)) for wanted, found in decided]
        for wanted, found in () if dry_run else decided:
            self._apply(wanted, found)
        return [found for _, found in decided]

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """Delete our fields; their values stay, unseen, until the fields are created again."""
        self._call()
        decided = [leave(each, self.own_schema.get(each.name)) for each in fields]
        for each in () if dry_run else decided:
            if each.state is Removal.REMOVED:
                self.delete_own_field(each.field)
        return decided

    def headroom(self) -> Room | None:
        """The room for own fields, as the attribute `room` has it."""
        self._call()
        return None if self.room is None else Room(limit=self.room, usage=len(self.own_schema))

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """Pages in the order of creation from `None`, in the order of change from a cursor."""
        bound = [binding for binding in bindings if binding.kind is kind]
        while True:
            with self._lock:
                self._call()
                page = self.page(kind, cursor, bound, own_fields)
            yield page
            if page.is_last:
                return
            cursor = page.cursor

    def batch_for(self, _owed: int) -> int:
        """As few as the least of the CRMs takes."""
        return 100

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write our fields; `written` keeps each change that was applied."""
        with self._lock:
            self._call()
            outcomes = [self._update(change) for change in changes]
            self._maybe_lose_answer()
            return outcomes

    def edits(self, external_ids: Sequence[str], own_fields: Sequence[str]) -> Sequence[Edit]:
        """What our fields hold, and who edited them last, as `edit_own_field` was told."""
        self._call()
        return [
            Edit(
                external_id=key, field=name, value=self.own_field(key, name),
                author=author, at=at,
            )
            for key in external_ids
            if self._is_live(key)
            for name in own_fields
            for author, at in [self._edited.get((key, name), (None, None))]
        ]  # fmt: skip

    def create_task(self, task: Task) -> Outcome:
        """Create a task on an account that exists."""
        self._call()
        if self._record(Kind.ACCOUNT, task.account_id) is None:
            return _unknown_account("")
        if (reason := self._refused.get(task.account_id)) is not None:
            return _refusal("", reason)
        key = self._id(None)
        self.tasks[key] = task
        if self._loses_answer or self._loses_task_answer:
            self._loses_answer = self._loses_task_answer = False
            return Outcome(external_id="", state=State.UNKNOWN, reason=_LOST.en, remedy=_LOST)
        return Outcome(external_id=key, state=State.APPLIED)

    def find_task(self, task: Task) -> str | None:
        """The id of the account's task with this key."""
        self._call()
        for key, existing in self.tasks.items():
            if existing.key == task.key and existing.account_id == task.account_id:
                return key
        return None

    def update_task(self, task_id: str, task: Task) -> Outcome:
        """Rewrite the subject and the body of a task that nobody has finished."""
        outcome = self._change_task(task_id)
        if outcome.state is State.APPLIED:
            before = self.tasks[task_id]
            self.tasks[task_id] = replace(before, subject=task.subject, body=task.body)
        return outcome

    def complete_task(self, task_id: str) -> Outcome:
        """Finish a task that nobody has finished."""
        outcome = self._change_task(task_id)
        if outcome.state is State.APPLIED:
            self.finished.add(task_id)
        return outcome

    def setup_steps(self) -> Sequence[Text]:
        """There is nobody to click."""
        return ()

    def remarks(self) -> Sequence[Remark]:
        """There are no credentials."""
        return ()

    @property
    def allowance(self) -> Allowance | None:
        """As the attribute `known_allowance` has it."""
        return self.known_allowance

    def record_url(self, kind: Kind, external_id: str) -> str:
        """An address that only tests look at."""
        return f"memory://{kind}/{external_id}"

    def close(self) -> None:
        """There is nothing to release."""

    # How it works.

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
            raise Unanswered(_LOST)

    def _change_task(self, task_id: str) -> Outcome:
        self._call()
        task = self.tasks.get(task_id)
        if task is None or task_id in self.finished:
            return Outcome(external_id=task_id, state=State.UNCHANGED, reason="Not open.")
        if (reason := self._refused.get(task.account_id)) is not None:
            return _refusal(task_id, reason)
        return Outcome(external_id=task_id, state=State.APPLIED)

    def _apply(self, wanted: OwnField, found: Provisioned) -> None:
        if found.state in ADDED:
            self.own_schema[wanted.name] = wanted
            self.deleted_schema.discard(wanted.name)
        elif found.state is Provision.UPDATED:
            self.own_schema[wanted.name] = widened(self.own_schema[wanted.name], wanted)

    def _update(self, change: Change) -> Outcome:
        if not self._is_live(change.external_id):
            return _unknown_account(change.external_id)
        if (reason := self._refused.get(change.external_id)) is not None:
            return _refusal(change.external_id, reason)
        if change.external_id in self._locked:
            return Outcome(external_id=change.external_id, state=State.DEFERRED, reason="Locked.")
        for name, value in change.values.items():
            declared = self.own_schema.get(name)
            if declared is None:
                words = f"The field arpent_{name} does not exist."
                return replace(_refusal(change.external_id, words), missing={name})
            options = {option for option, _ in declared.options}
            if value is not None and options and value not in options:
                return _refusal(
                    change.external_id, f"{value} is not one of the options of arpent_{name}."
                )
        kept = {
            name: value and self.normalised.get(name, str)(value)
            for name, value in change.values.items()
        }
        self._set_own(change.external_id, kept)
        self.written.append(change)
        return Outcome(
            external_id=change.external_id,
            state=State.APPLIED,
            normalised={
                name: value for name, value in kept.items() if value != change.values[name]
            },
        )


def _refusal(external_id: str, reason: str) -> Outcome:
    remedy = Text(
        fr=f"Le CRM a refusé l'écriture : {reason} Corrigez la fiche, puis relancez.",
        en=f"The CRM refused the write: {reason} Correct the record, then run again.",
    )
    return Outcome(external_id=external_id, state=State.REJECTED, reason=reason, remedy=remedy)


def _unknown_account(external_id: str) -> Outcome:
    remedy = Text(
        fr="Ce compte n'existe plus dans le CRM : relancez un « pull » pour le retirer.",
        en="This account no longer exists in the CRM: pull again to remove it.",
    )
    return Outcome(
        external_id=external_id, state=State.REJECTED, reason="No such account.", remedy=remedy
    )
