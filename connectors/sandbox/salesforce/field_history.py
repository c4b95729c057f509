"""What an org remembers of its accounts' fields: who changed a tracked one, and from what to what.

A field is tracked where its metadata says `trackHistory`, in an org that has history on for
accounts, twenty fields of an object at most. Rows obey the rights to the field that they tell of.
Sources: "AccountHistory" in the Object Reference, "Field History Tracking" in Salesforce Help.
"""

from collections.abc import Iterable, Iterator

from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.permissions import may_read

# The `Field` of the row that tells of the record's creation.
_CREATED = "created"
# Of texts above this many characters, only the fact that they changed is kept.
_LONGEST = 255
_DATA_TYPES = {"date": "DateOnly", "datetime": "DateTime", "picklist": "DynamicEnum",
               "boolean": "Boolean", "double": "Double", "currency": "Currency"}  # fmt: skip


def require(org: Org, kinds: Iterable[ObjectType], name: str) -> None:
    """Refuse to track one more field where the org does not, or has no room; SalesforceError."""
    for tracked in kinds:
        if not org.switches.tracks_history:
            raise SalesforceError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"The entity: {tracked.name} does not have history tracking enabled",
                fields=["TrackHistory"],
            )
        others = sum(made.tracked for made in tracked.fields.values() if made.name != name)
        if others >= org.switches.tracked_field_limit:
            raise SalesforceError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"{tracked.label} exceeded the allowed number of fields to track on a given entity",
                fields=["TrackHistory"],
            )


def rows(org: Org, tracked: ObjectType, values: Values, before: Values | None) -> Iterator[Values]:
    """The rows of a save of an account: one for each tracked field that it changed."""
    if tracked.name != "Account" or not org.switches.tracks_history:
        return
    fields = [made for made in tracked.fields.values() if made.tracked]
    if before is None:
        if fields:
            yield {"AccountId": values["Id"], "Field": _CREATED, "DataType": "Text"}
        return
    for made in fields:
        old, new = before.get(made.name), values.get(made.name)
        if old != new:
            yield {
                "AccountId": values["Id"],
                "Field": made.name,
                "DataType": _DATA_TYPES.get(made.type, "Text"),
                "OldValue": _kept(org, made, old),
                "NewValue": _kept(org, made, new),
            }


def seen(org: Org, user_id: str, found: Iterable[Values]) -> Iterator[Values]:
    """The rows about fields that a user may read; an empty user sees all."""
    accounts = org.objects["Account"]
    for values in found:
        made = accounts.find(values["Field"])
        is_open = values["Field"] == _CREATED
        if is_open or (made and (not user_id or may_read(org, user_id, accounts, made))):
            yield values


def _kept(org: Org, made: Field, value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    if made.type == "picklist" and org.switches.history_values == "label":
        return next((one.label for one in made.choices if one.value == value), value)
    return value
