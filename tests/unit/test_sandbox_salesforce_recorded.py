"""The emulated org's answers against those that public tests of other clients recorded.

Only the names of members and the facts of standard fields stand here, none of the recorded texts.
Sources: CumulusCI's shared cassettes (`GET_sobjects_{Account,Contact,Opportunity,Event,
OpportunityContactRole,Global}_describe`, `GET_sobjects_Organization`, `TestUpsert`), restforce's
`spec/fixtures` (queries, refusals, logins).
"""

from typing import Any

import pytest

from connectors.sandbox.salesforce import SANDBOX_CLIENT_KEY
from tests.unit.salesforce_caller import DATA, Caller, called

# Of one entry of the list of objects.
LISTED = {
    *("activateable", "associateEntityType", "associateParentEntity", "createable", "custom"),
    *("customSetting", "deepCloneable", "deletable", "deprecatedAndHidden", "feedEnabled"),
    *("hasSubtypes", "isInterface", "isSubtype", "keyPrefix", "label", "labelPlural", "layoutable"),
    *("mergeable", "mruEnabled", "name", "queryable", "replicateable", "retrieveable"),
    *("searchable", "triggerable", "undeletable", "updateable", "urls"),
}
# Of one object's describe, beside those.
DESCRIBED = {
    *("actionOverrides", "childRelationships", "compactLayoutable", "defaultImplementation"),
    *("extendedBy", "extendsInterfaces", "fields", "implementedBy", "implementsInterfaces"),
    *("listviewable", "lookupLayoutable", "namedLayoutInfos", "networkScopeFieldName"),
    *("recordTypeInfos", "searchLayoutable", "sobjectDescribeOption", "supportedScopes"),
}
CHILD = {
    *("cascadeDelete", "childSObject", "deprecatedAndHidden", "field", "junctionIdListNames"),
    *("junctionReferenceTo", "relationshipName", "restrictedDelete"),
}
RECORD_TYPE = {
    *("active", "available", "defaultRecordTypeMapping", "developerName", "master", "name"),
    *("recordTypeId", "urls"),
}
# What the list of objects says of them: feedEnabled, layoutable, mergeable, undeletable.
OBJECTS = {
    "Account": ("001", True, True, True, True),
    "Contact": ("003", True, True, True, True),
    "Opportunity": ("006", True, True, False, True),
}
FACTS = (
    *("type", "length", "precision", "scale", "digits", "soapType", "nillable", "createable"),
    *("updateable", "filterable", "sortable", "groupable", "aggregatable", "permissionable"),
    *("relationshipName", "byteLength", "polymorphicForeignKey"),
)
YES, NO = True, False
FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "Account": {
        "Id": ("id", 18, 0, 0, 0, "tns:ID", NO, NO, NO, YES, YES, YES, YES, NO, None, 18, NO),
        "IsDeleted": ("boolean", 0, 0, 0, 0, "xsd:boolean", NO, NO, NO, YES, YES, YES, NO, NO,
                      None, 0, NO),
        "MasterRecordId": ("reference", 18, 0, 0, 0, "tns:ID", YES, NO, NO, YES, YES, YES, YES, NO,
                           "MasterRecord", 18, NO),
        "Name": ("string", 255, 0, 0, 0, "xsd:string", NO, YES, YES, YES, YES, YES, YES, NO,
                 None, 765, NO),
        "ParentId": ("reference", 18, 0, 0, 0, "tns:ID", YES, YES, YES, YES, YES, YES, YES, YES,
                     "Parent", 18, NO),
        "BillingStreet": ("textarea", 255, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES, YES,
                          YES, YES, None, 765, NO),
        "BillingAddress": ("address", 0, 0, 0, 0, "urn:address", YES, NO, NO, YES, NO, NO, NO, YES,
                           None, 0, NO),
        "Website": ("url", 255, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES, YES, YES, YES,
                    None, 765, NO),
        "Industry": ("picklist", 40, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES, YES, YES, YES,
                     None, 120, NO),
        "AnnualRevenue": ("currency", 0, 18, 0, 0, "xsd:double", YES, YES, YES, YES, YES, NO, YES,
                          YES, None, 0, NO),
        "NumberOfEmployees": ("int", 0, 0, 0, 8, "xsd:int", YES, YES, YES, YES, YES, YES, YES, YES,
                              None, 0, NO),
        "Description": ("textarea", 32_000, 0, 0, 0, "xsd:string", YES, YES, YES, NO, NO, NO, NO,
                        YES, None, 96_000, NO),
        "OwnerId": ("reference", 18, 0, 0, 0, "tns:ID", NO, YES, YES, YES, YES, YES, YES, NO,
                    "Owner", 18, NO),
        "SystemModstamp": ("datetime", 0, 0, 0, 0, "xsd:dateTime", NO, NO, NO, YES, YES, NO, YES,
                           NO, None, 0, NO),
        "LastActivityDate": ("date", 0, 0, 0, 0, "xsd:date", YES, NO, NO, YES, YES, YES, YES, NO,
                             None, 0, NO),
    },
    "Opportunity": {
        "AccountId": ("reference", 18, 0, 0, 0, "tns:ID", YES, YES, YES, YES, YES, YES, YES, YES,
                      "Account", 18, NO),
        "Name": ("string", 120, 0, 0, 0, "xsd:string", NO, YES, YES, YES, YES, YES, YES, NO,
                 None, 360, NO),
        "StageName": ("picklist", 255, 0, 0, 0, "xsd:string", NO, YES, YES, YES, YES, YES, YES, NO,
                      None, 765, NO),
        "Amount": ("currency", 0, 18, 2, 0, "xsd:double", YES, YES, YES, YES, YES, NO, YES, YES,
                   None, 0, NO),
        "Probability": ("percent", 0, 3, 0, 0, "xsd:double", YES, YES, YES, YES, YES, NO, YES, YES,
                        None, 0, NO),
        "ExpectedRevenue": ("currency", 0, 18, 2, 0, "xsd:double", YES, NO, NO, YES, YES, NO, YES,
                            YES, None, 0, NO),
        "CloseDate": ("date", 0, 0, 0, 0, "xsd:date", NO, YES, YES, YES, YES, YES, YES, NO,
                      None, 0, NO),
        "IsWon": ("boolean", 0, 0, 0, 0, "xsd:boolean", NO, NO, NO, YES, YES, YES, NO, NO,
                  None, 0, NO),
        "ForecastCategoryName": ("picklist", 255, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES,
                                 YES, YES, NO, None, 765, NO),
        "FiscalYear": ("int", 0, 0, 0, 8, "xsd:int", YES, NO, NO, YES, YES, YES, YES, NO,
                       None, 0, NO),
        "ContactId": ("reference", 18, 0, 0, 0, "tns:ID", YES, YES, NO, YES, YES, YES, YES, NO,
                      None, 18, NO),
    },
    "Event": {
        "WhoId": ("reference", 18, 0, 0, 0, "tns:ID", YES, YES, YES, YES, YES, YES, YES, YES,
                  "Who", 18, YES),
        "WhatId": ("reference", 18, 0, 0, 0, "tns:ID", YES, YES, YES, YES, YES, YES, YES, YES,
                   "What", 18, YES),
        "Subject": ("combobox", 255, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES, NO, YES, NO,
                    None, 765, NO),
        "DurationInMinutes": ("int", 0, 0, 0, 8, "xsd:int", YES, YES, YES, YES, YES, YES, YES, NO,
                              None, 0, NO),
        "StartDateTime": ("datetime", 0, 0, 0, 0, "xsd:dateTime", YES, YES, YES, YES, YES, NO, YES,
                          NO, None, 0, NO),
        "AccountId": ("reference", 18, 0, 0, 0, "tns:ID", YES, NO, NO, YES, YES, YES, YES, NO,
                      "Account", 18, NO),
        "OwnerId": ("reference", 18, 0, 0, 0, "tns:ID", NO, YES, YES, YES, YES, YES, YES, NO,
                    "Owner", 18, YES),
        "IsArchived": ("boolean", 0, 0, 0, 0, "xsd:boolean", NO, NO, NO, YES, YES, YES, NO, NO,
                       None, 0, NO),
    },
    "OpportunityContactRole": {
        "ContactId": ("reference", 18, 0, 0, 0, "tns:ID", NO, YES, YES, YES, YES, YES, YES, NO,
                      "Contact", 18, NO),
        "Role": ("picklist", 40, 0, 0, 0, "xsd:string", YES, YES, YES, YES, YES, YES, YES, NO,
                 None, 120, NO),
        "IsPrimary": ("boolean", 0, 0, 0, 0, "xsd:boolean", NO, YES, YES, YES, YES, YES, NO, NO,
                      None, 0, NO),
    },
}  # fmt: skip
# (parent, child, look-up) → the relationship's name, and whether the child is deleted with it.
CHILDREN = {
    ("Account", "Account", "ParentId"): ("ChildAccounts", False),
    ("Account", "AccountContactRole", "AccountId"): ("AccountContactRoles", True),
    ("Account", "Contact", "AccountId"): ("Contacts", True),
    ("Account", "Event", "AccountId"): (None, False),
    ("Account", "Event", "WhatId"): ("Events", True),
    ("Account", "Opportunity", "AccountId"): ("Opportunities", True),
    ("Account", "Task", "AccountId"): (None, False),
    ("Account", "Task", "WhatId"): ("Tasks", True),
    ("Contact", "AccountContactRole", "ContactId"): ("AccountContactRoles", True),
    ("Contact", "Event", "WhoId"): ("Events", True),
    ("Contact", "Opportunity", "ContactId"): ("Opportunities", False),
    ("Contact", "OpportunityContactRole", "ContactId"): ("OpportunityContactRoles", True),
    ("Contact", "Task", "WhoId"): ("Tasks", True),
    ("Opportunity", "Event", "WhatId"): ("Events", True),
    ("Opportunity", "OpportunityContactRole", "OpportunityId"): ("OpportunityContactRoles", True),
    ("Opportunity", "OpportunityHistory", "OpportunityId"): ("OpportunityHistories", True),
    ("Opportunity", "Task", "WhatId"): ("Tasks", True),
}
# Of the recorded row of an organization, those that the sandbox has as well.
ORGANIZATION = {
    *("attributes", "Id", "Name", "LanguageLocaleKey", "DefaultLocaleSidKey", "TimeZoneSidKey"),
    *("FiscalYearStartMonth", "UsesStartDateAsFiscalYearName", "OrganizationType", "IsSandbox"),
    *("InstanceName", "NamespacePrefix", "TrialExpirationDate", "CreatedDate", "CreatedById"),
    *("LastModifiedDate", "LastModifiedById", "SystemModstamp"),
}
LOGIN = {"id", "issued_at", "instance_url", "signature", "access_token"}


