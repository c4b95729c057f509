"""What the org says about itself: the list of objects, and each object with its fields."""

from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.permissions import may_read, may_see_object
from connectors.sandbox.salesforce.relationships import cascades, children_named

_NOT_IN_LISTS = frozenset({"Name"})


def summary(kind: ObjectType, base: str) -> JsonObject:
    """Show an object as the list of objects does."""
    is_open = not kind.is_readonly
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": is_open,
        "custom": kind.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": is_open and kind.name != "User",
        "deprecatedAndHidden": False,
        "feedEnabled": kind.is_undeletable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": kind.prefix,
        "label": kind.label,
        "labelPlural": kind.plural,
        "layoutable": is_open,
        "mergeable": kind.is_mergeable,
        "mruEnabled": is_open,
        "name": kind.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": kind.is_undeletable or kind.name == "User",
        "triggerable": is_open,
        "undeletable": kind.is_undeletable,
        "updateable": is_open,
        "urls": _urls(kind, base),
    }


def _urls(kind: ObjectType, base: str) -> JsonObject:
    root = f"{base}/sobjects/{kind.name}"
    return {
        "rowTemplate": f"{root}/{{ID}}",
        "describe": f"{root}/describe",
        "sobject": root,
    }


def listing(org: Org, user_id: str, base: str) -> JsonObject:
    """Show every object that a user sees."""
    seen = [
        summary(kind, base)
        for name, kind in sorted(org.objects.items())
        if name not in _NOT_IN_LISTS
        and not kind.is_tooling
        and org.has(kind)
        and may_see_object(org, user_id, kind)
    ]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": seen}


def described(org: Org, user_id: str, kind: ObjectType, base: str) -> JsonObject:
    """Show one object with the fields that a user sees."""
    shown = [made.as_json() for made in kind.fields.values() if may_read(org, user_id, kind, made)]
    more: dict[str, Any] = {
        "actionOverrides": [],
        "childRelationships": _children(org, kind),
        "compactLayoutable": not kind.is_readonly,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": shown,
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(kind, base)],
        "searchLayoutable": kind.is_undeletable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {kind.plural.lower()}", "name": "everything"}],
    }
    whole = summary(kind, base) | more
    whole["urls"] |= {
        "approvalLayouts": f"{base}/sobjects/{kind.name}/describe/approvalLayouts",
        "compactLayouts": f"{base}/sobjects/{kind.name}/describe/compactLayouts",
        "layouts": f"{base}/sobjects/{kind.name}/describe/layouts",
    }
    return dict(sorted(whole.items()))


def _children(org: Org, kind: ObjectType) -> list[JsonObject]:
    return [
        {
            "cascadeDelete": cascades(other, made),
            "childSObject": other.name,
            "deprecatedAndHidden": False,
            "field": made.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": children_named(kind, other, made),
            "restrictedDelete": False,
        }
        for other in filter(org.has, org.objects.values())
        for made in other.fields.values()
        if kind.name in made.reference_to
    ]


def _master_record_type(kind: ObjectType, base: str) -> JsonObject:
    record_type = "012000000000000AAA"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": record_type,
        "urls": {"layout": f"{base}/sobjects/{kind.name}/describe/layouts/{record_type}"},
    }
