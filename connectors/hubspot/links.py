"""Which companies a record belongs to, and which of them is the main one. Pure."""

from collections.abc import Iterable, Mapping

from connectors import values
from connectors.hubspot.answers import objects
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import ObjectType
from rules.records import Link

Companies = dict[str, bool]


def links_of(object_type: ObjectType, companies: Mapping[str, Companies]) -> list[Link]:
    """The links of a page, by record then by company; an only company is the main one."""
    if object_type.relation is None:
        return []
    return [
        Link(
            relation=object_type.relation,
            from_id=key,
            to_id=company,
            is_primary=is_primary or len(found) == 1,
        )
        for key, found in companies.items()
        for company, is_primary in found.items()
    ]


def inline_companies(object_type: ObjectType, raw: Json) -> Companies | None:
    """The companies listed within a record, with the primary one; None if they must be asked.

    A company is listed once for each association type. They must be asked when the list goes on
    elsewhere, or when there are several and the list does not tell the primary one.
    """
    associations = raw.get("associations")
    listed = associations.get("companies") if isinstance(associations, dict) else None
    if not isinstance(listed, dict):
        return {} if listed is None else None
    found: Companies = {}
    for entry in objects(listed, "results"):
        if (key := _key(entry.get("id"))) is not None:
            is_primary = entry.get("type") == object_type.primary_name
            found[key] = found.get(key, False) or is_primary
    is_clear = len(found) <= 1 or object_type.primary_type is None or sum(found.values()) == 1
    return found if is_clear and not listed.get("paging") else None


def associated_companies(object_type: ObjectType, targets: Iterable[object]) -> Companies:
    """The companies of one result of the associations endpoint, with the primary one."""
    found: Companies = {}
    for target in targets:
        if not isinstance(target, dict) or (key := _key(target.get("toObjectId"))) is None:
            continue
        found[key] = object_type.primary_type is not None and any(
            one.get("typeId") == object_type.primary_type
            and one.get("category") == "HUBSPOT_DEFINED"
            for one in objects(target, "associationTypes")
        )
    return found


def _key(raw: object) -> str | None:
    """The id of a company; None for what can't be one."""
    try:
        return values.key(raw)
    except values.Unreadable:
        return None
