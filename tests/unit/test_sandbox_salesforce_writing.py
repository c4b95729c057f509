"""Writes to the emulated Salesforce: collections, refusals, rights, and people's own edits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.salesforce import (
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
    ids,
)

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DATA = "/services/data/v68.0"
NOBODY = "001000000000001AAA"
# The members of a field in recorded answers of describe (Salesforce's own tool's cassettes).
FIELD_KEYS = {
    *("aggregatable", "aiPredictionField", "autoNumber", "byteLength", "calculated"),
    *("calculatedFormula", "cascadeDelete", "caseSensitive", "compoundFieldName", "controllerName"),
    *("createable", "custom", "defaultValue", "defaultValueFormula", "defaultedOnCreate"),
    *("dependentPicklist", "deprecatedAndHidden", "digits", "displayLocationInDecimal"),
    *("encrypted", "externalId", "extraTypeInfo", "filterable", "filteredLookupInfo"),
    *("formulaTreatNullNumberAsZero", "groupable", "highScaleNumber", "htmlFormatted", "idLookup"),
    *("inlineHelpText", "label", "length", "mask", "maskType", "name", "nameField", "namePointing"),
    *("nillable", "permissionable", "picklistValues", "polymorphicForeignKey", "precision"),
    *("queryByDistance", "referenceTargetField", "referenceTo", "relationshipName"),
    *("relationshipOrder", "restrictedDelete", "restrictedPicklist", "scale"),
    *("searchPrefilterable", "soapType", "sortable", "type", "unique", "updateable"),
    "writeRequiresMasterRead",
}


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        running.act("create_field", object="Account", name="Tier__c", label="Niveau",
                    type="picklist", values=["Or", "Argent"], restricted=True)  # fmt: skip
        yield running


@pytest.fixture
def http(sandbox: SalesforceSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_SESSION}", "Sforce-Auto-Assign": "FALSE"}
    with httpx.Client(base_url=sandbox.url + DATA, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def shared() -> Iterator[httpx.Client]:
    """A client of an org that several tests share: refusals alone need none of their own."""
    with SalesforceSandbox(now=NOW) as running:
        headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
        root = f"{running.url}/services/data/v68.0"
        with httpx.Client(base_url=root, headers=headers, timeout=60) as client:
            yield client


def patch(http: httpx.Client, *rows: dict[str, Any], all_or_none: bool = False) -> Any:
    records = [{"attributes": {"type": "Account"}, **row} for row in rows]
    body = {"allOrNone": all_or_none, "records": records}
    answer = http.patch("/composite/sobjects", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(http: httpx.Client, text: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    answer = http.get("/queryAll" if deleted else "/query", params={"q": text})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["records"])


def test_real_ids_carry_their_checksum() -> None:
    # Ids that Salesforce's documents and its tools' recorded answers show.
    for known in ("001D000000IRFmaIAH", "001Hs00004TTBIHIA5", "012000000000000AAA"):
        assert ids.long_id(known[:15]) == known
        assert ids.long_id(known.lower()) == known
    assert ids.long_id("001D000000IRFm!") is None
    assert ids.long_id("short") is None


def test_one_refused_row_does_not_stop_the_others(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    first, second = (sandbox.create("Account", Name=name) for name in ("a", "b"))
    outcomes = patch(
        http,
        {"id": first, "Tier__c": "Or"},
        {"id": second, "Tier__c": "Bronze"},
        {"id": NOBODY, "Tier__c": "Or"},
        {"id": "oops", "Tier__c": "Or"},
        {"Tier__c": "Or"},
    )
    assert outcomes[0] == {"id": first, "success": True, "errors": []}
    assert outcomes[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                "message": "Niveau: bad value for restricted picklist field: Bronze",
                "fields": ["Tier__c"],
            }
        ],
    }
    codes = [row["errors"][0]["statusCode"] for row in outcomes[2:]]
    assert codes == ["INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "MISSING_ARGUMENT"]
    assert sandbox.values_of(first)["Tier__c"] == "Or"


def test_all_or_none_puts_everything_back(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    first, second = (sandbox.create("Account", Name=name) for name in ("a", "b"))
    before, written = sandbox.values_of(first), len(sandbox.history())
    outcomes = patch(
        http, {"id": first, "Name": "z"}, {"id": second, "Tier__c": "Bronze"}, all_or_none=True
    )
    codes = [row["errors"][0]["statusCode"] for row in outcomes]
    assert codes == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]
    assert sandbox.values_of(first) == before
    assert len(sandbox.history()) == written


def test_a_collection_takes_two_hundred_rows(http: httpx.Client) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": str(number)} for number in range(201)]
    answer = http.post("/composite/sobjects", json={"allOrNone": False, "records": rows})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    answer = http.post("/composite/sobjects", json={"allOrNone": False, "records": rows[:200]})
    assert all(row["success"] for row in answer.json())


def test_an_unknown_field_refuses_the_whole_collection_or_its_row(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a")
    row = {"attributes": {"type": "Account"}, "id": account, "Nope__c": 1}
    answer = http.patch("/composite/sobjects", json={"records": [row]})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "No such column 'Nope__c' on sobject of type Account",
            "errorCode": "INVALID_FIELD",
        }
    ]
    sandbox.switches.unknown_field_in_collection = "row"
    assert patch(http, row)[0]["errors"][0]["statusCode"] == "INVALID_FIELD"


def test_rows_are_read_and_deleted_in_one_call(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    made = [sandbox.create("Account", Name=name) for name in ("a", "b")]
    body = {"ids": [made[0], NOBODY], "fields": ["Name"]}
    rows = http.post("/composite/sobjects/Account", json=body).json()
    assert (rows[0]["Name"], rows[1]) == ("a", None)
    joined = ",".join(made)
    outcomes = http.delete("/composite/sobjects", params={"ids": joined}).json()
    assert [row["success"] for row in outcomes] == [True, True]
    assert ask(http, "SELECT Id FROM Account") == []


def test_rows_are_upserted_by_an_external_id(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("create_field", object="Activity", name="Key__c", type="string",
                external_id=True, unique=True)  # fmt: skip
    row = {"attributes": {"type": "Task"}, "Key__c": "k", "Subject": "Rappeler"}
    for expected in (True, False):
        answer = http.patch("/composite/sobjects/Task/Key__c", json={"records": [row]}).json()
        assert (answer[0]["success"], answer[0]["created"]) == (True, expected)
    assert len(ask(http, "SELECT Id FROM Task WHERE Key__c = 'k'")) == 1


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
        ({"Name": 5}, "JSON_PARSER_ERROR", None),
        ({"AnnualRevenue": "many"}, "JSON_PARSER_ERROR", None),
        ({"AnnualRevenue": 1e19}, "NUMBER_OUTSIDE_VALID_RANGE", ["AnnualRevenue"]),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", None),
        ({"OwnerId": "x"}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": NOBODY}, "FIELD_INTEGRITY_EXCEPTION", ["OwnerId"]),
        ({"OwnerId": "005000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", None),
        ({"CreatedDate": "2026-01-01"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
        ({"Nope": 1}, "INVALID_FIELD", None),
        ({"Id": NOBODY}, "INVALID_FIELD", None),
    ],
)
def test_a_wrong_value_is_refused_with_its_code(
    shared: httpx.Client, body: Any, code: str, fields: Any
) -> None:
    account = shared.post("/sobjects/Account", json={"Name": "a"}).json()["id"]
    answer = shared.patch(f"/sobjects/Account/{account}", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert answer.json()[0].get("fields") == fields
    assert shared.get(f"/sobjects/Account/{account}").json()["Name"] == "a"


def test_the_rules_of_an_administrator_bind_the_api(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a", Website="a.example")
    sandbox.switches.validation_rules = [
        {"object": "Account", "condition": "Tier__c = 'Or' AND NumberOfEmployees = null",
         "message": "Un compte Or a des employés.", "field": "Tier__c"}]  # fmt: skip
    error = patch(http, {"id": account, "Tier__c": "Or"})[0]["errors"][0]
    assert error == {
        "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "Un compte Or a des employés.",
        "fields": ["Tier__c"],
    }
    assert patch(http, {"id": account, "Tier__c": "Or", "NumberOfEmployees": 3})[0]["success"]
    sandbox.switches.duplicate_rules = [{"object": "Account", "field": "Website"}]
    body = {"Name": "b", "Website": "A.example"}
    twin = http.post("/sobjects/Account", json=body)
    assert twin.json()[0]["errorCode"] == "DUPLICATES_DETECTED"
    assert twin.json()[0]["duplicateResult"]["allowSave"] is True
    allowed = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert http.post("/sobjects/Account", json=body, headers=allowed).status_code == 201


def test_a_locked_row_is_refused_until_it_is_free(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a")
    sandbox.act("lock_row", id=account, times=2)
    codes = [patch(http, {"id": account, "Tier__c": "Or"})[0] for _ in range(3)]
    assert [row["success"] for row in codes] == [False, False, True]
    assert codes[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    sandbox.switches.lock_row_percent = 100.0
    assert not patch(http, {"id": account, "Tier__c": "Or"})[0]["success"]


def test_the_assignment_rules_run_unless_they_are_told_not_to(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a")
    patch(http, {"id": account, "Tier__c": "Or"})
    assert sandbox.statistics()["autoAssigned"] == 0
    del http.headers["Sforce-Auto-Assign"]
    patch(http, {"id": account, "Tier__c": "Argent"})
    assert sandbox.org.auto_assigned == [account]


def test_a_field_made_by_api_is_invisible_until_it_is_permitted(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("create_field", object="Account", name="New__c", type="string", is_visible=False)
    account = sandbox.create("Account", Name="a")
    names = [row["name"] for row in http.get("/sobjects/Account/describe").json()["fields"]]
    assert "New__c" not in names
    hidden = http.get("/query", params={"q": "SELECT New__c FROM Account"})
    assert hidden.json()[0]["errorCode"] == "INVALID_FIELD"
    made = http.post("/sobjects/PermissionSet", json={"Name": "Arpent", "Label": "Arpent"}).json()
    right = {"ParentId": made["id"], "SobjectType": "Account", "Field": "Account.New__c",
             "PermissionsRead": True, "PermissionsEdit": False}  # fmt: skip
    permission = http.post("/sobjects/FieldPermissions", json=right).json()["id"]
    again = http.post("/sobjects/FieldPermissions", json=right)
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    user = sandbox.user_id(SANDBOX_USERNAME)
    given = {"PermissionSetId": made["id"], "AssigneeId": user}
    assert http.post("/sobjects/PermissionSetAssignment", json=given).status_code == 201
    assert ask(http, "SELECT New__c FROM Account")[0]["New__c"] is None
    closed = http.patch(f"/sobjects/Account/{account}", json={"New__c": "x"})
    assert closed.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    edit = {"PermissionsEdit": True}
    assert http.patch(f"/sobjects/FieldPermissions/{permission}", json=edit).status_code == 204
    assert http.patch(f"/sobjects/Account/{account}", json={"New__c": "x"}).status_code == 204


def test_a_field_of_describe_has_the_recorded_members(http: httpx.Client) -> None:
    for kind in ("Account", "Opportunity", "Task", "User"):
        described = http.get(f"/sobjects/{kind}/describe").json()
        assert all(set(row) == FIELD_KEYS for row in described["fields"])
        assert {"childRelationships", "recordTypeInfos", "urls", "keyPrefix"} <= set(described)


def test_an_administrator_changes_fields_under_the_clients_feet(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a", Tier__c="Or")
    sandbox.act("change_field", object="Account", name="Tier__c", label="Rang")
    fields = http.get("/sobjects/Account/describe").json()["fields"]
    assert {row["name"]: row["label"] for row in fields}["Tier__c"] == "Rang"
    assert sandbox.values_of(account)["Tier__c"] == "Or"
    sandbox.act("change_field", object="Account", name="Tier__c", type="double")
    assert ask(http, "SELECT Tier__c FROM Account")[0]["Tier__c"] is None
    sandbox.act("close_field", object="Account", name="Industry")
    answer = http.get("/query", params={"q": "SELECT Industry FROM Account"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
    sandbox.act("delete_field", object="Account", name="Tier__c")
    with pytest.raises(ImpossibleError, match="no custom field"):
        sandbox.act("delete_field", object="Account", name="Tier__c")


def test_a_formula_changes_without_its_records_stamp(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("create_field", object="Account", name="Rep__c", type="string",
                formula="Owner.Title")  # fmt: skip
    user = sandbox.user_id(SANDBOX_USERNAME)
    sandbox.create("Account", Name="a", OwnerId=user)
    before = ask(http, "SELECT Rep__c, SystemModstamp FROM Account")[0]
    sandbox.clock.advance(timedelta(minutes=5))
    sandbox.act("edit", id=user, values={"Title": "Directrice"})
    after = ask(http, "SELECT Rep__c, SystemModstamp FROM Account")[0]
    assert (before["Rep__c"], after["Rep__c"]) == (None, "Directrice")
    assert before["SystemModstamp"] == after["SystemModstamp"]


def test_a_merge_moves_the_children_and_names_the_master(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    winner, loser = (sandbox.create("Account", Name=name) for name in ("kept", "merged"))
    deal = sandbox.create("Opportunity", Name="d", AccountId=loser, StageName="Prospecting",
                          CloseDate="2026-12-01")  # fmt: skip
    sandbox.act("merge", id=winner, losers=[loser])
    rows = ask(
        http, "SELECT Id, IsDeleted, MasterRecordId FROM Account ORDER BY Name", deleted=True
    )
    assert [(row["Id"], row["IsDeleted"], row["MasterRecordId"]) for row in rows] == [
        (winner, False, None),
        (loser, True, winner),
    ]
    assert sandbox.values_of(deal)["AccountId"] == winner
    gone = patch(http, {"id": loser, "Tier__c": "Or"})[0]["errors"][0]
    assert gone["statusCode"] == "ENTITY_IS_DELETED"


def test_the_bin_gives_back_what_went_there_together_and_empties_itself(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a")
    contact = sandbox.create("Contact", LastName="c", AccountId=account)
    sandbox.act("delete", id=account)
    assert ask(http, "SELECT Id FROM Contact") == []
    sandbox.act("undelete", id=account)
    assert [row["Id"] for row in ask(http, "SELECT Id FROM Contact")] == [contact]
    sandbox.act("delete", id=account)
    sandbox.switches.session_seconds = 1e9
    sandbox.clock.advance(timedelta(days=15, minutes=1))
    assert ask(http, "SELECT Id FROM Account", deleted=True) == []
    with pytest.raises(ImpossibleError, match="There is no record"):
        sandbox.act("undelete", id=account)


def test_an_inactive_owner_is_refused(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    account = sandbox.create("Account", Name="a")
    gone = sandbox.act("create_user", username="g@arpent.example", first_name="G", last_name="G")
    sandbox.act("deactivate_user", id=gone["id"])
    error = patch(http, {"id": account, "OwnerId": gone["id"]})[0]["errors"][0]
    assert error["statusCode"] == "INACTIVE_OWNER_OR_USER"


def test_a_deal_derives_its_state_and_keeps_its_history(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("set_fiscal_year", month=4)
    deal = sandbox.create("Opportunity", Name="d", StageName="Prospecting", Amount=1000,
                          CloseDate="2026-12-01")  # fmt: skip
    sandbox.clock.advance(timedelta(days=1))
    assert http.get("/limits").status_code == 401
    sandbox.act("edit", id=deal, values={"StageName": "Closed Won", "Amount": 1200.5})
    sandbox.act("edit", id=deal, values={"NextStep": "rien"})
    shown = sandbox.values_of(deal)
    assert (shown["IsClosed"], shown["IsWon"], shown["Probability"]) == (True, True, 100.0)
    assert (shown["ForecastCategory"], shown["ExpectedRevenue"]) == ("Closed", 1200.5)
    assert (shown["FiscalYear"], shown["FiscalQuarter"]) == (2027, 3)
    token = {"Authorization": f"Bearer {sandbox.open_session(SANDBOX_USERNAME)}"}
    text = "SELECT StageName, Amount, PrevAmount FROM OpportunityHistory ORDER BY CreatedDate"
    rows = http.get("/query", params={"q": text}, headers=token).json()["records"]
    assert [(row["StageName"], row["Amount"], row["PrevAmount"]) for row in rows] == [
        ("Prospecting", 1000.0, None),
        ("Closed Won", 1200.5, 1000.0),
    ]


def test_a_french_org_has_its_own_words_for_tasks(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("set_task_words", statuses=[["A faire", "À faire"], ["Fini", "Terminé"]],
                closed="Fini", priorities=[["Haute", "Haute"], ["Moyenne", "Moyenne"]])  # fmt: skip
    made = http.post("/sobjects/Task", json={"Subject": "Rappeler"}).json()["id"]
    shown = sandbox.values_of(made)
    assert (shown["Status"], shown["Priority"], shown["IsClosed"]) == ("A faire", "Moyenne", False)
    http.patch(f"/sobjects/Task/{made}", json={"Status": "Fini", "Priority": "Haute"})
    assert sandbox.values_of(made)["IsClosed"] is True
    row = ask(http, "SELECT ApiName, MasterLabel FROM TaskStatus WHERE IsDefault = true")[0]
    assert (row["ApiName"], row["MasterLabel"]) == ("A faire", "À faire")


def test_currencies_appear_when_the_org_has_several(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    account = sandbox.create("Account", Name="a")
    sandbox.act("set_currencies", rates={"USD": 0.73, "EUR": 0.67},
                dated=[["USD", "2026-01-01", 0.7], ["USD", "2026-07-01", 0.73]])  # fmt: skip
    assert ask(http, "SELECT CurrencyIsoCode FROM Account")[0]["CurrencyIsoCode"] == "CAD"
    rows = ask(http, "SELECT IsoCode, NextStartDate FROM DatedConversionRate ORDER BY StartDate")
    assert [row["NextStartDate"] for row in rows] == ["2026-07-01", "9999-12-31"]
    unknown = patch(http, {"id": account, "CurrencyIsoCode": "GBP"})[0]["errors"][0]
    assert unknown["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