@pytest.fixture(scope="module")
def caller() -> Caller:
    return called()


def described(caller: Caller, name: str) -> dict[str, Any]:
    return dict(caller.get(f"sobjects/{name}/describe").json())


def test_the_list_of_objects_has_the_recorded_members(caller: Caller) -> None:
    listing = caller.get("sobjects").json()
    assert set(listing) == {"encoding", "maxBatchSize", "sobjects"}
    assert (listing["encoding"], listing["maxBatchSize"]) == ("UTF-8", 200)
    for kind in listing["sobjects"]:
        assert set(kind) == LISTED
    found = {
        kind["name"]: (kind["keyPrefix"], kind["feedEnabled"], kind["layoutable"],
                       kind["mergeable"], kind["undeletable"])
        for kind in listing["sobjects"] if kind["name"] in OBJECTS
    }  # fmt: skip
    assert found == OBJECTS


@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "Event", "Task", "User"])
def test_a_describe_has_the_recorded_members(caller: Caller, name: str) -> None:
    found = described(caller, name)
    assert set(found) == LISTED | DESCRIBED
    assert {frozenset(child) for child in found["childRelationships"]} <= {frozenset(CHILD)}
    assert [set(one) for one in found["recordTypeInfos"]] == [RECORD_TYPE]
    assert {"describe", "layouts", "rowTemplate", "sobject"} <= set(found["urls"])


