"""Territories and custom notifications of the emulated org: there only where they are turned on."""

from typing import Any
from urllib.parse import quote

from connectors.sandbox.salesforce import SANDBOX_USERNAME
from tests.unit.salesforce_caller import DATA, Caller, called

NOTIFY = "actions/standard/customNotificationAction"


def made(caller: Caller, name: str, **values: object) -> str:
    answer = caller.sent("POST", f"sobjects/{name}", values)
    assert answer.status == 201, answer.text
    return str(answer.json()["id"])


def test_an_org_without_territories_does_not_know_them() -> None:
    caller = called()
    refused = caller.ask("SELECT Id FROM Territory2")[0]
    assert refused["errorCode"] == "INVALID_TYPE"
    assert "Territory2" not in {one["name"] for one in caller.get("sobjects").json()["sobjects"]}
    assert caller.ask("SELECT Territory2Id FROM Opportunity")[0]["errorCode"] == "INVALID_FIELD"


def test_accounts_are_put_into_territories_and_moved_by_a_new_association() -> None:
    caller = called()
    caller.sandbox.act("turn_on_territories")
    model = made(caller, "Territory2Model", Name="2027", DeveloperName="y2027")
    kind = made(caller, "Territory2Type", MasterLabel="Rep", DeveloperName="rep", Priority=1)
    whole = {"Territory2ModelId": model, "Territory2TypeId": kind}
    north, south = (made(caller, "Territory2", Name=name, DeveloperName=name, **whole)
                    for name in ("Nord", "Sud"))  # fmt: skip
    account = caller.account(Name="Érable")
    link = {"ObjectId": account, "AssociationCause": "Territory2Manual"}
    first = made(caller, "ObjectTerritory2Association", Territory2Id=north, **link)
    path = f"sobjects/ObjectTerritory2Association/{first}"
    changed = caller.sent("PATCH", path, {"Territory2Id": south}).json()[0]
    assert changed["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert caller.send("DELETE", f"{DATA}/{path}").status == 204
    made(caller, "ObjectTerritory2Association", Territory2Id=south, **link)
    text = "SELECT Territory2.Name, Territory2.Territory2Model.State, ObjectId FROM "
    found = caller.ask(f"{text}ObjectTerritory2Association")["records"]
    assert [(row["Territory2"]["Name"], row["ObjectId"]) for row in found] == [("Sud", account)]
    assert found[0]["Territory2"]["Territory2Model"]["State"] == "Planning"
    assert caller.ask("SELECT Territory2Id FROM Opportunity")["totalSize"] == 0


def _asked(caller: Caller, kind: str, **more: object) -> dict[str, Any]:
    row = {
        "customNotifTypeId": kind,
        "recipientIds": [caller.sandbox.user_id(SANDBOX_USERNAME)],
        "title": "Écart",
        "body": "Votre pipeline est sous le seuil.",
        "targetId": caller.account(),
        **more,
    }
    return {"inputs": [row]}


def test_a_notification_is_sent_to_people_of_the_org() -> None:
    caller = called()
    kind = str(caller.sandbox.act("create_notification_type", name="Arpent")["id"])
    query = quote("SELECT Id FROM CustomNotificationType WHERE DeveloperName = 'Arpent'")
    listed = caller.get(f"tooling/query?q={query}").json()
    assert [row["Id"] for row in listed["records"]] == [kind]
    sent = caller.sent("POST", NOTIFY, _asked(caller, kind))
    assert (sent.status, list(sent.json()[0])) == (
        200, ["actionName", "errors", "isSuccess", "outputValues"])  # fmt: skip
    assert sent.json()[0]["isSuccess"] is True
    assert caller.sandbox.history()[-1]["values"]["title"] == "Écart"


def test_a_notification_that_goes_nowhere_says_why() -> None:
    caller = called()
    unknown = caller.sent("POST", NOTIFY, _asked(caller, "0MLHs000000000k"))
    kind = str(caller.sandbox.act("create_notification_type", name="Arpent")["id"])
    nobody = caller.sent("POST", NOTIFY, _asked(caller, kind, recipientIds=["005Hs000000000k"]))
    nowhere = caller.sent("POST", NOTIFY, _asked(caller, kind, targetId=""))
    told = [(one.status, one.json()[0]["isSuccess"], one.json()[0]["errors"][0]["fields"])
            for one in (unknown, nobody, nowhere)]  # fmt: skip
    assert told == [
        (400, False, ["customNotifTypeId"]),
        (400, False, ["recipientIds"]),
        (400, False, ["targetId"]),
    ]
    crowd = _asked(caller, kind, recipientIds=["005Hs000000000k"] * 501)
    assert caller.sent("POST", NOTIFY, crowd).json()[0]["errors"][0]["statusCode"] == (
        "LIMIT_EXCEEDED"
    )
