"""A CRM in dictionaries, under the same contract as the real ones.

It is what the tests of the service talk to: seeded by `put_*` and `link`, edited as people would
by `edit_own_field`, `reassign`, `archive`, `merge` and what `memory_tasks` has for them, made to
fail as `memory_faults` can, and read back through `tasks`, `finished` and `written`. Cursors count
changes, so nothing depends on a clock.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from connectors.base import (
    Allowance,
    Binding,
    Change,
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
)
from connectors.memory_faults import refusal, unknown_account
from connectors.memory_fields import ADDED, decide, leave, widened, without_room
from connectors.memory_tasks import Tasked
from rules.language import Text
from rules.records import (
    Kind,
)
from rules.time import Instant


class Memory(Tasked):
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
        self.identity = Identity(
            vendor="memory",
            account_id="memory-1",
            name="Memory",
            time_zone="America/Toronto",
            currency=self.currency,
        )
        self.written: list[Change] = []

    # The contract.

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

    def _apply(self, wanted: OwnField, found: Provisioned) -> None:
        if found.state in ADDED:
            self.own_schema[wanted.name] = wanted
            self.deleted_schema.discard(wanted.name)
        elif found.state is Provision.UPDATED:
            self.own_schema[wanted.name] = widened(self.own_schema[wanted.name], wanted)

    def _update(self, change: Change) -> Outcome:
        if not self._is_live(change.external_id):
            return unknown_account(change.external_id)
        if (reason := self._refused.get(change.external_id)) is not None:
            return refusal(change.external_id, reason)
        if change.external_id in self._locked:
            return Outcome(external_id=change.external_id, state=State.DEFERRED, reason="Locked.")
        for name, value in change.values.items():
            declared = self.own_schema.get(name)
            if declared is None:
                words = f"The field arpent_{name} does not exist."
                return replace(refusal(change.external_id, words), missing={name})
            options = {option for option, _ in declared.options}
            if value is not None and options and value not in options:
                return refusal(
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
