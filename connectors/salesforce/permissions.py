"""Who sees and edits our fields: the permission sets that show them.

A field made by the API is hidden from everybody, administrators too, until a set shows it. One set
is for the people (they read our fields, and edit those that people write), another one for the
integration user (who edits all of them). Everything is looked up first, so that nothing is made
twice.
"""

from collections.abc import Collection, Sequence

from connectors.base import Fatal, Unanswered
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import Refused, unreadable
from connectors.salesforce.objects import is_id, own_field
from connectors.salesforce.provisioning_words import not_permitted
from connectors.salesforce.refusals import refusal_of
from rules.owned import BY_PEOPLE

PEOPLE_SET, OUR_SET = "Arpent", "Arpent_Integration"
BATCH = 200

_BY_PEOPLE = frozenset(each.value for each in BY_PEOPLE)


class Permissions:
    """The permission sets of one org."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ensure(self, label: str, names: Sequence[str]) -> None:
        """Show our fields of these names to the people, and let the integration user edit them.

        Raises:
            Fatal: The user may not manage permission sets.
        """
        people = self._set(PEOPLE_SET, label)
        ours = self._set(OUR_SET, f"{label} – API")
        self._allow(people, {name: name in _BY_PEOPLE for name in names})
        self._allow(ours, dict.fromkeys(names, True))
        self._assign(people, self._everybody())
        if (user := self._client.gateway.user_id) is not None:
            self._assign(ours, [user])

    def _set(self, name: str, label: str) -> str:
        """The id of a permission set, which is made where there is none."""
        found = self._rows(soql.permission_set(name))
        key = found[0].get("Id") if found else None
        if key is None:
            key = self._made("PermissionSet", {"Name": name, "Label": label[:80]})
        if not isinstance(key, str) or not is_id(key):
            raise Unanswered(NOT_AS_ASKED)
        return key

    def _allow(self, permission_set: str, wanted: dict[str, bool]) -> None:
        """Let a set read some fields, and edit those that are marked."""
        there = {
            str(row.get("Field")).lower(): row
            for row in self._rows(soql.field_permissions(permission_set))
        }
        for name, may_edit in wanted.items():
            field = f"Account.{own_field(name)}"
            found = there.get(field.lower())
            allowed: Json = {"PermissionsRead": True, "PermissionsEdit": may_edit}
            if found is None:
                parent: Json = {"ParentId": permission_set, "SobjectType": "Account"}
                self._made("FieldPermissions", {**parent, "Field": field, **allowed})
            elif found.get("PermissionsEdit") is not may_edit:
                self._write("PATCH", f"sobjects/FieldPermissions/{found.get('Id')}", allowed)

    def _assign(self, permission_set: str, users: Collection[str]) -> None:
        """Give a set to those who don't have it; who may not have it is left without."""
        there = {str(row.get("AssigneeId")) for row in self._rows(soql.assignments(permission_set))}
        missing = [user for user in users if user not in there]
        for start in range(0, len(missing), BATCH):
            given: list[Json] = [
                {
                    "attributes": {"type": "PermissionSetAssignment"},
                    "PermissionSetId": permission_set,
                    "AssigneeId": user,
                }
                for user in missing[start : start + BATCH]
            ]
            body: Json = {"allOrNone": False, "records": given}
            answer = self._write("POST", "composite/sobjects", body)
            results = answer if isinstance(answer, list) else []
            if not any(one.get("success") is True for one in results if isinstance(one, dict)):
                raise self._refused(results)

    def _everybody(self) -> list[str]:
        """The active users."""
        return [
            str(row["Id"])
            for row in self._rows(soql.users())
            if row.get("IsActive") is True and row.get("Id")
        ]

    def _refused(self, results: Sequence[object]) -> Fatal:
        errors = [
            each
            for one in results
            if isinstance(one, dict)
            for each in one.get("errors") or ()
            if isinstance(each, dict)
        ]
        return Fatal(not_permitted(refusal_of(errors).words if errors else "?"))

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
            answer = self._client.query(text)
            rows = list(answer["records"])
            while answer.get("done") is not True:
                answer = self._client.more(str(answer.get("nextRecordsUrl") or ""))
                rows += answer["records"]
        except Refused as refused:
            raise unreadable(refused, "PermissionSet") from refused
        return [row for row in rows if isinstance(row, dict)]