@pytest.mark.parametrize("name", FIELDS)
def test_standard_fields_are_what_was_recorded(caller: Caller, name: str) -> None:
    found = {field["name"]: field for field in described(caller, name)["fields"]}
    told = {field: tuple(found[field][fact] for fact in FACTS) for field in FIELDS[name]}
    assert told == FIELDS[name]


def test_children_are_called_what_was_recorded(caller: Caller) -> None:
    told = {
        (parent, child["childSObject"], child["field"]): (
            child["relationshipName"],
            child["cascadeDelete"],
        )
        for parent in OBJECTS
        for child in described(caller, parent)["childRelationships"]
    }
    assert {place: told.get(place) for place in CHILDREN} == CHILDREN


def test_a_row_has_the_recorded_members(caller: Caller) -> None:
    org = caller.sandbox.org_id
    row = caller.get(f"sobjects/Organization/{org}").json()
    assert set(row) == ORGANIZATION
    assert row["attributes"] == {
        "type": "Organization", "url": f"{DATA}/sobjects/Organization/{org}"}  # fmt: skip
    assert row["CreatedDate"].endswith(".000+0000")


def test_what_a_write_answers_has_the_recorded_members(caller: Caller) -> None:
    made = caller.sent("POST", "sobjects/Account/", {"Name": "xyzzy", "AccountNumber": "420"})
    assert (made.status, set(made.json())) == (201, {"id", "success", "errors"})
    page = caller.ask("SELECT Id, AccountNumber FROM Account WHERE AccountNumber = '420'")
    assert list(page) == ["totalSize", "done", "records"]
    assert list(page["records"][0]) == ["attributes", "Id", "AccountNumber"]
    assert list(page["records"][0]["attributes"]) == ["type", "url"]
    counted = caller.get("limits/recordCount?sObjects=Account").json()
    assert counted == {"sObjects": [{"count": 1, "name": "Account"}]}


