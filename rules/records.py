"""The canonical records: what every CRM is translated to. External ids are the CRM's own strings.

Instants and days are the integers of `rules.time`; money is in minor units (cents).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rules.time import Instant

Value = str | int | float | bool | None


class Kind(StrEnum):
    """What a record is; also the name of the stream that pulls it."""

    OWNER = "owner"
    STAGE = "stage"
    ACCOUNT = "account"
    CONTACT = "contact"
    OPPORTUNITY = "opportunity"
    ACTIVITY = "activity"


class FieldType(StrEnum):
    """The type of a bound field, of a fact and of a rule."""

    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    YES_NO = "yes_no"


class StageKind(StrEnum):
    """What a stage of the sales pipeline means for the opportunity in it."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Relation(StrEnum):
    """What a link joins, from → to."""

    OPPORTUNITY_ACCOUNT = "opportunity_account"
    CONTACT_ACCOUNT = "contact_account"
    ACTIVITY_ACCOUNT = "activity_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A CRM user who holds records. Inactive owners keep their past records, never new tasks."""

    external_id: str
    name: str
    email: str | None
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of a sales pipeline; `probability` is 0 to 1."""

    external_id: str
    pipeline_id: str
    pipeline_label: str
    label: str
    position: int
    probability: float
    kind: StageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A company. `fields` are bound fields by playbook name; `observed` our own fields as read."""

    external_id: str
    name: str | None
    domain: str | None
    owner_id: str | None
    created_at: Instant | None
    modified_at: Instant
    archived_at: Instant | None = None
    merged_ids: Sequence[str] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    observed: Mapping[str, str | None] = field(default_factory=dict)


class ContactRole(StrEnum):
    """The part of a contact in a purchase: decides, weighs on the decision, or neither."""

    DECISION_MAKER = "decision_maker"
    INFLUENCER = "influencer"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an account: id and buying role only, never a name or an address.

    `role` is None where the CRM doesn't say; every vendor's words become a `ContactRole`.
    """

    external_id: str
    role: ContactRole | None
    modified_at: Instant
    archived_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """The instant at which an opportunity entered a stage."""

    stage_id: str
    entered_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A possible sale. `closes_at` is the close date, expected while open, actual once closed.

    `amount` is in `currency`; `home_amount` in the CRM account's home currency where the CRM
    computes it. `peak_amount` is the greatest amount ever recorded, in `currency`.
    """

    external_id: str
    name: str | None
    owner_id: str | None
    stage_id: str | None
    amount: int | None
    currency: str | None
    home_amount: int | None
    peak_amount: int | None
    created_at: Instant | None
    closes_at: Instant | None
    modified_at: Instant
    archived_at: Instant | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    stage_entries: Sequence[StageEntry] = ()


class ActivityKind(StrEnum):
    """The kinds of logged activity that Arpent reads."""

    CALL = "call"
    MEETING = "meeting"
    EMAIL = "email"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A logged activity. `is_contact`: completed, and outbound or two-way. Never its text."""

    external_id: str
    kind: ActivityKind
    owner_id: str | None
    happened_at: Instant | None
    is_contact: bool
    modified_at: Instant
    archived_at: Instant | None = None


Record = Owner | Stage | Account | Contact | Opportunity | Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A many-to-many link between two external ids; `is_primary` marks the main account."""

    relation: Relation
    from_id: str
    to_id: str
    is_primary: bool = False


NAMELESS = "?"
"""How the names begin by which records without a usable id go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """A value that could not be read: the record stays, the value is unknown, the reason is kept.

    Without a `field` it is the whole record that could not be read: what is known of it stays.
    `raw` is the text as received, cut at 200 characters.
    """

    kind: Kind
    external_id: str
    field: str
    raw: str
    reason: str
