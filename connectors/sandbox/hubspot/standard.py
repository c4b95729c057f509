"""HubSpot's own properties and groups: what a new portal contains before anybody adds anything.

A subset: the properties that sales teams fill and that connectors read.
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.vocabulary import ACTIVITIES

_GROUPS = {
    "companies": ("companyinformation", "Company information"),
    "deals": ("dealinformation", "Deal information"),
    "contacts": ("contactinformation", "Contact information"),
    "tasks": ("task", "Task"),
    "notes": ("note", "Note"),
    "meetings": ("meeting", "Meeting"),
    "calls": ("call", "Call"),
    "emails": ("email", "Email"),
}

_LIFECYCLE = (
    *("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead"),
    *("opportunity", "customer", "evangelist", "other"),
)
_BUYING_ROLES = (
    *("BLOCKER", "BUDGET_HOLDER", "CHAMPION", "DECISION_MAKER", "END_USER"),
    *("EXECUTIVE_SPONSOR", "INFLUENCER", "LEGAL_AND_COMPLIANCE", "OTHER"),
)
_COMPANY_TYPES = ("PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER")
_CALL_STATES = (
    *("BUSY", "CALLING_CRM_USER", "CANCELED", "COMPLETED", "CONNECTING", "FAILED"),
    *("IN_PROGRESS", "NO_ANSWER", "QUEUED", "RINGING"),
)

# name → (type, fieldType, choices); a leading "=" marks a value that only HubSpot sets.
_Row = tuple[str, str, tuple[str, ...]]
_TEXT: _Row = ("string", "text", ())
_LONG: _Row = ("string", "textarea", ())
_NUMBER: _Row = ("number", "number", ())
_MOMENT: _Row = ("datetime", "date", ())


def _choice(*values: str) -> _Row:
    return ("enumeration", "select", values)


_COMMON: dict[str, _Row] = {
    "=hs_object_id": _NUMBER,
    "=hs_lastmodifieddate": _MOMENT,
    "=hs_createdate": _MOMENT,
    "=hs_merged_object_ids": ("enumeration", "checkbox", ()),
    "hubspot_owner_id": ("enumeration", "select", ()),
    "hs_unique_creation_key": _TEXT,
}
_COMPANY: dict[str, _Row] = {
    "name": _TEXT,
    "domain": _TEXT,
    "=createdate": _MOMENT,
    "lifecyclestage": ("enumeration", "radio", _LIFECYCLE),
    "type": _choice(*_COMPANY_TYPES),
    "industry": _choice("COMPUTER_SOFTWARE", "CONSTRUCTION", "MANUFACTURING", "RETAIL"),
    "website": _TEXT,
    "phone": _TEXT,
    "address": _TEXT,
    "city": _TEXT,
    "state": _TEXT,
    "zip": _TEXT,
    "country": _TEXT,
    "numberofemployees": _NUMBER,
    "annualrevenue": _NUMBER,
    "description": _LONG,
    "hs_lead_status": _choice("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED"),
    "=notes_last_contacted": _MOMENT,
    "=num_contacted_notes": _NUMBER,
}
_DEAL: dict[str, _Row] = {
    "dealname": _TEXT,
    "amount": _NUMBER,
    "deal_currency_code": _TEXT,
    "=amount_in_home_currency": _NUMBER,
    "createdate": _MOMENT,
    "closedate": _MOMENT,
    "pipeline": ("enumeration", "select", ()),
    "dealstage": ("enumeration", "radio", ()),
    "dealtype": ("enumeration", "radio", ("newbusiness", "existingbusiness")),
    "closed_lost_reason": _LONG,
    "closed_won_reason": _LONG,
    "description": _LONG,
    "hs_priority": _choice("low", "medium", "high"),
    "hs_next_step": _TEXT,
    "=hs_is_closed": ("bool", "booleancheckbox", ()),
    "=hs_is_closed_won": ("bool", "booleancheckbox", ()),
    "=hs_is_closed_lost": ("bool", "booleancheckbox", ()),
    "=hs_deal_stage_probability": _NUMBER,
}
_CONTACT: dict[str, _Row] = {
    "firstname": _TEXT,
    "lastname": _TEXT,
    "email": _TEXT,
    "phone": _TEXT,
    "jobtitle": _TEXT,
    "company": _TEXT,
    "=createdate": _MOMENT,
    "=lastmodifieddate": _MOMENT,
    "lifecyclestage": ("enumeration", "radio", _LIFECYCLE),
    "hs_buying_role": ("enumeration", "checkbox", _BUYING_ROLES),
}
_STATES = ("NOT_STARTED", "IN_PROGRESS", "COMPLETED", "WAITING", "DEFERRED")
_ACTIVITY: dict[str, dict[str, _Row]] = {
    "tasks": {
        "hs_task_subject": _TEXT,
        "hs_task_body": ("string", "html", ()),
        "hs_task_status": _choice(*_STATES),
        "hs_task_priority": _choice("NONE", "LOW", "MEDIUM", "HIGH"),
        "hs_task_type": _choice("TODO", "CALL", "EMAIL"),
        "hs_task_reminders": _TEXT,
        "=hs_task_completion_date": _MOMENT,
        "=hs_task_is_completed": ("bool", "booleancheckbox", ()),
    },
    "notes": {"hs_note_body": ("string", "html", ())},
    "meetings": {
        "hs_meeting_title": _TEXT,
        "hs_meeting_body": ("string", "html", ()),
        "hs_meeting_start_time": _MOMENT,
        "hs_meeting_end_time": _MOMENT,
        "hs_meeting_outcome": _choice(
            *("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")
        ),
    },
    "calls": {
        "hs_call_title": _TEXT,
        "hs_call_body": ("string", "html", ()),
        "hs_call_direction": _choice("INBOUND", "OUTBOUND"),
        "hs_call_disposition": _TEXT,
        "hs_call_duration": _NUMBER,
        "hs_call_status": _choice(*_CALL_STATES),
    },
    "emails": {
        "hs_email_subject": _TEXT,
        "hs_email_text": _LONG,
        "hs_email_direction": _choice("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"),
        "hs_email_status": _choice("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"),
    },
}
_TABLES: dict[str, dict[str, _Row]] = {
    "companies": _COMPANY,
    "deals": _DEAL,
    "contacts": _CONTACT,
} | {name: {"hs_timestamp": _MOMENT} | _ACTIVITY[name] for name in ACTIVITIES}

# Properties whose choices live elsewhere: owners, pipelines, stages.
EXTERNAL = frozenset({"hubspot_owner_id", "pipeline", "dealstage"})


def standard_groups(object_type: str) -> dict[str, JsonObject]:
    """Return the groups of a new portal, by name."""
    name, label = _GROUPS[object_type]
    return {name: {"name": name, "label": label, "displayOrder": 0, "archived": False}}


def standard_group(object_type: str) -> str:
    """Return the name of the group in which HubSpot puts its own properties."""
    return _GROUPS[object_type][0]


def standard_properties(object_type: str, at: str) -> dict[str, JsonObject]:
    """Return HubSpot's own property definitions of an object type, by name."""
    table = _COMMON | _TABLES[object_type]
    return {
        mark.removeprefix("="): definition(
            mark.removeprefix("="),
            kind,
            field_type,
            group=standard_group(object_type),
            at=at,
            choices=choices,
            is_standard=True,
            is_read_only=mark.startswith("="),
        )
        for mark, (kind, field_type, choices) in table.items()
    }


