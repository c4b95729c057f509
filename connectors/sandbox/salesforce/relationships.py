"""What the children of a record are called: the relationships of describe and of SELECT (…).

The names are those of recorded answers of the describe resource.
"""

from connectors.sandbox.salesforce.fields import Field, ObjectType

# (child, look-up) → the relationship's name from the parent; None where it has none.
_NAMES: dict[tuple[str, str], str | None] = {
    ("Account", "ParentId"): "ChildAccounts",
    ("AccountHistory", "AccountId"): "Histories",
    ("AccountContactRole", "AccountId"): "AccountContactRoles",
    ("AccountContactRole", "ContactId"): "AccountContactRoles",
    ("Contact", "AccountId"): "Contacts",
    ("Event", "WhatId"): "Events",
    ("Event", "WhoId"): "Events",
    ("FieldPermissions", "ParentId"): "FieldPerms",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Opportunity", "ContactId"): "Opportunities",
    ("OpportunityContactRole", "ContactId"): "OpportunityContactRoles",
    ("OpportunityContactRole", "OpportunityId"): "OpportunityContactRoles",
    ("OpportunityHistory", "OpportunityId"): "OpportunityHistories",
    ("PermissionSetAssignment", "PermissionSetId"): "Assignments",
    ("Task", "WhatId"): "Tasks",
    ("Task", "WhoId"): "Tasks",
    ("User", "ProfileId"): "Users",
    ("User", "UserRoleId"): "Users",
}
# Children whose record goes where their parent's does.
_CASCADING = frozenset(
    {
        *("AccountContactRole", "Contact", "Event", "Opportunity", "OpportunityContactRole"),
        *("AccountHistory", "OpportunityHistory", "Task"),
    }
)


def children_named(parent: ObjectType, child: ObjectType, look_up: Field) -> str | None:
    """Return what a parent's describe calls the records whose look-up points to it."""
    if parent.name not in look_up.reference_to:
        return None
    if look_up.custom:
        return f"{child.plural.replace(' ', '')}__r"
    return _NAMES.get((child.name, look_up.name))


def cascades(child: ObjectType, look_up: Field) -> bool:
    """Whether a child is deleted with its parent."""
    place = (child.name, look_up.name)
    is_named = _NAMES.get(place) is not None and place != ("Opportunity", "ContactId")
    return is_named and child.name in _CASCADING