def test_refusals_are_worded_as_recorded(caller: Caller) -> None:
    written = caller.sent("POST", "sobjects/Account", {"Name": "a", "foo": 1}).json()
    assert written == [
        {"message": "No such column 'foo' on sobject of type Account", "errorCode": "INVALID_FIELD"}
    ]
    assert caller.get("sobjects/Nothing/describe").json() == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]
    assert caller.get("sobjects/Account/rid/x").json() == [
        {
            "message": "Provided external ID field does not exist or is not accessible: rid",
            "errorCode": "NOT_FOUND",
        }
    ]
    ended = caller.send("GET", f"{DATA}/limits", headers={"Authorization": "Bearer no"})
    assert ended.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_login_has_the_recorded_members(caller: Caller) -> None:
    granted = caller.token()
    assert set(granted) >= LOGIN
    assert granted["issued_at"].isdecimal()
    form = f"grant_type=refresh_token&client_id={SANDBOX_CLIENT_KEY}&client_secret=no"
    kind = "application/x-www-form-urlencoded"
    refused = caller.send("POST", "/services/oauth2/token", form.encode(), kind)
    assert (refused.status, set(refused.json())) == (400, {"error", "error_description"})
    versions = caller.send("GET", "/services/data").json()
    assert {frozenset(one) for one in versions} == {frozenset({"label", "url", "version"})}
