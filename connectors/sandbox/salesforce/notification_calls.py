"""`actions/standard/customNotificationAction`: a bell that rings, and nothing to read back."""

from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import effects
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError, unreadable
from connectors.sandbox.salesforce.ids import long_id
from connectors.sandbox.salesforce.org import Org

_ACTION = "customNotificationAction"
_NEEDED = ("customNotifTypeId", "recipientIds", "title", "body")
_MOST_RECIPIENTS = 500


def notify(call: Call) -> Reply:
    """`POST /actions/standard/customNotificationAction {"inputs": […]}`: one outcome each."""
    inputs = call.json().get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(row, dict) for row in inputs):
        raise unreadable("inputs is required and must be a list of objects.")
    outcomes = [_outcome(call, row) for row in inputs]
    is_good = all(row["isSuccess"] for row in outcomes)
    return Reply(status=HTTPStatus.OK if is_good else HTTPStatus.BAD_REQUEST, body=outcomes)


def _outcome(call: Call, row: JsonObject) -> JsonObject:
    errors: list[JsonObject] | None = None
    output: JsonObject | None = None
    try:
        _check(call.org, row)
        effects.note(call.org, "notify", "CustomNotification", str(row["customNotifTypeId"]),
                     actor=call.user_id, changes=row)  # fmt: skip
        output = {"SuccessMessage": "Your custom notification is processed successfully."}
    except SalesforceError as error:
        errors = [error.as_row()]
    return {
        "actionName": _ACTION,
        "errors": errors,
        "isSuccess": errors is None,
        "outputValues": output,
    }


def _check(org: Org, row: JsonObject) -> None:
    absent = [name for name in _NEEDED if not row.get(name)]
    if not (row.get("targetId") or row.get("targetPageRef")):
        absent.append("targetId")
    if absent:
        raise SalesforceError(
            "MISSING_ARGUMENT", f"Missing required input parameter: {', '.join(absent)}",
            fields=absent,
        )  # fmt: skip
    kind = long_id(str(row["customNotifTypeId"]))
    if kind is None or kind not in org.tables.get("CustomNotificationType", {}):
        raise SalesforceError(
            "INVALID_ID_FIELD", "The custom notification type doesn't exist.",
            fields=["customNotifTypeId"],
        )  # fmt: skip
    recipients = row["recipientIds"]
    if not isinstance(recipients, list) or len(recipients) > _MOST_RECIPIENTS:
        raise SalesforceError(
            "LIMIT_EXCEEDED", f"A notification has at most {_MOST_RECIPIENTS} recipients.",
            fields=["recipientIds"],
        )  # fmt: skip
    for one in recipients:
        record_id = long_id(str(one))
        if record_id is None or org.record("User", record_id) is None:
            raise SalesforceError(
                "INVALID_ID_FIELD", f"The recipient doesn't exist: {one}", fields=["recipientIds"]
            )
