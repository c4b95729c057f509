"""The history of accounts' fields in the emulated Salesforce: of tracked fields, for who may read.

What is asserted comes from the Object Reference ("AccountHistory") and from Salesforce Help ("Field
History Tracking").
"""

from typing import Any

import orjson

from tests.unit.salesforce_caller import FIELDS, Caller, called

HISTORY = "SELECT Field, OldValue, NewValue, CreatedBy.Name FROM AccountHistory ORDER BY Id"

OWNERS = "SELECT AccountId FROM AccountHistory ORDER BY Id"


def tracking(**more: object) -> Caller:
    """An org with a tracked text, which everybody may read."""
    caller = called(**more)
    assert caller.made("Account.X__c", trackHistory=True).status == 201
    caller.sandbox.act("open_field", object="Account", name="X__c")
    return caller


def told(caller: Caller) -> list[tuple[Any, ...]]:
    rows = caller.ask(HISTORY)["records"]
    return [
        (row["Field"], row["OldValue"], row["NewValue"], row["CreatedBy"]["Name"]) for row in rows
    ]


def edit(caller: Caller, user: str, account: str, **values: object) -> None:
    caller.sandbox.act("edit", id=account, user=user, values=values)


def test_a_change_of_a_tracked_field_is_told_with_who_made_it() -> None:
    caller = tracking()
    made = caller.sandbox.act("create_user", username="e@x.org", first_name="Élise", last_name="G")
    caller.made("Account.Untracked__c")
    account = caller.account(X__c="first")
    edit(caller, made["id"], account, X__c="second", Untracked__c="y")
    edit(caller, made["id"], account, X__c="second")
    edit(caller, made["id"], account, X__c=None)

    first, *changes = told(caller)

    assert first[:3] == ("created", None, None)
    assert changes == [
        ("X__c", "first", "second", "Élise G"),
        ("X__c", "second", None, "Élise G"),
    ]


def test_a_field_that_somebody_may_not_read_has_no_history_for_them() -> None:
    caller = called()
    caller.made("Account.X__c", trackHistory=True)
    account = caller.account()
    caller.sandbox.act("edit", id=account, values={"X__c": "hidden"})
    assert [row[0] for row in told(caller)] == ["created"]

    caller.sandbox.act("open_field", object="Account", name="X__c")

    assert [row[0] for row in told(caller)] == ["created", "X__c"]


def test_what_was_not_tracked_yet_is_not_told_afterwards() -> None:
    caller = called()
    caller.sandbox.act("create_field", object="Account", name="X__c", type="string")
    account = caller.account(X__c="before")
    caller.changed(account, X__c="still before")
    assert told(caller) == []

    caller.sandbox.act("change_field", object="Account", name="X__c", tracked=True)
    caller.changed(account, X__c="after")

    assert [row[:3] for row in told(caller)] == [("X__c", "still before", "after")]


def test_no_more_fields_are_tracked_than_an_object_may_have() -> None:
    caller = tracking(tracked_field_limit=1)
    made = caller.made("Account.Y__c").json()["id"]

    refused = caller.made("Account.Z__c", trackHistory=True)
    whole = {"type": "Text", "length": 20, "label": "y", "trackHistory": True}
    changed = caller.send("PATCH", f"{FIELDS}/{made}", orjson.dumps({"Metadata": whole}))

    for answer in (refused, changed):
        assert answer.status == 400
        assert "exceeded the allowed number of fields to track" in answer.json()[0]["message"]


def test_an_org_without_histories_knows_no_such_object() -> None:
    caller = called(tracks_history=False)

    assert caller.ask(HISTORY)[0]["errorCode"] == "INVALID_TYPE"
    assert caller.get("sobjects/AccountHistory/describe").status == 404
    listed = {row["name"] for row in caller.get("sobjects").json()["sobjects"]}
    assert "AccountHistory" not in listed
    children = caller.get("sobjects/Account/describe").json()["childRelationships"]
    assert "AccountHistory" not in {row["childSObject"] for row in children}
    assert caller.made("Account.X__c", trackHistory=True).status == 400
    assert caller.made("Account.X__c", trackHistory=False).status == 201


def test_values_of_a_history_stand_in_no_condition() -> None:
    caller = tracking()

    refused = caller.ask("SELECT Id FROM AccountHistory WHERE NewValue = 'gold'")

    assert refused[0]["errorCode"] == "INVALID_FIELD"


def test_a_history_goes_with_its_account_and_stays_that_of_one_account() -> None:
    caller = tracking()
    winner, loser = caller.account(), caller.account()
    caller.changed(loser, X__c="of the loser")
    caller.sandbox.act("merge", id=winner, losers=[loser])
    told_of = [row["AccountId"] for row in caller.ask(OWNERS)["records"]]
    assert told_of == [winner, loser, loser]

    caller.sandbox.act("delete", id=winner)

    assert [row for row in caller.ask(OWNERS)["records"] if row["AccountId"] == winner] == []
