"""Field-level security: which fields a user may read and edit.

Rights are records (PermissionSet, FieldPermissions, PermissionSetAssignment), so a client that
provisions fields changes them by ordinary calls. A standard field is open to everybody unless it
was closed for a profile; a custom field is closed to everybody, administrators included, until a
permission set of the user opens it.
"""

from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org

_NOTHING = (False, False)


def sets_of(org: Org, user_id: str) -> set[str]:
    """Return the permission sets of a user: his profile's own and those he was assigned."""
    person = org.record("User", user_id)
    profile_id = person.values.get("ProfileId") if person else None
    assigned = {
        row["PermissionSetId"]
        for row in org.rows("PermissionSetAssignment")
        if row["AssigneeId"] == user_id
    }
    own = {row["Id"] for row in org.rows("PermissionSet") if row.get("ProfileId") == profile_id}
    return assigned | (own if profile_id else set())


def _granted(org: Org, user_id: str) -> dict[str, tuple[bool, bool]]:
    """Return field → (may read, may edit), as the user's permission sets say together."""
    known = org.rights.get(user_id)
    if known is not None:
        return known
    held = sets_of(org, user_id)
    granted: dict[str, tuple[bool, bool]] = {}
    for row in org.rows("FieldPermissions"):
        if row["ParentId"] in held:
            reads, edits = granted.get(row["Field"], _NOTHING)
            granted[row["Field"]] = (
                reads or bool(row.get("PermissionsRead")),
                edits or bool(row.get("PermissionsEdit")),
            )
    for parent, name in org.closed_fields:
        if parent in held:
            granted.setdefault(name, _NOTHING)
    org.rights[user_id] = granted
    return granted


def _rights(org: Org, user_id: str, kind: ObjectType, checked: Field) -> tuple[bool, bool]:
    if not checked.permissionable:
        return True, True
    found = _granted(org, user_id).get(f"{kind.name}.{checked.name}")
    if found is not None:
        return found
    return (False, False) if checked.custom else (True, True)


def may_read(org: Org, user_id: str, kind: ObjectType, checked: Field) -> bool:
    """Whether a user sees a field at all."""
    return _rights(org, user_id, kind, checked)[0]


def may_edit(org: Org, user_id: str, kind: ObjectType, checked: Field) -> bool:
    """Whether a user may write a field that clients may write."""
    return _rights(org, user_id, kind, checked)[1]


def may_see_object(org: Org, user_id: str, kind: ObjectType) -> bool:
    """Whether a user sees an object at all."""
    return (user_id, kind.name) not in org.hidden_objects
