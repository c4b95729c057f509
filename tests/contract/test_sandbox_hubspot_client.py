"""HubSpot's own client of versions 3 and 4 drives the sandbox: its typed calls, one by one.

What `hubspot-api-client` cannot parse, the sandbox would have got wrong.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.associations.v4.exceptions import ApiException as AssociationError
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ApiException
from hubspot.crm.pipelines import PipelineInput, PipelineStageInput, PipelineStagePatchInput
from hubspot.crm.properties import (
    OptionInput,
    PropertyCreate,
    PropertyGroupCreate,
    PropertyUpdate,
)
from hubspot.crm.properties.exceptions import ApiException as PropertyError

from connectors.sandbox.hubspot import SANDBOX_PORTAL, HubSpotSandbox, load_folder

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def api() -> Iterator[Callable[[Any], Any]]:
    """Keep each typed API for one test, and close its connections afterwards."""
    held: list[Any] = []

    def hold(typed: Any) -> Any:
        held.append(typed)
        return typed

    yield hold
    for typed in held:
        typed.api_client.rest_client.pool_manager.clear()
        typed.api_client.close()


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url)


def add_company(companies: Any, **properties: str) -> str:
    created = companies.create(SimplePublicObjectInputForCreate(properties=properties))
    return str(created.id)


def test_companies_are_created_read_changed_and_archived(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies = api(client.crm.companies.basic_api)
    record_id = add_company(companies, name="Fonderie", city="Amos")
    read = companies.get_by_id(record_id, properties=["city", "name"])
    assert read.properties["city"] == "Amos"
    assert read.created_at.year == 2026
    changed = companies.update(record_id, SimplePublicObjectInput(properties={"city": "Alma"}))
    assert changed.properties["city"] == "Alma"
    companies.archive(record_id)
    with pytest.raises(ApiException) as refused:
        companies.get_by_id(record_id)
    assert refused.value.status == 404


def test_companies_are_listed_page_by_page(client: HubSpot, api: Callable[[Any], Any]) -> None:
    companies = api(client.crm.companies.basic_api)
    made = [add_company(companies, name=f"Roc {number}") for number in range(5)]
    first = companies.get_page(limit=3)
    second = companies.get_page(limit=3, after=first.paging.next.after)
    assert [row.id for row in first.results + second.results] == made
    assert second.paging is None


def test_companies_are_searched(client: HubSpot, api: Callable[[Any], Any]) -> None:
    companies = api(client.crm.companies.basic_api)
    search = api(client.crm.companies.search_api)
    add_company(companies, name="Roc", numberofemployees="5")
    wanted = add_company(companies, name="Pin", numberofemployees="50")
    filter_ = {"propertyName": "numberofemployees", "operator": "GT", "value": "10"}
    request = PublicObjectSearchRequest(filter_groups=[{"filters": [filter_]}], limit=10)
    found = search.do_search(request)
    assert found.total == 1
    assert [row.id for row in found.results] == [wanted]


def test_companies_are_read_and_written_in_batches(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies, batches = api(client.crm.companies.basic_api), api(client.crm.companies.batch_api)
    ids = [add_company(companies, name=f"Roc {number}") for number in range(2)]
    inputs = [
        SimplePublicObjectBatchInput(id=record_id, properties={"city": "Amos"}) for record_id in ids
    ]
    written = batches.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [row.properties["city"] for row in written.results] == ["Amos", "Amos"]
    request = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": record_id} for record_id in [*ids, "404"]],
        properties=["city"],
        properties_with_history=["city"],
    )
    read = batches.read(request)
    assert [row.id for row in read.results] == ids
    assert read.results[0].properties_with_history["city"][0].value == "Amos"
    assert read.errors[0].category == "OBJECT_NOT_FOUND"


def test_a_refused_write_carries_hubspots_error_body(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies = api(client.crm.companies.basic_api)
    with pytest.raises(ApiException) as refused:
        add_company(companies, nowhere="1")
    assert refused.value.status == 400
    assert "PROPERTY_DOESNT_EXIST" in refused.value.body


def test_deals_owners_and_pipelines_are_read(
    sandbox: HubSpotSandbox, client: HubSpot, api: Callable[[Any], Any], tmp_path: Path
) -> None:
    small_folder(tmp_path)
    load_folder(sandbox, tmp_path)
    deal = api(client.crm.deals.basic_api).get_page(associations=["companies"]).results[0]
    assert deal.properties["dealstage"] == "closedwon"
    assert deal.associations["companies"].results[0].id == "20"
    owner = api(client.crm.owners.owners_api).get_page().results[0]
    assert (owner.id, owner.first_name, owner.email) == ("7", "Élise", "elise.roy@example.com")
    pipeline = api(client.crm.pipelines.pipelines_api).get_all("deals").results[0]
    assert [stage.id for stage in pipeline.stages] == ["piste", "closedwon"]
    assert [stage.metadata["isClosed"] for stage in pipeline.stages] == ["false", "true"]


def test_properties_and_groups_are_created_once(client: HubSpot, api: Callable[[Any], Any]) -> None:
    groups, core = api(client.crm.properties.groups_api), api(client.crm.properties.core_api)
    groups.create("companies", PropertyGroupCreate(name="arpent", label="Plan de territoire"))
    body = PropertyCreate(
        name="arpent_tier",
        label="Niveau",
        type="enumeration",
        field_type="select",
        group_name="arpent",
        options=[OptionInput(label="Or", value="gold", display_order=0, hidden=False)],
    )
    assert core.create("companies", body).name == "arpent_tier"
    assert core.get_by_name("companies", "arpent_tier").options[0].label == "Or"
    with pytest.raises(PropertyError) as refused:
        core.create("companies", body)
    assert refused.value.status == 409
    assert any(row.name == "arpent_tier" for row in core.get_all("companies").results)


def test_a_task_is_created_on_a_company_and_found_from_there(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    company = add_company(api(client.crm.companies.basic_api), name="Fonderie")
    properties = {"hs_timestamp": "2026-11-27T14:00:00Z", "hs_task_subject": "Relancer"}
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}
    body = SimplePublicObjectInputForCreate(
        properties=properties, associations=[{"to": {"id": company}, "types": [kind]}]
    )
    task = api(client.crm.objects.tasks.basic_api).create(body)
    request = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": company}])
    links = api(client.crm.associations.v4.batch_api).get_page("companies", "tasks", request)
    assert str(links.results[0].to[0].to_object_id) == task.id
    assert links.results[0].to[0].association_types[0].type_id == 191


def test_batches_are_upserted_and_archived(
    sandbox: HubSpotSandbox, client: HubSpot, api: Callable[[Any], Any]
) -> None:
    core, batches = api(client.crm.properties.core_api), api(client.crm.companies.batch_api)
    core.create(
        "companies",
        PropertyCreate(
            name="code",
            label="Code",
            type="string",
            field_type="text",
            group_name="companyinformation",
            has_unique_value=True,
        ),
    )
    sandbox.switches.shuffled_results = True
    rows = [
        SimplePublicObjectBatchInputUpsert(
            id=f"A-{number}",
            id_property="code",
            properties={"name": f"Roc {number}"},
            object_write_trace_id=f"t{number}",
        )
        for number in range(3)
    ]
    wanted = BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows)
    first, second = batches.upsert(wanted), batches.upsert(wanted)
    assert {row.new for row in first.results} == {True}
    assert {row.new for row in second.results} == {False}
    traces = {row.object_write_trace_id: row.id for row in first.results}
    assert traces == {row.object_write_trace_id: row.id for row in second.results}
    gone = [{"id": record_id} for record_id in traces.values()]
    batches.archive(BatchInputSimplePublicObjectId(inputs=gone))
    companies = api(client.crm.companies.basic_api)
    assert companies.get_page().results == []
    archived = companies.get_page(archived=True).results
    assert {row.id for row in archived} == set(traces.values())
    assert all(row.archived_at is not None for row in archived)


def test_a_bad_row_of_a_batch_is_an_error_beside_the_results(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies, batches = api(client.crm.companies.basic_api), api(client.crm.companies.batch_api)
    inputs = [
        SimplePublicObjectBatchInput(
            id=add_company(companies, name=f"Roc {number}"),
            properties={"numberofemployees": value},
            object_write_trace_id=f"t{number}",
        )
        for number, value in enumerate(("10", "many"))
    ]
    written = batches.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [row.object_write_trace_id for row in written.results] == ["t0"]
    assert written.num_errors == 1
    assert written.errors[0].context["objectWriteTraceId"] == ["t1"]


def test_merged_companies_answer_by_their_old_ids(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies = api(client.crm.companies.basic_api)
    kept, lost = add_company(companies, name="Roc"), add_company(companies, name="Roche")
    merged = companies.merge(PublicMergeInput(primary_object_id=kept, object_id_to_merge=lost))
    assert merged.properties["hs_merged_object_ids"] == f"{kept};{lost}"
    assert {companies.get_by_id(old).id for old in (kept, lost)} == {merged.id}
    assert [row.id for row in companies.get_page().results] == [merged.id]


def test_pipelines_have_stages_that_are_added_changed_and_deleted(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    pipelines = api(client.crm.pipelines.pipelines_api)
    stages = api(client.crm.pipelines.pipeline_stages_api)

    def stage(label: str, probability: str) -> PipelineStageInput:
        return PipelineStageInput(
            label=label, display_order=0, metadata={"probability": probability}
        )

    made = pipelines.create(
        "deals", PipelineInput(label="Service", display_order=1, stages=[stage("Piste", "0.1")])
    )
    added = stages.create("deals", made.id, stage("Gagné", "1"))
    assert added.metadata == {"isClosed": "true", "probability": "1.0"}
    change = PipelineStagePatchInput(label="Conclu", metadata={"probability": "1"})
    assert stages.update("deals", made.id, added.id, change).label == "Conclu"
    stages.archive("deals", made.id, added.id)
    assert [row.label for row in stages.get_all("deals", made.id).results] == ["Piste"]
    pipelines.archive("deals", made.id)
    assert [row.id for row in pipelines.get_all("deals").results] == ["default"]


def test_owners_that_left_and_owners_that_are_queues(
    sandbox: HubSpotSandbox, client: HubSpot, api: Callable[[Any], Any]
) -> None:
    owners = api(client.crm.owners.owners_api)
    gone = sandbox.act("create_owner", firstName="Ana", email="ana@example.com")["id"]
    queue = sandbox.act("create_owner", firstName="File", type="QUEUE")["id"]
    sandbox.act("deactivate_owner", id=gone)
    again = sandbox.act("readmit_owner", id=gone)["id"]
    active = {row.id: (row.type, row.email) for row in owners.get_page(limit=500).results}
    assert active == {queue: ("QUEUE", None), again: ("PERSON", "ana@example.com")}
    [archived] = owners.get_page(archived=True).results
    assert (archived.id, archived.user_id) == (gone, None)


def test_a_property_is_changed_and_archived(client: HubSpot, api: Callable[[Any], Any]) -> None:
    core = api(client.crm.properties.core_api)
    body = PropertyCreate(
        name="arpent_why",
        label="Pourquoi",
        type="string",
        field_type="textarea",
        group_name="companyinformation",
    )
    core.create("companies", body)
    changed = core.update("companies", "arpent_why", PropertyUpdate(label="Raison"))
    assert (changed.label, changed.modification_metadata.archivable) == ("Raison", True)
    core.archive("companies", "arpent_why")
    with pytest.raises(PropertyError) as missing:
        core.get_by_name("companies", "arpent_why")
    assert missing.value.status == 404
    # An archived name comes back instead of being refused.
    assert core.create("companies", body).archived is False


def test_a_deal_is_linked_both_ways_and_taken_off(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    company = add_company(api(client.crm.companies.basic_api), name="Roc")
    body = SimplePublicObjectInputForCreate(properties={"dealname": "A"})
    deal = api(client.crm.deals.basic_api).create(body).id
    links = api(client.crm.associations.v4.basic_api)
    made = links.create_default("deals", deal, "companies", company)
    assert [row.association_spec.association_type_id for row in made.results] == [341, 342]
    [listed] = links.get_page("companies", company, "deals").results
    assert {kind.type_id for kind in listed.association_types} == {6, 342}
    links.archive("deals", deal, "companies", company)
    assert links.get_page("companies", company, "deals").results == []
    with pytest.raises(AssociationError) as missing:
        links.create_default("deals", "404", "companies", company)
    assert missing.value.status == 404


def test_the_old_token_path_refreshes_an_app(
    sandbox: HubSpotSandbox, client: HubSpot, api: Callable[[Any], Any]
) -> None:
    sandbox.add_oauth_app("app", "of-it", "na1-first")
    app = {"client_id": "app", "client_secret": "of-it", "refresh_token": "na1-first"}
    token = api(client.oauth.tokens_api).create(grant_type="refresh_token", **app)
    assert (token.token_type, token.expires_in) == ("bearer", 1800)
    told = api(client.oauth.access_tokens_api).get(token.access_token)
    assert told.hub_id == SANDBOX_PORTAL
    opened = HubSpot(access_token=token.access_token, host=sandbox.url)
    assert api(opened.crm.companies.basic_api).get_page().results == []


def small_folder(folder: Path) -> None:
    (folder / "owners.csv").write_text("id,name\n7,Élise Roy\n", encoding="utf-8")
    (folder / "accounts.csv").write_text(
        "id,name,segment,region\n20,Fonderie,PME,Mauricie\n", encoding="utf-8"
    )
    (folder / "opportunities.csv").write_text(
        "id,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,is_won,"
        "product,source,loss_reason\n"
        "30,20,7,Closed Won,100,CAD,2026-01-05,2026-02-06,True,True,A,B,\n"
        "31,20,7,Piste,100,CAD,2026-01-05,2026-12-06,False,False,A,B,\n",
        encoding="utf-8",
    )
