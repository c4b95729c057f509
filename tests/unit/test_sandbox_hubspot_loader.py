"""Loading a folder into the sandbox: what becomes of each column, and what stops a load."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sandbox.csv_table import MalformedFolderError
from connectors.sandbox.hubspot import HubSpotSandbox, load_folder

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
OPPORTUNITY = (
    "id,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,is_won,"
    "product,source,loss_reason"
)
FILES = {
    "owners.csv": ["id,name,email", "7,Élise Roy Côté,", "marc,Marc Lavoie,marc@arpent.example"],
    "accounts.csv": [
        "id,name,owner_id,industry,created,segment,potentiel,code,Suivi le,numberofemployees",
        "20,Fonderie,7,Fabrication,2026-01-15,PME,180000,007,2026-02-01,140",
        "ROC,Roc,marc,RETAIL,2026-07-15,PME,,008,2026-02-02,",
        "22,Pin,,,,GE,95000.50,009,,",
        "23,Lac,,,,GE,1,010,,",
    ],
    "contacts.csv": ["id,account_id,name,hs_buying_role", "30,20,Ana de la Roche,CHAMPION"],
    "opportunities.csv": [
        f"{OPPORTUNITY},name,stage_history",
        (
            "40,20,7,Soumission,500,CAD,2026-09-02,2026-12-15,False,False,A,B,,Moule,"
            "Qualification@2026-09-02;Soumission@2026-10-12"
        ),
        (
            "D2,20,7,Closed Won,100.50,USD,2026-01-05,2026-02-06,True,True,A,B,,,"
            "Qualification@2026-01-05;Closed Won@2026-02-06"
        ),
        "D3,ROC,marc,Closed Lost,,CAD,2026-03-01,2026-03-20,True,False,A,B,Prix,,",
    ],
    "activities.csv": [
        "id,type,account_id,owner_id,timestamp,status,direction,opportunity_id,contact_id",
        "50,call,20,7,2026-10-30T14:10:00,No answer,outbound,40,30",
        "51,meeting,20,7,2026-07-30,completed,,,30",
        "52,email,20,7,2026-10-30T14:10:00Z,sent,inbound,,",
        "53,note,20,7,2026-10-30,,,,",
    ],
}


def write(folder: Path, files: dict[str, list[str]]) -> Path:
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def sandbox(tmp_path: Path) -> HubSpotSandbox:
    made = HubSpotSandbox(now=NOW)
    load_folder(made, write(tmp_path, FILES))
    return made


def test_numeric_ids_are_kept_and_others_can_be_looked_up(sandbox: HubSpotSandbox) -> None:
    assert sandbox.id_of("companies", "20") == "20"
    assert sandbox.id_of("owners", "7") == "7"
    allocated = sandbox.id_of("companies", "ROC")
    assert allocated.isdigit()
    assert sandbox.values_of("companies", allocated)["name"] == "Roc"
    assert sandbox.values_of("companies", allocated)["hubspot_owner_id"] == sandbox.id_of(
        "owners", "marc"
    )


def test_an_owner_without_an_address_gets_one_from_the_name(sandbox: HubSpotSandbox) -> None:
    owners = {row["firstName"]: row for row in sandbox.portal.state.owners.values()}
    assert owners["Élise"]["lastName"] == "Roy Côté"
    assert owners["Élise"]["email"] == "elise.roy.cote@example.com"
    assert owners["Marc"]["email"] == "marc@arpent.example"


def test_a_day_is_midnight_in_the_portals_zone_in_winter_and_in_summer(
    sandbox: HubSpotSandbox,
) -> None:
    winter = sandbox.values_of("companies", "20")["createdate"]
    summer = sandbox.values_of("companies", sandbox.id_of("companies", "ROC"))["createdate"]
    assert (winter, summer) == ("2026-01-15T05:00:00Z", "2026-07-15T04:00:00Z")
    body = sandbox.call("GET", "/crm/objects/2026-09/companies/20")[1]
    assert body["createdAt"] == "2026-01-15T05:00:00Z"


def test_a_portal_elsewhere_has_other_midnights(tmp_path: Path) -> None:
    sandbox = HubSpotSandbox(now=NOW, portal_timezone="Europe/Paris")
    load_folder(sandbox, write(tmp_path, FILES))
    assert sandbox.values_of("companies", "20")["createdate"] == "2026-01-14T23:00:00Z"


def test_unknown_columns_become_properties_of_a_guessed_type(sandbox: HubSpotSandbox) -> None:
    known = sandbox.portal.state.properties["companies"]
    kinds = {name: known[name]["type"] for name in ("segment", "potentiel", "code", "suivi_le")}
    assert kinds == {
        "segment": "enumeration",
        "potentiel": "number",
        "code": "string",  # leading zeros make a code, not a number
        "suivi_le": "date",
    }
    assert [row["value"] for row in known["segment"]["options"]] == ["GE", "PME"]
    assert sandbox.values_of("companies", "20")["suivi_le"] == "2026-02-01"
    assert known["potentiel"]["hubspotDefined"] is False


def test_choices_that_hubspot_lacks_are_added(sandbox: HubSpotSandbox) -> None:
    options = sandbox.portal.state.properties["companies"]["industry"]["options"]
    assert {"RETAIL", "Fabrication"} <= {row["value"] for row in options}


def test_the_pipeline_is_that_of_the_data(sandbox: HubSpotSandbox) -> None:
    stages = sandbox.portal.state.pipelines["default"]["stages"]
    assert [(row["id"], row["metadata"]["probability"]) for row in stages] == [
        ("qualification", "0.33"),
        ("soumission", "0.67"),
        ("closedwon", "1.0"),
        ("closedlost", "0.0"),
    ]


def test_open_stages_without_history_follow_the_usual_order(tmp_path: Path) -> None:
    rows = [
        f"{number},,,{stage},1,CAD,2026-01-01,,False,False,,,"
        for number, stage in enumerate(("Négociation", "Prospection", "Soumission"), start=1)
    ]
    sandbox = HubSpotSandbox(now=NOW)
    load_folder(
        sandbox,
        write(
            tmp_path,
            FILES
            | {"opportunities.csv": [OPPORTUNITY, *rows]}
            | {"activities.csv": FILES["activities.csv"][:1]},
        ),
    )
    stages = sandbox.portal.state.pipelines["default"]["stages"]
    assert [row["id"] for row in stages] == ["prospection", "soumission", "negociation"]


def past(sandbox: HubSpotSandbox, loaded_id: str) -> list[tuple[str, str]]:
    record_id = sandbox.id_of("deals", loaded_id)
    path = f"/crm/objects/2026-09/deals/{record_id}?propertiesWithHistory=dealstage"
    entries = sandbox.call("GET", path)[1]["propertiesWithHistory"]["dealstage"]
    return [(entry["value"], entry["timestamp"]) for entry in entries]


def test_stage_history_is_read_or_else_inferred(sandbox: HubSpotSandbox) -> None:
    assert past(sandbox, "40") == [
        ("soumission", "2026-10-12T04:00:00Z"),
        ("qualification", "2026-09-02T04:00:00Z"),
    ]
    assert past(sandbox, "D3") == [
        ("closedlost", "2026-03-20T04:00:00Z"),
        ("qualification", "2026-03-01T05:00:00Z"),
    ]


def test_deals_carry_their_names_amounts_flags_and_company(sandbox: HubSpotSandbox) -> None:
    won = sandbox.values_of("deals", sandbox.id_of("deals", "D2"))
    assert (won["dealname"], won["amount"], won["deal_currency_code"]) == ("D2", "100.50", "USD")
    assert "amount_in_home_currency" not in won
    assert (won["hs_is_closed_won"], won["hs_is_closed"]) == ("true", "true")
    opened = sandbox.values_of("deals", "40")
    assert (opened["dealname"], opened["amount_in_home_currency"]) == ("Moule", "500")
    assert opened["closedate"] == "2026-12-15T05:00:00Z"
    lost = sandbox.values_of("deals", sandbox.id_of("deals", "D3"))
    assert lost["closed_lost_reason"] == "Prix"
    links = sandbox.call("GET", "/crm/objects/2026-09/deals/40/associations/companies")[1]
    assert [row["toObjectId"] for row in links["results"]] == [20]
    assert {kind["typeId"] for kind in links["results"][0]["associationTypes"]} == {5, 341}


def test_activities_are_coded_as_hubspot_does_and_linked(sandbox: HubSpotSandbox) -> None:
    call = sandbox.values_of("calls", "50")
    assert (call["hs_call_status"], call["hs_call_direction"]) == ("NO_ANSWER", "OUTBOUND")
    assert call["hs_timestamp"] == "2026-10-30T18:10:00Z"  # no zone: the portal's
    assert sandbox.values_of("meetings", "51")["hs_meeting_outcome"] == "COMPLETED"
    email = sandbox.values_of("emails", "52")
    assert (email["hs_email_direction"], email["hs_email_status"]) == ("INCOMING_EMAIL", "SENT")
    assert email["hs_timestamp"] == "2026-10-30T14:10:00Z"
    for target, other in (("companies", 20), ("deals", 40), ("contacts", 30)):
        path = f"/crm/objects/2026-09/calls/50/associations/{target}"
        assert sandbox.call("GET", path)[1]["results"][0]["toObjectId"] == other


def test_contacts_have_names_roles_and_their_company(sandbox: HubSpotSandbox) -> None:
    values = sandbox.values_of("contacts", "30")
    assert (values["firstname"], values["lastname"]) == ("Ana", "de la Roche")
    assert values["hs_buying_role"] == "CHAMPION"
    path = "/crm/objects/2026-09/contacts/30/associations/companies"
    assert sandbox.call("GET", path)[1]["results"][0]["toObjectId"] == 20


def test_a_load_is_no_write_of_anybody(sandbox: HubSpotSandbox) -> None:
    assert sandbox.history() == []


_DEAL = "41,20,7,Soumission,500,CAD,2026-09-02,2026-12-15,False,False,A,B,"


@pytest.mark.parametrize(
    ("name", "lines", "place"),
    [
        ("owners.csv", None, r"owners\.csv: this file is missing"),
        ("owners.csv", ["id"], r"owners\.csv, line 1, column name: this column is missing"),
        ("accounts.csv", ["id,name", "1,"], r"accounts\.csv, line 2, column name: .* empty"),
        ("accounts.csv", ["id,name", "1,A", "1,B"], r"line 3, column id: '1' is already"),
        ("accounts.csv", ["id,name,owner_id", "1,A,9"], r"line 2, column owner_id: '9' is not"),
        ("accounts.csv", ["id,name,created", "1,A,hier"], r"line 2, column created: 'hier'"),
        (
            "accounts.csv",
            ["id,name,numberofemployees", "1,A,12", "2,B,beaucoup"],
            r"line 3, column numberofemployees: 'beaucoup' is not a number",
        ),
        ("accounts.csv", ["id,name", "1,A,B"], r"line 2: 3 cells for 2 columns"),
        (
            "opportunities.csv",
            [OPPORTUNITY, _DEAL.replace("500", "5 k")],
            r"line 2, column amount: '5 k' is not a number",
        ),
        (
            "opportunities.csv",
            [OPPORTUNITY, _DEAL.replace("2026-12-15", "15/12/2026")],
            r"line 2, column close_date: '15/12/2026' is not a date",
        ),
        (
            "opportunities.csv",
            [OPPORTUNITY, _DEAL.replace(",20,", ",999,")],
            r"line 2, column account_id: '999' is not an id of accounts\.csv",
        ),
        (
            "opportunities.csv",
            [OPPORTUNITY, _DEAL, _DEAL.replace("41,", "42,").replace("False,False", "True,True")],
            r"line 3, column stage: 'Soumission' is won here and open on line 2",
        ),
        (
            "opportunities.csv",
            [OPPORTUNITY, _DEAL.replace("False,False", "maybe,False")],
            r"line 2, column is_closed: 'maybe' is neither true nor false",
        ),
        (
            "opportunities.csv",
            [f"{OPPORTUNITY},stage_history", f"{_DEAL},Soumission le 3"],
            r"line 2, column stage_history: 'Soumission le 3' is not a stage and its date",
        ),
        (
            "activities.csv",
            [FILES["activities.csv"][0], "50,fax,20,7,2026-10-30,,,,"],
            r"line 2, column type: 'fax' is none of call, meeting, email, note",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place_and_nothing_is_written(
    tmp_path: Path, name: str, lines: list[str] | None, place: str
) -> None:
    others = {"contacts.csv", "activities.csv"} - {name}
    files = {file: rows for file, rows in FILES.items() if file not in others}
    if lines is None:
        del files[name]
    else:
        files[name] = lines
    if name == "accounts.csv":
        files["opportunities.csv"] = [OPPORTUNITY]
    sandbox = HubSpotSandbox(now=NOW)
    with pytest.raises(MalformedFolderError, match=place) as raised:
        load_folder(sandbox, write(tmp_path, files))
    assert "\n" not in str(raised.value)
    assert sandbox.is_empty
