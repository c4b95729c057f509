"""Our own custom fields of accounts, by the Tooling API: made, widened, removed.

A picklist takes values that are not in its list (it is not restricted), so that a new tier in the
rules never makes Salesforce refuse a record. To change a field its whole definition is sent back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from connectors.base import OwnField, Provision, Provisioned, Removal, Removed, Room
from connectors.salesforce import provisioning_words as words
from connectors.salesforce import soql
from connectors.salesforce.alert_key import AlertKey
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import MISSING_STATUS, Forbidden, Refused, unreadable
from connectors.salesforce.objects import CUSTOM_FIELD, own_field
from connectors.salesforce.permissions import Permissions
from connectors.salesforce.schema import describe
from connectors.salesforce.tracking import TRACKED
from rules.language import Text
from rules.records import FieldType

_TYPES: dict[FieldType, tuple[str, Json]] = {
    FieldType.TEXT: ("Text", {"length": 255}),
    FieldType.CHOICE: ("Picklist", {}),
    FieldType.DATE: ("Date", {}),
    FieldType.NUMBER: ("Number", {"precision": 18, "scale": 2}),
    FieldType.MONEY: ("Currency", {"precision": 18, "scale": 2}),
    FieldType.YES_NO: ("Checkbox", {"defaultValue": False}),
}
_TAKEN_NAME = "DUPLICATE_DEVELOPER_NAME"
_TAKEN = frozenset({_TAKEN_NAME, "FIELD_INTEGRITY_EXCEPTION"})
_USABLE = frozenset({Provision.PRESENT, Provision.CREATED, Provision.UPDATED})
_THERE = frozenset({Provision.PRESENT, Provision.UPDATED})
_LONGEST_HELP = 510


Existing: TypeAlias = Mapping[str, Json]


class Provisioner:
    """The own fields of one org."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._permissions = Permissions(client)
        self._key = AlertKey(client, self._permissions)
        # The labels of our fields whose history is not kept, as `ensure` found them.
        self.untracked: Sequence[str] = ()

    def ensure(self, label: str, fields: Sequence[OwnField], *, dry_run: bool) -> list[Provisioned]:
        """Read what exists, decide field by field, add what is missing, show it to people."""
        existing = self._existing()
        decided = [decide(field, existing.get(field.name)) for field in fields]
        wanted = sum(one.state is Provision.CREATED for one in decided)
        room = self.room() if wanted else None
        if room is not None and room.left < wanted:
            note = words.no_room(room.left, wanted)
            decided = [_without_room(one, note) for one in decided]
        if dry_run:
            return self._with_rights(decided)
        done = self._done(fields, decided, existing)
        names = [one.field for one in done if one.state in _USABLE]
        if names:
            left = self._permissions.ensure(label, names)
            self._key.ensure(label)
            if left:
                place = next(place for place, one in enumerate(done) if one.state in _USABLE)
                note = words.both(done[place].note, words.left_out(left))
                done[place] = replace(done[place], note=note)
        return done

    def _with_rights(self, decided: Sequence[Provisioned]) -> list[Provisioned]:
        """What a dry run says: of a field that we may not see or edit, that its rights lack."""
        declared = describe(self._client, "Account")
        if declared is None:
            return list(decided)
        editable = {
            str(each["name"]).lower() for each in declared.raw if each.get("updateable") is True
        }
        return [
            replace(one, state=Provision.UPDATED, note=words.without_rights(one.crm_field))
            if one.state in _THERE and one.crm_field.lower() not in editable
            else one
            for one in decided
        ]

    def _done(
        self, fields: Sequence[OwnField], decided: Sequence[Provisioned], existing: Existing
    ) -> list[Provisioned]:
        """Do what was decided, for lack of room those first whose author matters most."""
        done = list(decided)
        untracked = []
        for place in sorted(range(len(fields)), key=lambda each: _rank(fields[each])):
            field, one = fields[place], decided[place]
            done[place], is_tracked = self._applied(field, one, existing.get(field.name))
            if field.name in TRACKED and not is_tracked and done[place].state in _USABLE:
                untracked.append(place)
        untracked.sort()
        self.untracked = [fields[place].label for place in untracked]
        if untracked:
            first = untracked[0]
            done[first] = replace(done[first], note=words.untracked(self.untracked))
        return done

    def room(self) -> Room | None:
        """The room for custom fields of accounts; None where Salesforce does not tell."""
        try:
            rows = self._client.query(soql.room(), is_tooling=True)["records"]
        except (Refused, Forbidden):
            return None
        told = rows[0] if rows and isinstance(rows[0], dict) else {}
        limit, left = told.get("Max"), told.get("Remaining")
        if not isinstance(limit, int) or not isinstance(left, int):
            return None
        return Room(limit=limit, usage=limit - left)

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> list[Removed]:
        """Delete our fields, and nobody else's."""
        existing = self._existing()
        done = [self._removed(field, existing.get(field.name), dry_run) for field in fields]
        names = {one.field for one in done if one.state in {Removal.REMOVED, Removal.ABSENT}}
        if not dry_run and not existing.keys() - names:
            # With the last of our fields goes what was made for our tasks, and who sees them.
            self._key.remove()
            self._permissions.remove()
        return done

    def _existing(self) -> dict[str, Json]:
        """Our fields by our name: what Salesforce has of each, with its definition."""
        try:
            rows = self._client.query(soql.own_custom_fields("Account"), is_tooling=True)["records"]
        except Refused as refused:
            raise unreadable(refused, "CustomField") from refused
        found: dict[str, Json] = {}
        for row in rows:
            if isinstance(row, dict) and row.get("Id") and not row.get("NamespacePrefix"):
                name = str(row.get("DeveloperName")).lower().removeprefix("arpent_")
                told = self._client.get(f"{CUSTOM_FIELD}/{row['Id']}")
                found[name] = {**told, "Id": row["Id"]}
        return found

    def _applied(
        self, field: OwnField, decided: Provisioned, found: Json | None
    ) -> tuple[Provisioned, bool]:
        """What became of a field, and whether its history is kept."""
        is_tracked = found is not None and metadata(found).get("trackHistory") is True
        try:
            if decided.state is Provision.CREATED:
                is_tracked = self._created(field, decided.crm_field)
            elif decided.state is Provision.UPDATED and found is not None:
                path = f"{CUSTOM_FIELD}/{found.get('Id')}"
                body: Json = {
                    "FullName": f"Account.{decided.crm_field}",
                    "Metadata": widened(field, metadata(found)),
                }
                self._client.write("PATCH", path, body)
        except Refused as refused:
            return _unmade(decided, refused), False
        return decided, is_tracked

    def _created(self, field: OwnField, crm_field: str) -> bool:
        """Create a field with its history where the org takes it, else without: whether it did.

        An org may keep no history of accounts, or that of as many fields as it can already.
        """
        body: Json = {"FullName": f"Account.{crm_field}", "Metadata": made(field)}
        if field.name in TRACKED:
            tracked = {**body, "Metadata": {**body["Metadata"], "trackHistory": True}}
            try:
                self._client.write("POST", CUSTOM_FIELD, tracked)
            except Refused as refused:
                if refused.code == _TAKEN_NAME:
                    raise
            else:
                return True
        self._client.write("POST", CUSTOM_FIELD, body)
        return False

    def _removed(self, field: OwnField, found: Json | None, dry_run: bool) -> Removed:  # noqa: FBT001 - passed on
        crm_field = own_field(field.name)
        state, note = Removal.REMOVED, None
        if found is None:
            state = Removal.ABSENT
        elif metadata(found).get("type") != _TYPES[field.type][0]:
            state, note = Removal.FOREIGN, words.foreign(crm_field)
        elif not dry_run:
            try:
                self._client.write("DELETE", f"{CUSTOM_FIELD}/{found.get('Id')}")
            except Refused as refused:
                state, note = Removal.REFUSED, words.kept(crm_field, refused.words)
                if refused.status == MISSING_STATUS:
                    state, note = Removal.ABSENT, None
        return Removed(field=field.name, crm_field=crm_field, state=state, note=note)


