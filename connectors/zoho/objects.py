"""The CRM modules that are read, their fields and ids: Zoho's names in one place.

Fields are those of Zoho's documentation of its modules; what an organisation or a profile lacks is
left out once `connectors.zoho.schema` has told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo

from rules.records import ActivityKind, Kind, Relation
from rules.time import Instant, moment_of

API_VERSION = "v8"
OWN_LABEL = "Arpent"
MODIFIED = "Modified_Time"

_ID = re.compile(r"[0-9]{1,20}")
_OWN = re.compile(r"arpent([a-z]+?)[0-9]*")
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of the CRM: its API name, its fields, its link to accounts.

    `ripens` is an instant at which a record changes its meaning without being modified. `is_bulk`:
    a large first load may be a bulk job. `tab` is its name in the addresses of pages.
    """

    name: str
    kind: Kind
    fields: tuple[str, ...]
    relation: Relation | None = None
    activity: ActivityKind | None = None
    ripens: str | None = None
    is_bulk: bool = False
    tab: str = ""


_KEY = ("id", MODIFIED)
# The lookups of an activity may lead to any module; `$se_module` says to which.
SE_MODULE = "$se_module"
_ABOUT = (*_KEY, "Owner", "Created_Time", "What_Id", "Who_Id")

# What people write on a contact, where they keep its part in a purchase; first found, first taken.
ROLE_FIELDS = ("Buying_Role", "Contact_Role", "Role", "Role_d_achat", "Role_dans_l_achat")
# What people write on a task to say what it was.
TASK_TYPES = ("Task_Type", "Activity_Type", "Type")
# And on a meeting to say what became of it.
MEETING_OUTCOMES = (
    "Meeting_Outcome",
    "Outcome",
    "Meeting_Status",
    "Issue",
    "Statut_de_la_rencontre",
)

ACCOUNTS = Module(
    name="Accounts",
    kind=Kind.ACCOUNT,
    fields=(
        *_KEY,
        *("Account_Name", "Website", "Owner", "Created_Time", "Currency", "Exchange_Rate"),
    ),
    is_bulk=True,
    tab="Accounts",
)
CONTACTS = Module(
    name="Contacts",
    kind=Kind.CONTACT,
    fields=(*_KEY, "Account_Name", *ROLE_FIELDS),
    relation=Relation.CONTACT_ACCOUNT,
    is_bulk=True,
    tab="Contacts",
)
DEALS = Module(
    name="Deals",
    kind=Kind.OPPORTUNITY,
    fields=(
        *_KEY,
        *("Deal_Name", "Account_Name", "Owner", "Stage", "Amount", "Currency", "Exchange_Rate"),
        *("Closing_Date", "Created_Time"),
    ),
    relation=Relation.OPPORTUNITY_ACCOUNT,
    is_bulk=True,
    # Deals were called potentials, and still are in addresses.
    tab="Potentials",
)
TASKS = Module(
    name="Tasks",
    kind=Kind.ACTIVITY,
    fields=(*_ABOUT, "Subject", "Due_Date", "Status", "Closed_Time", *TASK_TYPES),
    relation=Relation.ACTIVITY_ACCOUNT,
)
EVENTS = Module(
    name="Events",
    kind=Kind.ACTIVITY,
    fields=(*_ABOUT, "Start_DateTime", *MEETING_OUTCOMES),
    relation=Relation.ACTIVITY_ACCOUNT,
    activity=ActivityKind.MEETING,
    ripens="Start_DateTime",
)
CALLS = Module(
    name="Calls",
    kind=Kind.ACTIVITY,
    fields=(
        *_ABOUT,
        *("Call_Type", "Call_Start_Time", "Call_Duration", "Call_Duration_in_seconds"),
        *("Call_Result", "Outgoing_Call_Status", "Call_Status"),
    ),
    relation=Relation.ACTIVITY_ACCOUNT,
    activity=ActivityKind.CALL,
)

STREAMS: Mapping[Kind, tuple[Module, ...]] = {
    Kind.ACCOUNT: (ACCOUNTS,),
    Kind.CONTACT: (CONTACTS,),
    Kind.OPPORTUNITY: (DEALS,),
    Kind.ACTIVITY: (TASKS, EVENTS, CALLS),
}

# The tracker of the stage of deals: a row for each stay in a stage (Zoho's Kaizen 107 on trackers).
HISTORY = "DealHistory"
HISTORY_DEAL = "Potential_Name"
HISTORY_FIELDS = ("id", HISTORY_DEAL, "Stage", "Amount", MODIFIED)


def label_of(name: str) -> str:
    """The English label with which a field of ours is created: Zoho derives its name from it."""
    return f"{OWN_LABEL} {name.replace('_', ' ').title()}"


def planned_name(name: str) -> str:
    """The API name that Zoho is expected to derive for a field of ours."""
    return label_of(name).replace(" ", "_")


def plain(name: str) -> str:
    """A name reduced to its letters and figures, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_own(api_name: str) -> bool:
    """Whether an API name is one that Zoho derives from a label of ours."""
    return _OWN.fullmatch(plain(api_name)) is not None


def is_named(api_name: str, name: str) -> bool:
    """Whether an API name is that of our field; Zoho adds a figure where the name was taken."""
    found = _OWN.fullmatch(plain(api_name))
    return found is not None and found[1] == plain(name)


def is_id(written: object) -> bool:
    """Whether a text has the shape of a record id: a whole number of 64 bits."""
    return isinstance(written, str) and _ID.fullmatch(written) is not None


def moment(instant: Instant) -> str:
    """An instant as Zoho takes it: a whole second with its offset, never a Z."""
    return f"{moment_of(instant, _UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def identifier(raw: object) -> str | None:
    """The id of a lookup, which comes as an object with or without a name, or as a bare id."""
    found = raw.get("id") if isinstance(raw, dict) else raw
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return found if isinstance(found, str) and is_id(found) else None
