"""Zoho's own client, `zohocrmsdk8-0`, drives the emulated organisation over real HTTP.

Its environment takes plain addresses, so that it is the client as Zoho ships it. It keeps its
token and the modules' fields in files, which belong to the test's folder.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, ParameterMap, bulk_read, coql
from zohocrmsdk.src.com.zoho.crm.api import deal_contact_roles as roles
from zohocrmsdk.src.com.zoho.crm.api import fields as sdk_fields
from zohocrmsdk.src.com.zoho.crm.api import record as sdk_record
from zohocrmsdk.src.com.zoho.crm.api import users as sdk_users
from zohocrmsdk.src.com.zoho.crm.api.bulk_read.bulk_read_operations import BulkReadOperations
from zohocrmsdk.src.com.zoho.crm.api.coql.coql_operations import CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.deal_contact_roles.deal_contact_roles_operations import (
    DealContactRolesOperations,
    GetAssociatedContactRolesParam,
)
from zohocrmsdk.src.com.zoho.crm.api.exception.sdk_exception import SDKException
from zohocrmsdk.src.com.zoho.crm.api.fields.fields_operations import (
    CreateFieldParam,
    DeleteFieldParam,
    FieldsOperations,
    GetFieldsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.layouts.layouts_operations import (
    GetLayoutsParam,
    LayoutsOperations,
)
from zohocrmsdk.src.com.zoho.crm.api.modules import MinifiedModule
from zohocrmsdk.src.com.zoho.crm.api.modules.modules_operations import ModulesOperations
from zohocrmsdk.src.com.zoho.crm.api.org.org_operations import OrgOperations
from zohocrmsdk.src.com.zoho.crm.api.pipeline.pipeline_operations import PipelineOperations
from zohocrmsdk.src.com.zoho.crm.api.profiles.profiles_operations import ProfilesOperations
from zohocrmsdk.src.com.zoho.crm.api.record.record_operations import (
    DeleteRecordsParam,
    GetDeletedRecordsParam,
    GetRecordsHeader,
    GetRecordsParam,
    RecordOperations,
    SearchRecordsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.users.users_operations import GetUsersParam, UsersOperations

from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
ACCOUNTS = RecordOperations("Accounts")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[ZohoSandbox]:
    with ZohoSandbox(now=NOW) as running:
        initialize(running, tmp_path)
        yield running


def initialize(sandbox: ZohoSandbox, folder: Path, secret: str = SANDBOX_CLIENT_SECRET) -> None:
    url = sandbox.url
    Initializer.initialize(
        environment=DataCenter.Environment(url, f"{url}/oauth/v2/token", url),
        token=OAuthToken(
            client_id=SANDBOX_CLIENT_ID, client_secret=secret, refresh_token=SANDBOX_REFRESH_TOKEN
        ),
        store=FileStore(str(folder / "tokens.txt")),
        resource_path=str(folder),
    )


def body(*rows: dict[str, Any], **more: Any) -> Any:
    made = sdk_record.BodyWrapper()
    records = []
    for row in rows:
        record = sdk_record.Record()
        for name, value in row.items():
            record.set_id(int(value)) if name == "id" else record.add_key_value(name, value)
        records.append(record)
    made.set_data(records)
    made.set_trigger([])
    if "check" in more:
        made.set_duplicate_check_fields(more["check"])
    return made


def params(*pairs: tuple[Any, Any]) -> Any:
    made = ParameterMap()
    for param, value in pairs:
        made.add(param, value)
    return made


def create(*rows: dict[str, Any]) -> list[str]:
    answer = ACCOUNTS.create_records(body(*rows))
    assert answer.get_status_code() == 201
    return [item.get_details()["id"] for item in answer.get_object().get_data()]


def codes(answer: Any) -> list[str]:
    return [item.get_code().get_value() for item in answer.get_object().get_data()]


def test_records_are_created_listed_changed_and_deleted(sandbox: ZohoSandbox) -> None:
    ids = create({"Account_Name": "Roc"}, {"Account_Name": "Éa", "Employees": 12})
    listed = ACCOUNTS.get_records(
        params(
            (GetRecordsParam.fields, "Account_Name,Employees,Owner"), (GetRecordsParam.per_page, 1)
        )
    )
    [row] = listed.get_object().get_data()
    assert (row.get_key_value("Account_Name"), row.get_key_value("Employees")) == ("Éa", 12)
    assert row.get_key_value("Owner").get_email() == "integration@arpent.example"
    info = listed.get_object().get_info()
    assert info.get_more_records() is True
    assert info.get_next_page_token()
    changed = ACCOUNTS.update_records(body({"id": ids[0], "Billing_City": "Amos"}))
    assert (changed.get_status_code(), codes(changed)) == (200, ["SUCCESS"])
    assert sandbox.values_of(ids[0])["Billing_City"] == "Amos"
    assert sandbox.statistics()["fired"] == {}
    gone = ACCOUNTS.delete_records(params((DeleteRecordsParam.ids, ids[0])))
    assert codes(gone) == ["SUCCESS"]
    deleted = ACCOUNTS.get_deleted_records(
        params((GetDeletedRecordsParam.type, "all")), HeaderMap()
    )
    [tombstone] = deleted.get_object().get_data()
    assert (str(tombstone.get_id()), tombstone.get_type()) == (ids[0], "recycle")
    assert tombstone.get_display_name() == "Roc"


@pytest.mark.usefixtures("sandbox")
def test_one_record_is_read_whole() -> None:
    [record_id] = create({"Account_Name": "Roc"})
    answer = ACCOUNTS.get_record(int(record_id), ParameterMap(), HeaderMap())
    [row] = answer.get_object().get_data()
    assert row.get_key_value("Account_Name") == "Roc"
    assert row.get_modified_by().get_name() == "Arpent Integration"
    assert row.get_created_time() == NOW


@pytest.mark.usefixtures("sandbox")
def test_a_mixed_update_has_an_outcome_for_each_record() -> None:
    [record_id] = create({"Account_Name": "Roc"})
    rows = ({"id": record_id, "Phone": "819 555-0100"}, {"id": "12", "Phone": "x"})
    answer = ACCOUNTS.update_records(body(*rows))
    assert answer.get_status_code() == 207
    good, bad = answer.get_object().get_data()
    assert good.get_message().get_value() == "record updated"
    assert bad.get_code().get_value() == "INVALID_DATA"
    assert bad.get_details()["json_path"] == "$.data[1].id"


@pytest.mark.usefixtures("sandbox")
def test_upserts_find_their_record() -> None:
    wanted = {"Account_Name": "Roc"}
    first = ACCOUNTS.upsert_records(body(wanted, check=["Account_Name"]))
    again = ACCOUNTS.upsert_records(body(wanted | {"Phone": "1"}, check=["Account_Name"]))
    [made], [found] = first.get_object().get_data(), again.get_object().get_data()
    actions = [item.get_action().get_value() for item in (made, found)]
    assert actions == ["insert", "update"]
    assert found.get_duplicate_field() == "Account_Name"
    assert made.get_details()["id"] == found.get_details()["id"]


@pytest.mark.usefixtures("sandbox")
def test_what_did_not_change_is_not_sent() -> None:
    create({"Account_Name": "Roc"})
    headers = HeaderMap()
    headers.add(GetRecordsHeader.if_modified_since, datetime(2026, 12, 1, tzinfo=UTC))
    asked = params((GetRecordsParam.fields, "Account_Name"))
    assert ACCOUNTS.get_records(asked, headers).get_status_code() == 304
    empty = RecordOperations("Deals").get_records(params((GetRecordsParam.fields, "Deal_Name")))
    assert empty.get_status_code() == 204


@pytest.mark.usefixtures("sandbox")
def test_accounts_are_searched() -> None:
    create({"Account_Name": "Roc", "Employees": 5}, {"Account_Name": "Roche", "Employees": 50})
    criteria = "((Account_Name:starts_with:roc)and(Employees:greater_than:10))"
    found = ACCOUNTS.search_records(params((SearchRecordsParam.criteria, criteria)))
    [row] = found.get_object().get_data()
    assert row.get_key_value("Account_Name") == "Roche"


def query(text: str) -> Any:
    wrapper = coql.BodyWrapper()
    wrapper.set_select_query(text)
    return CoqlOperations().get_records(wrapper)


@pytest.mark.usefixtures("sandbox")
def test_coql_rows_and_refusals_are_read() -> None:
    create({"Account_Name": "Roc", "Annual_Revenue": 10.5}, {"Account_Name": "Éa"})
    answer = query("select Account_Name, Owner from Accounts where Annual_Revenue > 10")
    [row] = answer.get_object().get_data()
    assert row.get_key_value("Account_Name") == "Roc"
    assert answer.get_object().get_info().get_count() == 1
    refused = query("select Nothing_Such from Accounts where id is not null")
    assert refused.get_status_code() == 400
    assert refused.get_object().get_code().get_value() == "INVALID_QUERY"


def test_fields_are_made_listed_and_deleted(sandbox: ZohoSandbox) -> None:
    choice = sdk_fields.PickListValue()
    choice.set_display_value("Or")
    choice.set_actual_value("gold")
    made = sdk_fields.Fields()
    made.set_field_label("Arpent Tier")
    made.set_data_type("picklist")
    made.set_pick_list_values([choice])
    wrapper = sdk_fields.BodyWrapper()
    wrapper.set_fields([made])
    on_accounts = params((CreateFieldParam.module, "Accounts"))
    answer = FieldsOperations().create_field(wrapper, on_accounts)
    assert answer.get_status_code() == 201
    [done] = answer.get_object().get_fields()
    listed = FieldsOperations().get_fields(params((GetFieldsParam.module, "Accounts")))
    fields = {field.get_api_name(): field for field in listed.get_object().get_fields()}
    tier = fields["Arpent_Tier"]
    assert str(tier.get_id()) == str(done.get_details()["id"])
    assert tier.get_custom_field() is True
    assert [entry.get_actual_value() for entry in tier.get_pick_list_values()] == ["gold"]
    again = FieldsOperations().create_field(wrapper, on_accounts)
    assert again.get_status_code() == 400
    [refused] = again.get_object().get_fields()
    assert refused.get_code().get_value() == "DUPLICATE_DATA"
    gone = FieldsOperations().delete_field(
        int(tier.get_id()), params((DeleteFieldParam.module, "Accounts"))
    )
    assert gone.get_status_code() == 200
    assert sandbox.org.modules["Accounts"].find("Arpent_Tier") is None


@pytest.mark.usefixtures("sandbox")
def test_a_bulk_read_gives_a_file() -> None:
    create({"Account_Name": "Roc"}, {"Account_Name": "Éa"})
    asked, wrapper = bulk_read.Query(), bulk_read.BodyWrapper()
    module = MinifiedModule()
    module.set_api_name("Accounts")
    asked.set_module(module)
    asked.set_fields(["Account_Name"])
    wrapper.set_query(asked)
    begun = BulkReadOperations().create_bulk_read_job(wrapper)
    assert begun.get_status_code() == 201
    [item] = begun.get_object().get_data()
    job_id = int(item.get_details()["id"])
    [job] = BulkReadOperations().get_bulk_read_job_details(job_id).get_object().get_data()
    assert job.get_state().get_value() == "COMPLETED"
    assert (job.get_result().get_count(), job.get_result().get_more_records()) == (2, False)
    packed = BulkReadOperations().download_result(job_id).get_object().get_file().get_stream()
    with zipfile.ZipFile(io.BytesIO(b"".join(packed))) as archive:
        text = archive.read(f"{job_id}.csv").decode()
    assert [row["Account_Name"] for row in csv.DictReader(io.StringIO(text))] == ["Roc", "Éa"]


def test_people_and_the_organization_are_read(sandbox: ZohoSandbox) -> None:
    user = sandbox.act("create_user", email="z@arpent.example", first_name="Zoé", last_name="Roy")
    sandbox.act("deactivate_user", id=user["id"])
    answer = UsersOperations().get_users(params((GetUsersParam.type, "DeactiveUsers")))
    [one] = answer.get_object().get_users()
    assert (one.get_full_name(), one.get_status()) == ("Zoé Roy", "disabled")
    assert isinstance(one.get_profile(), sdk_users.Profile)
    [org] = OrgOperations().get_organization().get_object().get_org()
    assert (org.get_zgid(), org.get_iso_code()) == (sandbox.org_id, "CAD")
    assert org.get_license_details().get_paid_type() == "enterprise"


@pytest.mark.usefixtures("sandbox")
def test_modules_layouts_pipelines_and_profiles_are_read() -> None:
    modules = ModulesOperations().get_modules(ParameterMap(), HeaderMap()).get_object()
    assert "Deals" in {module.get_api_name() for module in modules.get_modules()}
    asked = params((GetLayoutsParam.module, "Deals"))
    [layout] = LayoutsOperations().get_layouts(asked).get_object().get_layouts()
    [pipeline] = PipelineOperations(layout.get_id()).get_pipelines().get_object().get_pipeline()
    kinds = {stage.get_display_value(): stage.get_forecast_type() for stage in pipeline.get_maps()}
    assert kinds["Closed Won"] == "Closed Won"
    assert kinds["Qualification"] == "Open"
    profiles = ProfilesOperations().get_profiles(ParameterMap()).get_object().get_profiles()
    assert [profile.get_name() for profile in profiles] == ["Administrator", "Standard"]


def test_contact_roles_of_a_deal_are_read(sandbox: ZohoSandbox) -> None:
    contact = sandbox.create("Contacts", Last_Name="Roy")
    deal = sandbox.create("Deals", Deal_Name="Scie", Stage="Qualification")
    sandbox.act("set_contact_role", deal=deal, contact=contact, role="Decision Maker")
    asked = params((GetAssociatedContactRolesParam.fields, "Last_Name"))
    answer = DealContactRolesOperations().get_associated_contact_roles(int(deal), asked)
    [row] = answer.get_object().get_data()
    assert isinstance(row, roles.Data)
    assert row.get_contact_role().get_name() == "Decision Maker"


def test_a_wrong_secret_is_understood_as_such(sandbox: ZohoSandbox, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    with pytest.raises(SDKException, match="invalid_client_secret"):
        initialize(sandbox, folder, secret="no")  # noqa: S106 - it opens nothing
