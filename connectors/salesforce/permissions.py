"""Who sees and edits our fields: the permission sets that show them.

A field made by the API is hidden from everybody, administrators too, until a set shows it. One set
is for the people (they read our fields, and edit those that people write), another one for the
integration user (who edits all of them). Everything is looked up first, so that nothing is made
twice.
"""

import contextlib
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

from connectors.base import Fatal, Unanswered
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import Forbidden, Refused, unreadable
from connectors.salesforce.objects import ALERT_KEY, is_id, own_field
from connectors.salesforce.provisioning_words import not_permitted
from connectors.salesforce.refusals import refusal_of
from rules.owned import BY_PEOPLE

PEOPLE_SET, OUR_SET = "Arpent", "Arpent_Integration"
# By this a set that we made is told from one that an administrator gave our name.
MADE_BY_US = "Arpent: the fields that it makes on accounts."
BATCH = 200
# Somebody gave the set a moment ago.
TAKEN = "DUPLICATE_VALUE"
# Salesforce's words for each person without the set, by name.
Left: TypeAlias = Mapping[str, str]

_BY_PEOPLE = frozenset(each.value for each in BY_PEOPLE)


class Permissions:
    """The permission sets of one org."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ensure(self, label: str, names: Sequence[str]) -> Left:
        """Show our fields of these names to the people, and let the integration user edit them.

        What comes back are the people to whom Salesforce refused the set (a user's licence may
        rule it out), with its words.

        Raises:
            Fatal: The user may not manage permission sets, or may not have ours.
        """
        people = self._set(PEOPLE_SET, label)
        ours = self._set(OUR_SET, f"{label} – API")
        self._allow(people, "Account", {name: name in _BY_PEOPLE for name in names})
        self._allow(ours, "Account", dict.fromkeys(names, True))
        if (user := self._client.gateway.user_id) is not None:
            for said in self._assign(ours, {user: user}).values():
                raise Fatal(not_permitted(said))
        return self._assign(people, self._everybody())

    def show_key(self, label: str, object_name: str) -> None:
        """Let the integration user, and nobody else, fill in the key of a task."""
        ours = self._set(OUR_SET, f"{label} – API")
        self._allow(ours, object_name, {ALERT_KEY: True})

    def remove(self) -> None:
        """Delete the sets that we made, with their assignments, once they show no field any more.

        One to which somebody has added fields stays, and so does one that Salesforce keeps.
        """
        for name in (PEOPLE_SET, OUR_SET):
            with contextlib.suppress(Refused, Forbidden, Fatal):
                self._remove(name)

    def _remove(self, name: str) -> None:
        for found in self._rows(soql.permission_set(name)):
            key = str(found.get("Id"))
            is_ours = found.get("Description") == MADE_BY_US
            if not is_ours or self._rows(soql.field_permissions(key)):
                continue
            # Salesforce keeps a set that somebody has.
            for row in self._rows(soql.assignments(key)):
                self._client.drop(f"sobjects/PermissionSetAssignment/{row.get('Id')}")
            self._client.drop(f"sobjects/PermissionSet/{key}")

    def _set(self, name: str, label: str) -> str:
        """The id of a permission set, which is made where there is none."""
        found = self._rows(soql.permission_set(name))
        key = found[0].get("Id") if found else None
        if key is None:
            key = self._made(
                "PermissionSet", {"Name": name, "Label": label[:80], "Description": MADE_BY_US}
            )
        if not isinstance(key, str) or not is_id(key):
            raise Unanswered(NOT_AS_ASKED)
        return key

    def _allow(self, permission_set: str, object_name: str, wanted: dict[str, bool]) -> None:
        """Let a set read some fields of an object, and edit those that are marked."""
        there = {
            str(row.get("Field")).lower(): row
            for row in self._rows(soql.field_permissions(permission_set, object_name))
        }
        for name, may_edit in wanted.items():
            field = f"{object_name}.{own_field(name)}"
            found = there.get(field.lower())
            allowed: Json = {"PermissionsRead": True, "PermissionsEdit": may_edit}
            if found is None:
                parent: Json = {"ParentId": permission_set, "SobjectType": object_name}
                self._made("FieldPermissions", {**parent, "Field": field, **allowed})
            elif found.get("PermissionsEdit") is not may_edit:
                self._write("PATCH", f"sobjects/FieldPermissions/{found.get('Id')}", allowed)

    def _assign(self, permission_set: str, users: Mapping[str, str]) -> Left:
        """Give a set to those who don't have it; who may not have it is told by name."""
        there = {str(row.get("AssigneeId")) for row in self._rows(soql.assignments(permission_set))}
        missing = [user for user in users if user not in there]
        left: dict[str, str] = {}
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            given: list[Json] = [
                {
                    "attributes": {"type": "PermissionSetAssignment"},
                    "PermissionSetId": permission_set,
                    "AssigneeId": user,
                }
                for user in part
            ]
            body: Json = {"allOrNone": False, "records": given}
            answer = self._write("POST", "composite/sobjects", body)
            results = answer if isinstance(answer, list) else []
            for user, result in zip_longest(part, results[: len(part)]):
                if (said := _refusal(result)) is not None:
                    left[users[user]] = said
        return left

    def _everybody(self) -> dict[str, str]:
        """The names of the active users, by id."""
        return {
            str(row["Id"]): str(row.get("Name") or row["Id"])
            for row in self._rows(soql.users())
            if row.get("IsActive") is True and row.get("Id")
        }

    def _made(self, name: str, body: Json) -> object:
        answer = self._write("POST", f"sobjects/{name}", body)
        return answer.get("id") if isinstance(answer, dict) else None

    def _write(self, method: str, path: str, body: Json) -> object:
        try:
            found: object = self._client.write(method, path, body)
        except Refused as refused:
            raise Fatal(not_permitted(refused.words)) from refused
        return found

    def _rows(self, text: str) -> list[Json]:
        try:
            return self._client.rows(text)
        except Refused as refused:
            raise unreadable(refused, "PermissionSet") from refused


def _refusal(result: object) -> str | None:
    """Salesforce's words for an assignment that it refused; None where the user has the set."""
    if not isinstance(result, dict):
        return "?"
    listed = result.get("errors")
    errors = [each for each in listed if isinstance(each, dict)] if listed else []
    if result.get("success") is True or any(e.get("statusCode") == TAKEN for e in errors):
        return None
    return refusal_of(errors).words if errors else "?"
