"""The object types of the portal and the numbered kinds of association between them.

Numbers and names are HubSpot's own (API guides "Understanding the CRM" and "Associations").
"""

from dataclasses import dataclass

from connectors.sandbox.hubspot.wire import invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One type of record; `scope` is the family whose scopes open it."""

    name: str
    singular: str
    type_id: str
    scope: str
    created: str
    modified: str
    defaults: tuple[str, ...]

    @property
    def always(self) -> tuple[str, ...]:
        """Properties that come with every record, asked for or not."""
        return (self.created, self.modified, "hs_object_id")


def _crm(name: str, singular: str, type_id: str, modified: str, *shown: str) -> ObjectType:
    return ObjectType(
        name=name,
        singular=singular,
        type_id=type_id,
        scope=name,
        created="createdate",
        modified=modified,
        defaults=(*shown, "createdate", modified, "hs_object_id"),
    )


def _activity(name: str, singular: str, type_id: str) -> ObjectType:
    # Tasks, notes, calls, meetings and emails ride on the contacts scopes.
    return ObjectType(
        name=name,
        singular=singular,
        type_id=type_id,
        scope="contacts",
        created="hs_createdate",
        modified="hs_lastmodifieddate",
        defaults=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    )


TYPES = {
    kind.name: kind
    for kind in (
        _crm("contacts", "contact", "0-1", "lastmodifieddate", "firstname", "lastname", "email"),
        _crm("companies", "company", "0-2", "hs_lastmodifieddate", "name", "domain"),
        _crm(
            "deals",
            "deal",
            "0-3",
            "hs_lastmodifieddate",
            *("dealname", "amount", "closedate", "pipeline", "dealstage"),
        ),
        _activity("tasks", "task", "0-27"),
        _activity("notes", "note", "0-46"),
        _activity("meetings", "meeting", "0-47"),
        _activity("calls", "call", "0-48"),
        _activity("emails", "email", "0-49"),
    )
}
ACTIVITIES = ("tasks", "notes", "meetings", "calls", "emails")

_BY_ALIAS = {
    alias: kind
    for kind in TYPES.values()
    for alias in (kind.name, kind.singular, kind.type_id, kind.type_id.partition("-")[2])
}

# (from, to) → the number of the unlabelled association, in that direction.
DEFAULT_ASSOCIATION = {
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("tasks", "companies"): 192,
    ("companies", "tasks"): 191,
    ("tasks", "deals"): 216,
    ("deals", "tasks"): 215,
    ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203,
    ("notes", "companies"): 190,
    ("companies", "notes"): 189,
    ("notes", "deals"): 214,
    ("deals", "notes"): 213,
    ("notes", "contacts"): 202,
    ("contacts", "notes"): 201,
    ("calls", "companies"): 182,
    ("companies", "calls"): 181,
    ("calls", "contacts"): 194,
    ("contacts", "calls"): 193,
    ("calls", "deals"): 206,
    ("deals", "calls"): 205,
    ("emails", "companies"): 186,
    ("companies", "emails"): 185,
    ("emails", "contacts"): 198,
    ("contacts", "emails"): 197,
    ("emails", "deals"): 210,
    ("deals", "emails"): 209,
    ("meetings", "companies"): 188,
    ("companies", "meetings"): 187,
    ("meetings", "contacts"): 200,
    ("contacts", "meetings"): 199,
    ("meetings", "deals"): 212,
    ("deals", "meetings"): 211,
}
PRIMARY_ASSOCIATION = {
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
}
# A company and its parent: the type that the other side gets.
PARENT_TO_CHILD, CHILD_TO_PARENT = 13, 14


def resolve(alias: str) -> ObjectType:
    """Find an object type by plural, singular or type id; 400 when there is none."""
    kind = _BY_ALIAS.get(alias.lower())
    if kind is None:
        raise invalid(f"Unable to infer object type from: {alias}")
    return kind


def association_types(source: str, target: str) -> dict[int, int]:
    """Map each association number allowed from `source` to `target` to its reverse."""
    if (source, target) == ("companies", "companies"):
        return {PARENT_TO_CHILD: CHILD_TO_PARENT, CHILD_TO_PARENT: PARENT_TO_CHILD}
    known = {}
    for table in (DEFAULT_ASSOCIATION, PRIMARY_ASSOCIATION):
        if (source, target) in table:
            known[table[source, target]] = table[target, source]
    return known


def is_primary(number: int) -> bool:
    """Tell whether an association number means "primary company"."""
    return number in PRIMARY_ASSOCIATION.values()
