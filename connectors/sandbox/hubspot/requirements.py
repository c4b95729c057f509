"""Administrators' rules about what a record must carry, which bind API writes since 2026-09.

Codes and context are those of HubSpot's changelog "CRM API write validation enforcement".
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import invalid


def enforce_on_create(portal: Portal, kind: ObjectType, values: dict[str, str]) -> None:
    """Refuse a new record that lacks a required property: 400 naming each."""
    required = portal.switches.required_properties.get(kind.name, ())
    missing = [
        ("MISSING_REQUIRED_PROPERTY", name, f"{name} is required.")
        for name in required
        if not values.get(name)
    ]
    _refuse(missing + _conditional(portal, kind, values, frozenset(values)))


def enforce_on_change(
    portal: Portal, kind: ObjectType, values: dict[str, str], written: frozenset[str]
) -> None:
    """Refuse a write that touches a rule and leaves its required property empty: 400."""
    _refuse(_conditional(portal, kind, values, written))


def _conditional(
    portal: Portal, kind: ObjectType, values: dict[str, str], written: frozenset[str]
) -> list[tuple[str, str, str]]:
    missing = []
    for rule in portal.switches.conditional_rules:
        basis, required = rule["property"], rule["required"]
        if rule["objectType"] != kind.name or values.get(basis) != rule["value"]:
            continue
        if {basis, required} & written and not values.get(required):
            sentence = (
                f"{required} is required because of a conditional property rule based on [{basis}]"
            )
            missing.append(("MISSING_CONDITIONAL_REQUIRED_PROPERTY", required, sentence))
    return missing


def _refuse(missing: list[tuple[str, str, str]]) -> None:
    if not missing:
        return
    errors: list[JsonObject] = [
        {"message": sentence, "code": code, "context": {"propertyName": [name]}}
        for code, name, sentence in missing
    ]
    raise invalid("; ".join(sentence for _, _, sentence in missing), errors=errors)
