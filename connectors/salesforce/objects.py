"""The CRM objects that are read, their fields and ids: Salesforce's names in one place.

Fields are those of Salesforce's Object Reference; fields that an org or a user lacks are left out
once `describe` has told.
"""

import re
from dataclasses import dataclass

from connectors.base import Fatal
from rules.language import Text
from rules.records import ActivityKind, Kind, Relation

API_VERSION = "68.0"
OWN_PREFIX = "arpent_"
OWN_SUFFIX = "__c"
# Where the Tooling API makes fields.
CUSTOM_FIELD = "tooling/sobjects/CustomField"

_VERSION = re.compile(r"v?(\d{2})(?:\.0)?")
_OLDEST = 50
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SHORT_ID, _BLOCK = 15, 5
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object of the CRM: its name, its fields, its link to accounts.

    `refers_to` makes it a pointer: its own rows are no records, but name records that changed.
    `ripens` is an instant at which a record changes its meaning without being modified.
    `is_optional`: an org may lack it.
    """

    name: str
    kind: Kind
    fields: tuple[str, ...]
    relation: Relation | None = None
    activity: ActivityKind | None = None
    refers_to: str | None = None
    ripens: str | None = None
    is_optional: bool = False


_KEY = ("Id", "SystemModstamp", "IsDeleted")

ACCOUNT = ObjectType(
    name="Account",
    kind=Kind.ACCOUNT,
    fields=(
        *_KEY,
        *("Name", "Website", "OwnerId", "CreatedDate", "MasterRecordId", "CurrencyIsoCode"),
    ),
)
CONTACT = ObjectType(
    name="Contact",
    kind=Kind.CONTACT,
    fields=(*_KEY, "AccountId"),
    relation=Relation.CONTACT_ACCOUNT,
)
OPPORTUNITY_ROLE = ObjectType(
    name="OpportunityContactRole",
    kind=Kind.CONTACT,
    fields=(*_KEY, "ContactId", "Role"),
    refers_to="ContactId",
)
ACCOUNT_ROLE = ObjectType(
    name="AccountContactRole",
    kind=Kind.CONTACT,
    fields=(*_KEY, "ContactId", "Role"),
    refers_to="ContactId",
    is_optional=True,
)
OPPORTUNITY = ObjectType(
    name="Opportunity",
    kind=Kind.OPPORTUNITY,
    fields=(
        *_KEY,
        *("Name", "AccountId", "OwnerId", "StageName", "Amount", "CurrencyIsoCode"),
        *("CloseDate", "CreatedDate"),
    ),
    relation=Relation.OPPORTUNITY_ACCOUNT,
)
TASK = ObjectType(
    name="Task",
    kind=Kind.ACTIVITY,
    fields=(
        *_KEY,
        *("AccountId", "OwnerId", "ActivityDate", "CompletedDateTime", "CreatedDate"),
        *("IsClosed", "TaskSubtype", "Type", "CallType", "CallDisposition"),
    ),
    relation=Relation.ACTIVITY_ACCOUNT,
)
EVENT = ObjectType(
    name="Event",
    kind=Kind.ACTIVITY,
    fields=(
        *_KEY,
        *("AccountId", "OwnerId", "StartDateTime", "CreatedDate", "IsRecurrence", "IsChild"),
        "Type",
    ),
    relation=Relation.ACTIVITY_ACCOUNT,
    activity=ActivityKind.MEETING,
    ripens="StartDateTime",
)

HISTORY_FIELDS = ("Id", "OpportunityId", "StageName", "Amount", "CreatedDate")
ROLE_FIELDS = ("ContactId", "Role")

STREAMS: dict[Kind, tuple[ObjectType, ...]] = {
    Kind.ACCOUNT: (ACCOUNT,),
    Kind.CONTACT: (CONTACT, OPPORTUNITY_ROLE, ACCOUNT_ROLE),
    Kind.OPPORTUNITY: (OPPORTUNITY,),
    Kind.ACTIVITY: (TASK, EVENT),
}


def own_field(name: str) -> str:
    """The API name of a field of ours."""
    return f"{OWN_PREFIX}{name}{OWN_SUFFIX}"


def own_name(field: str) -> str | None:
    """Our name of a field; None where it is not one of ours. API names are case-insensitive."""
    lowered = field.lower()
    if lowered.startswith(OWN_PREFIX) and lowered.endswith(OWN_SUFFIX):
        return lowered.removeprefix(OWN_PREFIX).removesuffix(OWN_SUFFIX)
    return None


# The field on activities that holds the key of a task.
ALERT_KEY = "alert_key"
KEY_FIELD = own_field(ALERT_KEY)


def is_id(written: str) -> bool:
    """Whether a text has the shape of a record id, of 15 or 18 characters."""
    return _ID.fullmatch(written) is not None


def full_id(written: str) -> str:
    """A record id in its 18 characters: one of 15, whose case matters, gets its three checks.

    Each check tells which letters of a block of five are capitals, the first as the lowest bit
    (Salesforce's documentation of the ID field type).
    """
    if len(written) != _SHORT_ID or not is_id(written):
        return written
    blocks = [written[place : place + _BLOCK] for place in range(0, _SHORT_ID, _BLOCK)]
    checks = [
        sum(1 << place for place, letter in enumerate(block) if "A" <= letter <= "Z")
        for block in blocks
    ]
    return written + "".join(_CHECK[check] for check in checks)


def version_of(written: str) -> str:
    """A version of the API as `68.0`, from `68`, `v68.0` or `68.0`.

    Raises:
        Fatal: It is none that this connector can use.
    """
    found = _VERSION.fullmatch(written.strip())
    if found is None or int(found[1]) < _OLDEST:
        raise Fatal(
            Text(
                fr=f"« {written} » n'est pas une version utilisable de l'API de Salesforce : "
                f"écrivez {API_VERSION} dans les réglages.",
                en=f"“{written}” is not a usable version of Salesforce's API: write {API_VERSION} "
                "in the settings.",
            )
        )
    return f"{found[1]}.0"
