"""Own fields of accounts in Zoho: made, widened, removed; and the key field of tasks.

1. Room is checked first: an edition has a number of custom fields for each module, the customer's
   own among them.
2. Zoho derives the API name from the first label, and does not say it: fields are made with an
   English label, five a call, found again by the id of the answer, and then given the team's label,
   which changes no API name.
3. Profiles: reps may read what Arpent computes, and write what people write.
4. A type is never changed.
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.base import OwnField, Provision, Provisioned, Removal, Removed, Room
from connectors.zoho import provisioning_words as words
from connectors.zoho.answers import Json, objects
from connectors.zoho.client import Client
from connectors.zoho.errors import DUPLICATE, MISSING_STATUS, NO_ROOM, Forbidden, Refused, words_of
from connectors.zoho.ledger import FIELD_CREDITS, Edition
from connectors.zoho.objects import ACCOUNTS, TASKS, is_id, is_named, label_of, planned_name
from connectors.zoho.own_fields import TYPES, decide, definition, key_definition, widened
from connectors.zoho.schema import Declared, Schema, Schemas
from connectors.zoho.tasks import KEY
from rules.language import Text

FIELDS = "settings/fields"
AT_ONCE = 5
LOOKS = 10
LOOK_SECONDS = 0.5


class Provisioner:
    """Makes and removes fields of one organization."""

    def __init__(self, client: Client, schemas: Schemas) -> None:
        self._client = client
        self._schemas = schemas

    def room(self, edition: Edition) -> Room | None:
        """The room for custom fields of accounts; None where the edition does not say."""
        if edition.fields is None:
            return None
        schema = self._schemas.of(ACCOUNTS.name, is_fresh=True)
        return Room(limit=edition.fields, usage=schema.custom)

    def ensure(
        self, edition: Edition, fields: Sequence[OwnField], *, dry_run: bool
    ) -> list[Provisioned]:
        """Read what exists, decide field by field, then make what is missing."""
        schema = self._schemas.of(ACCOUNTS.name, is_fresh=True)
        decided = [decide(field, schema) for field in fields]
        wanted = sum(one.state is Provision.CREATED for one in decided)
        if wanted and edition.fields is not None:
            room = Room(limit=edition.fields, usage=schema.custom)
            if room.left < wanted:
                note = words.full(room, wanted, edition.name)
                decided = [_without_room(one, note) for one in decided]
        if dry_run:
            return decided
        missing = [
            field
            for field, one in zip(fields, decided, strict=True)
            if one.state is Provision.CREATED
        ]
        made = self._make(missing) if missing else {}
        done = [
            made.get(one.field) or self._widened(field, one, schema)
            for field, one in zip(fields, decided, strict=True)
        ]
        self._ensure_key()
        if missing or any(one.state is Provision.UPDATED for one in done):
            self._schemas.changed(ACCOUNTS.name)
        return done

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> list[Removed]:
        """Delete these fields of ours, one by one, then the key field of tasks."""
        schema = self._schemas.of(ACCOUNTS.name, is_fresh=True)
        done = [self._removed(field, schema, dry_run=dry_run) for field in fields]
        if not dry_run:
            self._remove_key()
            self._schemas.changed(ACCOUNTS.name)
        return done

    def _make(self, fields: Sequence[OwnField]) -> dict[str, Provisioned]:
        """Make fields, five a call; then find the name that Zoho gave to each, and relabel it."""
        profiles = self._profiles()
        keys: dict[str, str] = {}
        done: dict[str, Provisioned] = {}
        for start in range(0, len(fields), AT_ONCE):
            block = fields[start : start + AT_ONCE]
            items = self._created([definition(field, profiles) for field in block])
            for field, item in zip(block, items, strict=True):
                key = _key_of(item)
                if key is None:
                    done[field.name] = _unmade(field, item)
                else:
                    keys[field.name] = key
        found = self._wait_for(set(keys.values()))
        for field in fields:
            if field.name in keys:
                done[field.name] = self._bound(field, found.get(keys[field.name]))
        return done

    def _created(self, definitions: Sequence[Json], module: str = ACCOUNTS.name) -> list[Json]:
        """The outcome of each definition; a refusal of all is that of each."""
        try:
            items = self._client.write(
                "POST", FIELDS, {"fields": list(definitions)}, listed="fields",
                query=[("module", module)], price=FIELD_CREDITS * len(definitions),
            )  # fmt: skip
        except (Refused, Forbidden) as error:
            code = error.code if isinstance(error, Refused) else "NO_PERMISSION"
            said = error.words if isinstance(error, Refused) else error.message.en
            items = [{"code": code, "message": said, "status": "error"} for _ in definitions]
        unmentioned: Json = {"code": "", "message": "?", "status": "error"}
        return [*items, *[unmentioned] * len(definitions)][: len(definitions)]

    def _wait_for(self, keys: set[str]) -> dict[str, Declared]:
        """The fields by Zoho's ids, once they can be read: a push must not come before."""
        found: dict[str, Declared] = {}
        for look in range(LOOKS if keys else 0):
            if look:
                self._client.pause(LOOK_SECONDS)
            schema = self._schemas.of(ACCOUNTS.name, is_fresh=True)
            found = {one.key: one for one in schema.fields.values() if one.key in keys}
            if len(found) == len(keys):
                break
        return found

    def _bound(self, field: OwnField, found: Declared | None) -> Provisioned:
        """A field that was made, under the name that it was given; its label is the team's."""
        planned = planned_name(field.name)
        if found is None:
            return Provisioned(field=field.name, crm_field=planned, state=Provision.CREATED)
        if not is_named(found.name, field.name):
            note = words.unnamed(planned, found.name)
            return Provisioned(
                field=field.name, crm_field=found.name, state=Provision.CONFLICT, note=note
            )
        made = Provisioned(field=field.name, crm_field=found.name, state=Provision.CREATED)
        if not field.label or field.label == found.label:
            return made
        said = self._changed(found, {"field_label": field.label})
        if said is None:
            return made
        return replace(made, note=words.label_kept(found.name, found.label, field.label, said))

    def _widened(self, field: OwnField, decided: Provisioned, schema: Schema) -> Provisioned:
        found = schema.own(field.name)
        if decided.state is not Provision.UPDATED or found is None:
            return decided
        said = self._changed(found, {"pick_list_values": widened(field, found)})
        if said is None:
            return decided
        note = words.not_changed(found.name, said)
        return replace(decided, state=Provision.CONFLICT, note=note)

    def _changed(self, found: Declared, body: Json) -> str | None:
        """Change a field; Zoho's words where it refuses."""
        try:
            items = self._client.write(
                "PATCH", f"{FIELDS}/{found.key}", {"fields": [body]}, listed="fields",
                query=[("module", ACCOUNTS.name)],
            )  # fmt: skip
        except Refused as refused:
            return refused.words
        except Forbidden as error:
            return error.message.en
        item = items[0] if items else {}
        if item.get("status") == "error":
            return words_of(item.get("message") or item.get("code"), item.get("details"))
        return None

    def _profiles(self) -> list[Json]:
        """Who may do what with a field that Arpent computes; none where it can't be told.

        Zoho gives every profile all rights by default.
        """
        users = objects(self._client.find("users", [("type", "CurrentUser")]) or {}, "users")
        profile = users[0].get("profile") if users else None
        own = str(profile.get("id")) if isinstance(profile, dict) else None
        listed = objects(self._client.find("settings/profiles") or {}, "profiles")
        found = [each for each in listed if is_id(str(each.get("id") or ""))]
        if own not in {str(each["id"]) for each in found}:
            return []
        return [{"id": str(each["id"]), "is_ours": _may_write(each, own)} for each in found]

    def _removed(self, field: OwnField, schema: Schema, *, dry_run: bool) -> Removed:
        found = schema.own(field.name)
        crm_field = found.name if found else planned_name(field.name)
        state, note = Removal.REMOVED, None
        if found is None:
            state = Removal.ABSENT
        elif found.type != TYPES[field.type]:
            state, note = Removal.FOREIGN, words.foreign(crm_field)
        elif not dry_run:
            refused = self._deleted(ACCOUNTS.name, found)
            if refused is not None:
                is_gone = refused.status == MISSING_STATUS
                state = Removal.ABSENT if is_gone else Removal.REFUSED
                note = None if is_gone else words.kept(crm_field, refused.words)
        return Removed(field=field.name, crm_field=crm_field, state=state, note=note)

    def _deleted(self, module: str, found: Declared) -> Refused | None:
        try:
            items = self._client.write(
                "DELETE", f"{FIELDS}/{found.key}", listed="fields", query=[("module", module)]
            )
        except Refused as refused:
            return refused
        item = items[0] if items else {}
        if item.get("status") != "error":
            return None
        said = words_of(item.get("message") or item.get("code"), item.get("details"))
        return Refused(400, str(item.get("code") or ""), said)

    def _ensure_key(self) -> None:
        """Tasks get an external field for the key of an alert, where that can be had.

        Without it they are recognised by a mark in their text: nobody needs to be told.
        """
        schema = self._schemas.find(TASKS.name)
        if schema is None or schema.own(KEY) is not None:
            return
        self._created([key_definition()], TASKS.name)
        self._schemas.find(TASKS.name, is_fresh=True)

    def _remove_key(self) -> None:
        schema = self._schemas.find(TASKS.name)
        found = None if schema is None else schema.own(KEY)
        if found is not None:
            self._deleted(TASKS.name, found)
            self._schemas.find(TASKS.name, is_fresh=True)


def _without_room(decided: Provisioned, note: Text) -> Provisioned:
    if decided.state is not Provision.CREATED:
        return decided
    return replace(decided, state=Provision.NO_ROOM, note=note)


def _key_of(item: Json) -> str | None:
    """The id of a field that was made; None where it was not."""
    details = item.get("details")
    key = details.get("id") if isinstance(details, dict) else None
    return str(key) if item.get("status") != "error" and is_id(key) else None


def _unmade(field: OwnField, item: Json) -> Provisioned:
    planned, code = planned_name(field.name), str(item.get("code") or "")
    said = words_of(item.get("message") or code, item.get("details"))
    state, note = Provision.CONFLICT, words.not_made(planned, said)
    if code in NO_ROOM:
        state, note = Provision.NO_ROOM, words.refused_room(planned, said)
    elif code == DUPLICATE:
        note = words.taken(planned, label_of(field.name), said)
    return Provisioned(field=field.name, crm_field=planned, state=state, note=note)


def _may_write(profile: Json, own: str | None) -> bool:
    """Whether a profile is that of the token, or of administrators."""
    name = str(profile.get("name") or profile.get("display_label") or "").lower()
    return str(profile.get("id")) == own or name.startswith("admin")
