"""Our own properties on companies: what is there, what is missing, and what stands in the way.

Only additions are made: the group, missing properties, missing options. An admin's labels,
descriptions and extra options stay. A property of the same name with another type is a conflict,
which a person settles. Room is looked at first, the customer's own properties counted: ours are
created all together, or none is. HubSpot revives an archived name with the values that it had,
and takes no other of that name: it is revived on purpose, and said to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.base import CrmField, OwnField, Provision, Provisioned, Room
from connectors.hubspot.answers import found_results, objects
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Refused
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import COMPANIES, GROUP, OWN_PREFIX, ObjectType, Paths
from rules.language import Text
from rules.records import FieldType

CONFLICT_STATUS = 409
LOOKS = 10
LOOK_SECONDS = 0.5

_TYPES: Mapping[FieldType, tuple[str, str]] = {
    FieldType.NUMBER: ("number", "number"),
    FieldType.MONEY: ("number", "number"),
    FieldType.TEXT: ("string", "text"),
    FieldType.CHOICE: ("enumeration", "select"),
    FieldType.DATE: ("date", "date"),
    FieldType.YES_NO: ("bool", "booleancheckbox"),
}
# As what no value of a property can be read; text and options may hold anything.
_DAYS_ARE_NOT = (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO)
_NEVER: Mapping[str, Sequence[FieldType]] = {
    "number": (FieldType.YES_NO,),
    "date": _DAYS_ARE_NOT,
    "datetime": _DAYS_ARE_NOT,
    "bool": (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE),
}
# As what a property is read best.
_FITS: Mapping[str, FieldType] = {
    "number": FieldType.NUMBER,
    "string": FieldType.TEXT,
    "enumeration": FieldType.CHOICE,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
    "bool": FieldType.YES_NO,
}
# A sentence needs more room than a line.
_LONG = frozenset({"why"})
_ADDED = frozenset({Provision.CREATED, Provision.REVIVED})


class Provisioner:
    """Provisions properties on companies."""

    def __init__(self, client: Client, paths: Paths) -> None:
        self._client = client
        self._all = paths.properties
        self._limits = paths.limits
        self._path = f"{paths.properties}/companies"

    def fields(self, object_type: ObjectType) -> list[CrmField]:
        """The declared properties of an object, hidden ones left out."""
        answer = self._client.get(f"{self._all}/{object_type.path}")
        return [
            CrmField(
                name=str(raw["name"]),
                label=str(raw.get("label") or raw["name"]),
                type=str(raw.get("type") or ""),
                options=[str(option.get("value")) for option in objects(raw, "options")],
                never=_NEVER.get(str(raw.get("type")), ()),
                own=_own_name(str(raw["name"])),
                fits=_FITS.get(str(raw.get("type"))),
                option_labels={
                    str(option.get("value")): str(option.get("label") or option.get("value"))
                    for option in objects(raw, "options")
                },
            )
            for raw in found_results(answer)
            if raw.get("name") and raw.get("hidden") is not True
        ]

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> list[Provisioned]:
        """Read what exists, decide field by field, then add what is missing."""
        existing = self._existing(is_archived=False)
        archived = self._existing(is_archived=True) if _is_any_missing(fields, existing) else {}
        decided = [decide(field, existing, archived) for field in fields]
        wanted = sum(one.state in _ADDED for one in decided)
        room = self.room() if wanted else None
        if room is not None and room.left < wanted:
            note = _full(room, wanted)
            decided = [_without_room(one, note) for one in decided]
        if dry_run:
            return decided
        if any(one.state in _ADDED for one in decided):
            self._ensure_group(group_label)
        for field, one in zip(fields, decided, strict=True):
            self._apply(field, one, existing.get(one.crm_field, {}))
        created = {one.crm_field for one in decided if one.state in _ADDED}
        found = self._wait_for(created)
        return [
            self._checked(field, one, found) if one.crm_field in found else one
            for field, one in zip(fields, decided, strict=True)
        ]

    def _checked(
        self, field: OwnField, before: Provisioned, found: Mapping[str, Json]
    ) -> Provisioned:
        """Look at what was created: it may be of another time, or somebody else's of just now."""
        after = decide(field, found, {})
        if before.state not in _ADDED:
            return before
        if after.state is Provision.UPDATED:
            # Revived with the options that it had.
            self._apply(field, after, found[before.crm_field])
        return after if after.state is Provision.CONFLICT else before

    def room(self) -> Room | None:
        """The room for custom properties of companies; None where HubSpot does not tell."""
        answer = self._client.find(self._limits) if self._limits else None
        for row in objects(answer or {}, "byObjectType"):
            limit, usage = row.get("limit"), row.get("usage")
            is_ours = row.get("objectTypeId") == COMPANIES.type_id
            if is_ours and isinstance(limit, int) and isinstance(usage, int):
                return Room(limit=limit, usage=usage)
        return None

    def _wait_for(self, created: set[str]) -> dict[str, Json]:
        """A new property can be used after half a second or so: a push must not come before."""
        found: dict[str, Json] = {}
        for _ in range(LOOKS if created else 0):
            found = self._existing(is_archived=False)
            if created <= found.keys():
                break
            self._client.pause(LOOK_SECONDS)
        return found

    def _existing(self, *, is_archived: bool) -> dict[str, Json]:
        query = [("archived", "true")] if is_archived else []
        answer = self._client.get(self._path, query)
        return {
            str(raw.get("name")): raw
            for raw in found_results(answer)
            if str(raw.get("name", "")).startswith(OWN_PREFIX)
        }

    def _ensure_group(self, label: str) -> None:
        groups = found_results(self._client.get(f"{self._path}/groups"))
        if any(group.get("name") == GROUP for group in groups):
            return
        body: Json = {"name": GROUP, "label": label, "displayOrder": -1}
        self._create(f"{self._path}/groups", body)

    def _apply(self, field: OwnField, decided: Provisioned, existing: Json) -> None:
        if decided.state in _ADDED:
            self._create(self._path, definition(field))
        elif decided.state is Provision.UPDATED:
            body: Json = {"options": merged_options(field, existing)}
            self._client.write("PATCH", f"{self._path}/{decided.crm_field}", body)

    def _create(self, path: str, body: Json) -> None:
        """Create; what somebody else has just created is there, and that is what was wanted."""
        try:
            self._client.write("POST", path, body)
        except Refused as refused:
            if refused.status != CONFLICT_STATUS:
                raise


