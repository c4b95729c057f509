"""Linking records: which associations a pair of types has, and which company is the primary."""

from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import (
    DEFAULT_ASSOCIATION,
    PARENT_TO_CHILD,
    TYPES,
    ObjectType,
    association_types,
    is_primary,
)
from connectors.sandbox.hubspot.wire import Call, invalid, not_found

# One end of a link: its type and its id.
End = tuple[ObjectType, str]


def default_numbers(source: ObjectType, target: ObjectType) -> list[int]:
    """Return the unlabelled association of a pair of types; 400 when they have none."""
    if source.name == target.name == "companies":
        return [PARENT_TO_CHILD]
    number = DEFAULT_ASSOCIATION.get((source.name, target.name))
    if number is None:
        raise invalid(f"{source.name} cannot be associated with {target.name}.")
    return [number]


def link(portal: Portal, source: End, target: End, numbers: list[int]) -> None:
    """Link two records; a deal's or contact's first company becomes its primary one."""
    types = association_types(source[0].name, target[0].name)
    default = DEFAULT_ASSOCIATION.get((source[0].name, target[0].name))
    numbers = list(dict.fromkeys([*numbers, *([default] if default else [])]))
    primary = next((number for number in types if is_primary(number)), None)
    if primary is not None and primary not in numbers and not _has_primary(portal, source, target):
        numbers.append(primary)
    present = portal.state.linked(source[0].name, source[1], target[0].name).get(target[1], [])
    if set(numbers) <= set(present):
        return
    portal.commit(
        "link.added",
        types=numbers,
        **{"from": [source[0].name, source[1]], "to": [target[0].name, target[1]]},
    )


def _has_primary(portal: Portal, one: End, other: End) -> bool:
    """Tell whether the end that is no company has a primary company already."""
    holder = other if one[0].name == "companies" else one
    linked = portal.state.linked(holder[0].name, holder[1], "companies")
    return any(is_primary(number) for numbers in linked.values() for number in numbers)


def unlink(portal: Portal, source: End, target: End) -> None:
    """Remove every link of a pair; nothing happens if there is none."""
    if target[1] in portal.state.linked(source[0].name, source[1], target[0].name):
        portal.commit(
            "link.removed",
            **{"from": [source[0].name, source[1]], "to": [target[0].name, target[1]]},
        )


def require_right(call: Call) -> None:
    """Refuse to link where a user-level app of OAuth lacks the right, from 2026-09 on: 400."""
    if call.version.enforces_rules and not call.application.may_edit_associations:
        raise invalid("Missing 'Edit Associations' permission.")


def requested(
    portal: Portal, kind: ObjectType, associations: object
) -> list[tuple[ObjectType, str, list[int]]]:
    """Check the `associations` of a create; return target type, id and association numbers."""
    links = []
    for row in associations if isinstance(associations, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("types"), list):
            raise invalid("Each association needs 'to' with an id, and a list of 'types'.")
        other = identifier_of(row.get("to"))
        numbers = [number_of(entry) for entry in row["types"]]
        target = _target(kind, numbers)
        require(portal, target, other)
        links.append((target, other, numbers))
    return links


def _target(kind: ObjectType, numbers: list[int]) -> ObjectType:
    pairs = [
        TYPES[target]
        for source, target in [*DEFAULT_ASSOCIATION, ("companies", "companies")]
        if source == kind.name
    ]
    for target in pairs:
        if numbers and set(numbers) <= association_types(kind.name, target.name).keys():
            return target
    raise invalid(f"Invalid association types {numbers} for a {kind.singular}.")


def numbers_of(source: ObjectType, target: ObjectType, types: object) -> list[int]:
    """Read the `types` of an association; 400 unless all exist between the two types."""
    if not isinstance(types, list) or not types:
        raise invalid("Some required fields were not set: [types]")
    known = association_types(source.name, target.name)
    numbers = [number_of(entry) for entry in types]
    for number in numbers:
        if number not in known:
            raise invalid(
                f"Association type {number} does not exist between {source.name} "
                f"and {target.name}; those that do: {sorted(known)}."
            )
    return numbers


def number_of(entry: object) -> int:
    """Read the number of one association type; 400 when there is none."""
    number = entry.get("associationTypeId") if isinstance(entry, dict) else None
    if not isinstance(number, int):
        raise invalid("Some required fields were not set: [associationTypeId]")
    return number


def identifier_of(row: object) -> str:
    """Read the `id` of an input, a text or a number; 400 when there is none."""
    value = row.get("id") if isinstance(row, dict) else None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise invalid("Some required fields were not set: [id]")
    return str(value)


def require(portal: Portal, kind: ObjectType, record_id: str) -> None:
    """Refuse the id of a record that is not there: 404."""
    record = portal.state.tables[kind.name].get(record_id)
    if record is None or record.archived:
        raise not_found(f"{kind.singular} {record_id} does not exist or is archived.")
