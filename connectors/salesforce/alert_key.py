"""The field on activities that holds the key of our tasks: with it one key is one task, for sure.

It is made on `Activity`, whose custom fields are those of tasks and of events, as an external id
without duplicates, and only the integration user sees it. An org that refuses it (no room, no
right) goes on by the mark in the text of a task.
"""

import contextlib

from connectors.base import Fatal
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import Forbidden, Refused
from connectors.salesforce.objects import CUSTOM_FIELD, KEY_FIELD
from connectors.salesforce.permissions import Permissions

ACTIVITY, TASK = "Activity", "Task"
LONGEST_KEY = 255

_MADE: Json = {
    "FullName": f"{ACTIVITY}.{KEY_FIELD}",
    "Metadata": {
        "type": "Text",
        "label": "Arpent (clé d'alerte)",
        "length": LONGEST_KEY,
        "externalId": True,
        "unique": True,
        "caseSensitive": True,
    },
}


class AlertKey:
    """The key field of one org."""

    def __init__(self, client: Client, permissions: Permissions) -> None:
        self._client = client
        self._permissions = permissions

    def ensure(self, label: str) -> None:
        """Make the field where there is none, and open it to the integration user."""
        # Without it, tasks are found by their mark.
        with contextlib.suppress(Refused, Forbidden, Fatal):
            if self._found() is None:
                self._client.write("POST", CUSTOM_FIELD, _MADE)
            self._permissions.show_key(label, TASK)

    def remove(self) -> None:
        """Delete the field; one that Salesforce keeps disturbs nobody."""
        with contextlib.suppress(Refused, Forbidden):
            found = self._found()
            if found is not None:
                self._client.write("DELETE", f"{CUSTOM_FIELD}/{found}")

    def _found(self) -> str | None:
        """The id of the field, of whatever type; None where there is none."""
        text = soql.own_custom_fields(ACTIVITY)
        for row in self._client.query(text, is_tooling=True)["records"]:
            is_ours = isinstance(row, dict) and not row.get("NamespacePrefix")
            if is_ours and f"{row.get('DeveloperName')}__c".lower() == KEY_FIELD:
                return str(row.get("Id"))
        return None