def decide(field: OwnField, found: Json | None) -> Provisioned:
    """What one field needs, given what Salesforce has under its name."""
    crm_field = own_field(field.name)
    state, note = Provision.PRESENT, None
    if found is None:
        state = Provision.CREATED
    elif (kind := metadata(found).get("type")) != _TYPES[field.type][0]:
        state = Provision.CONFLICT
        note = words.conflict(crm_field, str(kind), _TYPES[field.type][0])
    elif field.type is FieldType.CHOICE and _missing(field, metadata(found)):
        state = Provision.UPDATED
    return Provisioned(field=field.name, crm_field=crm_field, state=state, note=note)


def _without_room(decided: Provisioned, note: Text) -> Provisioned:
    """A field that would be created, without room for all of them; what is there stays."""
    if decided.state is not Provision.CREATED:
        return decided
    return replace(decided, state=Provision.NO_ROOM, note=note)


def made(field: OwnField) -> Json:
    """The definition of a new field."""
    kind, more = _TYPES[field.type]
    found: Json = {"type": kind, "label": field.label, **more}
    if field.description:
        found |= {
            "description": field.description,
            "inlineHelpText": field.description[:_LONGEST_HELP],
        }
    if field.type is FieldType.CHOICE:
        found["valueSet"] = {
            "restricted": False,
            "valueSetDefinition": {"sorted": False, "value": _values(field.options)},
        }
    return found


def widened(field: OwnField, there: Json) -> Json:
    """A definition with the options that it lacks, after those there."""
    values = [*_listed(there), *_values(_missing(field, there))]
    value_set = _member(there, "valueSet")
    definition = {**_member(value_set, "valueSetDefinition"), "value": values}
    return {**there, "valueSet": {**value_set, "valueSetDefinition": definition}}


def metadata(found: Json) -> Json:
    """The definition of a field."""
    return _member(found, "Metadata")


def _unmade(decided: Provisioned, refused: Refused) -> Provisioned:
    field = decided.crm_field
    state, note = Provision.CONFLICT, words.not_permitted(refused.words)
    if refused.code in _TAKEN:
        note = words.taken(field, refused.words)
    elif "LIMIT" in refused.code:
        state, note = Provision.NO_ROOM, words.full(field, refused.words)
    return Provisioned(field=decided.field, crm_field=field, state=state, note=note)


def _rank(field: OwnField) -> int:
    """The place of a field among those whose history matters; the others come after them."""
    return TRACKED.index(field.name) if field.name in TRACKED else len(TRACKED)


def _missing(field: OwnField, there: Json) -> list[tuple[str, str]]:
    known = {str(each.get("valueName")) for each in _listed(there)}
    return [option for option in field.options if option[0] not in known]


def _listed(there: Json) -> list[Json]:
    found = _member(_member(there, "valueSet"), "valueSetDefinition").get("value")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _values(options: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"valueName": value, "label": label, "default": False} for value, label in options]


def _member(found: Json, name: str) -> Json:
    member = found.get(name)
    return member if isinstance(member, dict) else {}