def definition(
    name: str,
    kind: str,
    field_type: str,
    *,
    group: str,
    at: str,
    choices: tuple[str, ...] = (),
    label: str = "",
    is_standard: bool = False,
    is_read_only: bool = False,
) -> JsonObject:
    """Build a property definition in the shape of the properties API."""
    return {
        "updatedAt": at,
        "createdAt": at,
        "name": name,
        "label": label or readable(name),
        "type": kind,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": [option(value, order) for order, value in enumerate(choices)],
        "displayOrder": -1,
        "calculated": is_read_only and name.startswith("hs_is_"),
        "externalOptions": name in EXTERNAL,
        "archived": False,
        "hasUniqueValue": False,
        "hidden": False,
        "hubspotDefined": is_standard,
        "modificationMetadata": {
            "archivable": not is_standard,
            "readOnlyDefinition": is_standard,
            "readOnlyOptions": is_read_only,
            "readOnlyValue": is_read_only,
        },
        "formField": False,
        "dataSensitivity": "non_sensitive",
    }


def option(value: str, order: int, label: str = "") -> JsonObject:
    """Build one choice of an enumeration."""
    return {
        "label": label or (readable(value) if value.isupper() else value),
        "value": value,
        "displayOrder": order,
        "hidden": False,
    }


def readable(name: str) -> str:
    """Turn an internal name into a label: `hs_task_body` → "Task body"."""
    words = name.removeprefix("hs_").replace("_", " ").strip()
    return words.lower().capitalize() if words.isupper() else words[:1].upper() + words[1:]
