"""Objects that an org has only once an administrator has turned their feature on.

Sales territories: without them every one of these is `INVALID_TYPE`. An association is created and
deleted, never changed, and passes by the recycle bin. Custom notifications: their types are made in
the set-up, a client only sends.
"""

from connectors.sandbox.salesforce.catalog import flag, kind, link, make, pick, text, whole
from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org

_LEVELS = "Read|Edit|All"


def territory_objects() -> list[ObjectType]:
    """The five objects of sales territories."""
    model = make(
        "Territory2Model", "Territory Model", "0MA",
        _named("Name"), _named("DeveloperName"),
        pick("State", "State", "Planning|Active|Archived|Cloning", "Planning", restricted=True,
             updateable=False),
        kind("datetime", "ActivatedDate", "Activated Date", createable=False, updateable=False),
        has_bin=False,
    )  # fmt: skip
    type_of = make(
        "Territory2Type", "Territory Type", "0M5",
        _named("MasterLabel"), _named("DeveloperName"),
        whole("Priority", "Priority", 9, nillable=False),
        has_bin=False,
    )  # fmt: skip
    territory = make(
        "Territory2", "Territory", "0MI",
        _named("Name"), _named("DeveloperName"),
        _fixed("Territory2ModelId", "Territory Model ID", "Territory2Model"),
        link("Territory2TypeId", "Territory Type ID", "Territory2Type", nillable=False),
        link("ParentTerritory2Id", "Parent Territory ID", "Territory2",
             relationship="ParentTerritory2"),
        pick("AccountAccessLevel", "Account Access", _LEVELS, "Read", restricted=True),
        pick("OpportunityAccessLevel", "Opportunity Access", f"None|{_LEVELS}", "None",
             restricted=True),
        has_bin=False,
    )  # fmt: skip
    return [model, type_of, territory, *_associations()]


def _associations() -> list[ObjectType]:
    of_record = make(
        "ObjectTerritory2Association", "Object Territory Association", "0SD",
        _fixed("ObjectId", "Object ID", "Account"),
        _fixed("Territory2Id", "Territory ID", "Territory2"),
        pick("AssociationCause", "Association Cause", "Territory2Manual|Territory2Rule",
             restricted=True, nillable=False, updateable=False),
        pick("SobjectType", "SObject Type", "Account", "Account", createable=False,
             updateable=False),
        has_bin=False,
    )  # fmt: skip
    of_user = make(
        "UserTerritory2Association", "User Territory Association", "0SG",
        _fixed("UserId", "User ID", "User"),
        _fixed("Territory2Id", "Territory ID", "Territory2"),
        pick("RoleInTerritory2", "Role In Territory", "Owner|Administrator|Sales Rep"),
        flag("IsActive", "Active", createable=False, updateable=False),
        has_bin=False,
    )  # fmt: skip
    return [of_record, of_user]


def _named(name: str) -> Field:
    return text(name, name, 80, nillable=False, is_name=name != "DeveloperName")


def _fixed(name: str, label: str, target: str) -> Field:
    return link(name, label, target, nillable=False, updateable=False)


def notification_type() -> ObjectType:
    """A kind of custom notification, as the Tooling API lists it."""
    return make(
        "CustomNotificationType", "Custom Notification Type", "0ML",
        text("CustomNotifTypeName", "Name", 80, permissionable=False, is_name=True),
        text("DeveloperName", "Developer Name", 80, permissionable=False),
        text("MasterLabel", "Label", 80, permissionable=False),
        has_bin=False, is_tooling=True,
    )  # fmt: skip


def turn_on_territories(org: Org) -> None:
    """Let the org have sales territories, and its opportunities a place in them."""
    for made in territory_objects():
        org.add_object(made)
    deals = org.objects["Opportunity"]
    deals.add(link("Territory2Id", "Territory ID", "Territory2", permissionable=False))
    deals.add(flag("IsExcludedFromTerritory2Filter", "Excluded From Territory Assignment Filter"))
    org.forget_rights()