def decide(
    field: OwnField, existing: Mapping[str, Json], archived: Mapping[str, Json]
) -> Provisioned:
    """What one field needs, given the properties that exist and those that were deleted."""
    crm_field = OWN_PREFIX + field.name
    found = existing.get(crm_field)
    if found is None:
        state, note = Provision.CREATED, None
        if crm_field in archived:
            state = Provision.REVIVED
            note = Text(
                f"{crm_field} a été supprimé dans HubSpot : le créer le ranime avec les valeurs "
                "qu'il avait, jusqu'à ce que le prochain push les remplace.",
                f"{crm_field} was deleted in HubSpot: creating it revives it with the values "
                "that it had, until the next push overwrites them.",
            )
    elif not is_same_type(field, found):
        state = Provision.CONFLICT
        is_type, needed = f"{found.get('type')}/{found.get('fieldType')}", "/".join(_types(field))
        note = Text(
            f"{crm_field} existe dans HubSpot comme {is_type} et Arpent a besoin de {needed}. "
            "Supprimez-le ou renommez-le dans HubSpot (Paramètres → Propriétés → Entreprises), "
            "puis relancez.",
            f"{crm_field} exists in HubSpot as {is_type} and Arpent needs {needed}. Delete or "
            "rename it in HubSpot (Settings → Properties → Companies), then run this again.",
        )
    elif len(merged_options(field, found)) > len(found.get("options") or ()):
        state, note = Provision.UPDATED, None
    else:
        state, note = Provision.PRESENT, None
    return Provisioned(field=field.name, crm_field=crm_field, state=state, note=note)


def _own_name(name: str) -> str | None:
    return name.removeprefix(OWN_PREFIX) if name.startswith(OWN_PREFIX) else None


def _without_room(decided: Provisioned, note: Text) -> Provisioned:
    if decided.state not in _ADDED:
        return decided
    return replace(decided, state=Provision.NO_ROOM, note=note)


def _full(room: Room, wanted: int) -> Text:
    return Text(
        f"HubSpot permet {room.limit} propriétés personnalisées d'entreprise, {room.usage} servent "
        f"et Arpent en demande {wanted} de plus : aucune n'est créée. Supprimez-en qui ne servent "
        "plus (Paramètres → Propriétés → Entreprises), retirez des champs facultatifs de "
        "fields.yaml (write.optional), ou changez d'édition.",
        f"HubSpot allows {room.limit} custom company properties, {room.usage} are used and Arpent "
        f"asks for {wanted} more: none is created. Delete some that are no longer used (Settings → "
        "Properties → Companies), remove optional fields from fields.yaml (write.optional), or "
        "change edition.",
    )


def definition(field: OwnField) -> Json:
    """The request that creates a field's property."""
    kind, widget = _types(field)
    body: Json = {
        "name": OWN_PREFIX + field.name,
        "label": field.label,
        "description": field.description,
        "groupName": GROUP,
        "type": kind,
        "fieldType": widget,
        "formField": False,
    }
    if field.type is FieldType.YES_NO:
        body["options"] = _options([("true", "true"), ("false", "false")], 0)
    elif field.type is FieldType.CHOICE:
        body["options"] = _options(field.options, 0)
    return body


def merged_options(field: OwnField, existing: Json) -> list[Json]:
    """The options there, an admin's among them, then ours that are missing.

    HubSpot replaces the whole list with the one sent.
    """
    there = [option for option in objects(existing, "options") if "value" in option]
    known = {option.get("value") for option in there}
    ours = [option for option in field.options if option[0] not in known]
    kept: list[Json] = [
        {
            "value": option["value"],
            "label": option.get("label") or option["value"],
            "displayOrder": option.get("displayOrder", place),
            "hidden": option.get("hidden") is True,
            **({"description": option["description"]} if option.get("description") else {}),
        }
        for place, option in enumerate(there)
    ]
    last = max((option["displayOrder"] for option in kept), default=-1)
    return [*kept, *_options(ours, last + 1)]


def _options(options: Sequence[tuple[str, str]], first: int) -> list[Json]:
    return [
        {"value": value, "label": label, "displayOrder": first + place, "hidden": False}
        for place, (value, label) in enumerate(options)
    ]


def _types(field: OwnField) -> tuple[str, str]:
    kind, widget = _TYPES[field.type]
    return kind, "textarea" if field.name in _LONG else widget


def is_same_type(field: OwnField, found: Json) -> bool:
    """Whether a property holds the same values; how it is shown is the admin's affair."""
    return found.get("type") == _types(field)[0] and found.get("fieldType") != "checkbox"


def _is_any_missing(fields: Sequence[OwnField], existing: Mapping[str, Json]) -> bool:
    return any(OWN_PREFIX + field.name not in existing for field in fields)
