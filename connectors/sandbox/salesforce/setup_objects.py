"""The objects of the set-up: permission sets, the rights of fields, fields and their room."""

from connectors.sandbox.salesforce.catalog import area, flag, link, make, pick, system, text, whole
from connectors.sandbox.salesforce.fields import ObjectType


def permission_set() -> ObjectType:
    """A bundle of rights; each profile owns one."""
    return make(
        "PermissionSet", "Permission Set", "0PS",
        text("Name", "Permission Set Name", 80, nillable=False, is_name=True, unique=True),
        text("Label", "Permission Set Label", 80, nillable=False),
        area("Description", "Description", 255, permissionable=False),
        system(flag("IsOwnedByProfile", "Is Owned By Profile")),
        system(link("ProfileId", "Profile ID", "Profile")),
        text("NamespacePrefix", "Namespace Prefix", 15, createable=False, updateable=False),
        has_bin=False,
    )  # fmt: skip


def field_permissions() -> ObjectType:
    """The right of a permission set to read or edit one field."""
    return make(
        "FieldPermissions", "Field Permissions", "01k",
        link("ParentId", "Parent ID", "PermissionSet", nillable=False, updateable=False,
             relationship="Parent"),
        text("SobjectType", "SObject Type Name", 255, nillable=False, updateable=False),
        text("Field", "Field Name", 255, nillable=False, updateable=False),
        flag("PermissionsEdit", "Edit Field"),
        flag("PermissionsRead", "Read Field"),
        has_bin=False,
    )  # fmt: skip


def permission_set_assignment() -> ObjectType:
    """Who has a permission set."""
    return make(
        "PermissionSetAssignment", "Permission Set Assignment", "0Pa",
        link("PermissionSetId", "Permission Set ID", "PermissionSet", nillable=False,
             updateable=False),
        link("AssigneeId", "Assignee ID", "User", nillable=False, updateable=False),
        has_bin=False,
    )  # fmt: skip


def custom_field() -> ObjectType:
    """A custom field, as the Tooling API lists it."""
    return make(
        "CustomField", "Custom Field", "00N",
        text("DeveloperName", "Developer Name", 80, permissionable=False),
        text("TableEnumOrId", "Entity Enum or Id", 40, permissionable=False),
        text("NamespacePrefix", "Namespace Prefix", 15, permissionable=False),
        has_bin=False, is_tooling=True,
    )  # fmt: skip


def entity_limit() -> ObjectType:
    """How much an object has of what is limited, as the Tooling API tells it."""
    fields = (
        text("DurableId", "Durable Id", 255),
        text("EntityDefinitionId", "Entity Definition ID", 255),
        text("Label", "Label", 255),
        whole("Max", "Max", 9),
        whole("Remaining", "Remaining", 9),
        pick("Type", "Type", "CustomFields", restricted=True),
    )
    for made in fields:
        made.permissionable = False
    return ObjectType(
        name="EntityLimit",
        label="Entity Limit",
        plural="Entity Limits",
        prefix="",
        fields={made.name: made for made in fields},
        is_readonly=True,
        is_tooling=True,
    )
