"""The contract of a CRM: what `service` asks, in which shapes, and how failures are named.

Errors are named by what to do next: `Retriable` (wait, retry), `Rejected` (this record only, an
`Outcome`), `Fatal` (stop this CRM, keep the others).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from pydantic import SecretStr

from rules.language import Text
from rules.records import FieldType, Kind, Link, Quarantine, Record
from rules.time import Instant


class ConnectorError(Exception):
    """A CRM did not do what was asked. The message says what, where, and the next step."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


class Retriable(ConnectorError):  # noqa: N818 - named by what to do next
    """Worth another try after `retry_after` seconds (None: the caller's own backoff)."""

    def __init__(self, message: Text, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unanswered(Retriable):
    """The request left, and no usable answer came: it may have been carried out."""


class Fatal(ConnectorError):  # noqa: N818 - named by what to do next
    """This CRM can't go on without a person: wrong token, missing scope, wrong portal."""


class Misconfigured(Fatal):
    """The settings can't be used as they are; no CRM was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Two keys of one account, while one takes the place of the other."""

    current: SecretStr
    following: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A short-lived access token: best renewed from `renew_at` on, no good from `ends_at` on.

    `account_id` is the account that it opens, where the CRM said so.
    """

    token: SecretStr
    renew_at: Instant
    ends_at: Instant
    account_id: str | None


class Shelf(Protocol):
    """Where the processes that share an OAuth grant take turns, and leave the token they got."""

    def try_turn(self) -> bool:
        """Take the turn, unless another process has it; whoever ends, however, gives it back."""

    def end_turn(self) -> None:
        """Give the turn back."""

    def read(self) -> Pass | None:
        """What the last turn left for this grant; None when there is nothing of use."""

    def leave(self, left: Pass) -> None:
        """Leave a token for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an OAuth application was granted.

    `refresh_token` gives the one in force, also when another process has replaced it; `keep`
    takes a new one over, and says whether it will still be there after a restart. At the
    `shelf`, the processes that share the grant have it refreshed once for all.
    """

    client_id: str
    client_secret: SecretStr
    refresh_token: Callable[[], SecretStr]
    keep: Callable[[SecretStr], bool]
    shelf: Shelf | None = None


# How a CRM account is opened: one key, two keys, or OAuth.
Access: TypeAlias = SecretStr | Rotation | Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that an operator should know of a connection that works."""

    text: Text
    is_fine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a CRM lets us call, as its answers told at `seen_at`: `burst` requests in a window.

    The day's figures count every tool of the customer; they are None where the CRM keeps silent.
    """

    seen_at: Instant
    burst: int
    window_seconds: float
    daily: int | None = None
    daily_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which CRM account a token opens. `account_id` is pinned; writes to another are refused.

    `user_id` is the owner as whom we are logged in, where the CRM tells.
    """

    vendor: str
    account_id: str
    name: str
    time_zone: str
    currency: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A CRM field that the playbook uses: `name` in rules, `crm_field` in the CRM.

    `values` maps the CRM's option to the playbook's value for a choice (empty: taken as is).
    """

    kind: Kind
    name: str
    crm_field: str
    type: FieldType
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmField:
    """A field as the CRM declares it; `type` is the CRM's own word.

    `never` are the types of the playbook as which none of its values could be read, `fits` the one
    that it is read as best, where the CRM's type tells; `option_labels` are what people read of an
    option, `option_aliases` the other name that the connector knows it by, where it has one; `own`
    is the name that we give to a field of ours.
    """

    name: str
    label: str
    type: str
    options: Sequence[str] = ()
    never: Collection[FieldType] = ()
    own: str | None = None
    fits: FieldType | None = None
    option_labels: Mapping[str, str] = field(default_factory=dict)
    option_aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnField:
    """A field that Arpent owns on the account; `options` are (value, label). See `rules.owned`."""

    name: str
    type: FieldType
    label: str
    description: str
    options: Sequence[tuple[str, str]] = ()


class Provision(StrEnum):
    """What `ensure` did, or would do, with one own field."""

    PRESENT = "present"
    CREATED = "created"
    REVIVED = "revived"
    UPDATED = "updated"
    CONFLICT = "conflict"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """The outcome of `ensure` for one field; `note` explains a conflict and the next step."""

    field: str
    crm_field: str
    state: Provision
    note: Text | None = None


class Removal(StrEnum):
    """What `remove` did, or would do, with one own field.

    `FOREIGN`: a field of that name holds other values than ours, and stays. `REFUSED`: the CRM
    keeps it.
    """

    REMOVED = "removed"
    ABSENT = "absent"
    FOREIGN = "foreign"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The outcome of `remove` for one field; `note` says why it stays, and the next step."""

    field: str
    crm_field: str
    state: Removal
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many custom fields accounts may have in this edition of the CRM, and have."""

    limit: int
    usage: int

    @property
    def left(self) -> int:
        """How many more there may be."""
        return max(0, self.limit - self.usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One response worth of records, whole: its links replace the earlier links of its records.

    `cursor` resumes after this page; it is saved in the same transaction as the page.
    `is_last` marks the end of the stream for now. `gone` are ids that exist no more.
    """

    kind: Kind
    records: Sequence[Record]
    cursor: str
    is_last: bool
    links: Sequence[Link] = ()
    gone: Sequence[str] = ()
    quarantined: Sequence[Quarantine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The own fields to write on one account; a value is text as `rules.owned` writes it."""

    external_id: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A to-do for an owner, tied to an account so that `find_task` can look it up consistently.

    `key` is written into the task and makes a second creation avoidable.
    """

    key: str
    subject: str
    body: str
    due_at: Instant
    owner_id: str
    account_id: str
    is_urgent: bool = False


class TaskStatus(StrEnum):
    """How a task stands in the CRM: to be done, done, put off by a person, or not there any more.

    `GONE`: deleted or cancelled.
    """

    OPEN = "open"
    DONE = "done"
    PUT_OFF = "put_off"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRead:
    """How a task stands, and when it is due now; None where the CRM doesn't tell."""

    status: TaskStatus
    due_at: Instant | None = None


class State(StrEnum):
    """What became of a change: only a per-record success in the CRM's answer is `APPLIED`.

    `UNCHANGED`: a task that a person has finished with, left alone. `DEFERRED`: the CRM wants to
    be asked again later for this record. `UNKNOWN`: it may have been carried out, or not.
    """

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one change or task. `reason` holds the CRM's own words, `remedy` ours.

    `normalised`: the values that the CRM keeps where it applied ours in a form of its own.
    `wait`: after how many seconds to try again; None leaves it to the caller. `missing`: the own
    fields that the CRM lacks, for which alone it rejected the change.
    """

    external_id: str
    state: State
    reason: str = ""
    remedy: Text | None = None
    normalised: Mapping[str, str | None] = field(default_factory=dict)
    wait: float | None = None
    missing: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What an own field of an account holds now, and who last changed it, when.

    `author` and `at` are None where the CRM doesn't tell.
    """

    external_id: str
    field: str
    value: str | None
    author: str | None = None
    at: Instant | None = None


class Connector(Protocol):
    """A CRM. Every method may raise `Retriable` or `Fatal`; none retries a write.

    Thread-safe. `senders` is how many calls of `update` are worth having under way at once,
    `readers` how many streams.
    """

    vendor: str
    senders: int
    readers: int

    def identify(self) -> Identity:
        """Which CRM account this is; also the check that the credentials work."""

    def fields(self, kind: Kind) -> Sequence[CrmField]:
        """The fields that the CRM declares for a kind (accounts, opportunities)."""

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """Create what is missing of our own fields; never change the type of one that exists."""

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """Archive these own fields, and nothing else; one that is not there is no failure.

        A field of the same name and another type is somebody else's: it stays.
        """

    def headroom(self) -> Room | None:
        """The room for custom fields of accounts; None where the CRM does not tell."""

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """The stream of a kind: whole from `None`, else what changed since the cursor.

        Ends after the page with `is_last`. A cursor never passes the CRM's own clock minus a
        safety lag, so pages overlap: the store drops what it has already.
        """

    def batch_for(self, owed: int) -> int:
        """Of how many accounts a call of `update` is best, where so many values are owed."""

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write own fields on accounts, one outcome for each change, in the order given."""

    def edits(self, external_ids: Sequence[str], own_fields: Sequence[str]) -> Sequence[Edit]:
        """Own fields of some accounts as they are now, by a consistent read.

        An account that is not there any more is not in the answer.
        """

    def create_task(self, task: Task) -> Outcome:
        """Create a task; `external_id` of the outcome is the task's."""

    def find_task(self, task: Task) -> str | None:
        """The id of the task with this key among the account's, by a consistent read."""

    def update_task(self, task_id: str, task: Task) -> Outcome:
        """Give an open task the subject and the body of `task`; `UNCHANGED` when it is not open.

        When it is due, for whom and how urgent are by then the affair of the one who has it.
        """

    def complete_task(self, task_id: str) -> Outcome:
        """Mark an open task as done; `UNCHANGED` when it is not open."""

    def read_tasks(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        """How tasks stand now, by id, by a consistent read: a call for a hundred of them at most.

        One that is not there any more is `GONE`; of one about which the CRM says nothing, there is
        nothing in the answer.
        """

    def setup_steps(self) -> Sequence[Text]:
        """What only an administrator of the CRM can do for own fields to be seen, with links."""

    def record_url(self, kind: Kind, external_id: str) -> str:
        """The address of a record's page in the CRM."""

    def close(self) -> None:
        """Release connections. Idempotent."""

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the credentials, by trying them where it takes that."""

    @property
    def allowance(self) -> Allowance | None:
        """What the CRM lets us call; None before its answers have told."""

    @property
    def calls(self) -> int:
        """How many requests this connector has sent since it was made."""
