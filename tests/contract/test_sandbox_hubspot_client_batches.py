"""`hubspot-api-client` drives what many records, links, fields and tasks take: the wider calls."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiArchive,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts import PublicGdprDeleteInput
from hubspot.crm.contacts.exceptions import NotFoundException
from hubspot.crm.pipelines import PipelinePatchInput
from hubspot.crm.properties import (
    BatchInputPropertyCreate,
    BatchInputPropertyName,
    BatchReadInputPropertyName,
    PropertyCreate,
    PropertyGroupCreate,
    PropertyGroupUpdate,
)

from connectors.sandbox.hubspot import HubSpotSandbox
from tests.contract.vendors import Hold, held, legacy

TASK_TO_COMPANY, DEAL_TO_COMPANY, DEAL_TO_MAIN_COMPANY = 192, 341, 5
DUE = "2026-11-27T14:00:00Z"


@pytest.fixture
def hold() -> Iterator[Hold]:
    with held() as hold:
        yield hold


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> Any:
    return legacy(sandbox)


def company(client: Any, hold: Hold, name: str = "Roc") -> str:
    body = SimplePublicObjectInputForCreate(properties={"name": name})
    return str(hold(client.crm.companies.basic_api).create(body).id)


def deal(client: Any, hold: Hold) -> str:
    body = SimplePublicObjectInputForCreate(properties={"dealname": "Presse"})
    return str(hold(client.crm.deals.basic_api).create(body).id)


def test_many_companies_are_created_at_once(client: Any, hold: Hold) -> None:
    rows = [
        {
            "properties": {"name": f"Roc {number}"},
            "associations": [],
            "objectWriteTraceId": f"t{number}",
        }
        for number in range(3)
    ]
    made = hold(client.crm.companies.batch_api).create(
        BatchInputSimplePublicObjectBatchInputForCreate(inputs=rows)
    )
    assert made.status == "COMPLETE"
    assert {row.object_write_trace_id: row.properties["name"] for row in made.results} == {
        f"t{number}": f"Roc {number}" for number in range(3)
    }


def test_the_search_sorts_and_pages(client: Any, hold: Hold) -> None:
    ids = [company(client, hold, f"Roc {number}") for number in range(5)]
    search = hold(client.crm.companies.search_api)
    asked = {"sorts": ["-name"], "limit": 3, "properties": ["name"]}
    first = search.do_search(PublicObjectSearchRequest(**asked))
    after = first.paging.next.after
    second = search.do_search(PublicObjectSearchRequest(after=after, **asked))
    assert [row.id for row in first.results + second.results] == ids[::-1]
    assert (first.total, second.paging) == (5, None)
    assert isinstance(first.results[0].updated_at, datetime)


def test_deals_are_created_moved_and_searched(client: Any, hold: Hold) -> None:
    deals = hold(client.crm.deals.basic_api)
    record_id = deal(client, hold)
    moved = deals.update(
        record_id, SimplePublicObjectInput(properties={"dealstage": "closedwon", "amount": "1200"})
    )
    assert moved.properties["dealstage"] == "closedwon"
    won = {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
    found = hold(client.crm.deals.search_api).do_search(
        PublicObjectSearchRequest(filter_groups=[{"filters": [won]}], limit=1)
    )
    assert [row.id for row in found.results] == [record_id]
    past = deals.get_by_id(record_id, properties_with_history=["dealstage"])
    assert past.properties_with_history["dealstage"][0].value == "closedwon"


def test_tasks_are_created_completed_found_and_archived(client: Any, hold: Hold) -> None:
    target = company(client, hold)
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_TO_COMPANY}
    rows = [
        {
            "properties": {"hs_timestamp": DUE, "hs_task_subject": f"Relancer {number}"},
            "associations": [{"to": {"id": target}, "types": [kind]}],
        }
        for number in range(2)
    ]
    batches = hold(client.crm.objects.tasks.batch_api)
    made = batches.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=rows)).results
    ids = [row.id for row in made]
    inputs = [
        SimplePublicObjectBatchInput(id=one, properties={"hs_task_status": "COMPLETED"})
        for one in ids
    ]
    done = batches.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs)).results
    assert {row.properties["hs_task_status"] for row in done} == {"COMPLETED"}
    read = batches.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[{"id": one} for one in ids],
            properties=["hs_task_subject", "hs_timestamp"],
            properties_with_history=[],
        )
    ).results
    assert {row.properties["hs_task_subject"] for row in read} == {"Relancer 0", "Relancer 1"}
    search = hold(client.crm.objects.tasks.search_api)
    assert search.do_search(PublicObjectSearchRequest(query="Relancer", limit=5)).total == 2
    batches.archive(BatchInputSimplePublicObjectId(inputs=[{"id": one} for one in ids]))
    tasks = hold(client.crm.objects.tasks.basic_api)
    assert tasks.get_page().results == []
    body = SimplePublicObjectInputForCreate(properties=rows[0]["properties"])
    one = tasks.create(body).id
    waiting = SimplePublicObjectInput(properties={"hs_task_status": "WAITING"})
    assert tasks.update(one, waiting).properties["hs_task_status"] == "WAITING"
    tasks.archive(one)


def test_links_are_made_read_and_taken_off_in_batches(client: Any, hold: Hold) -> None:
    main, other, won = company(client, hold), company(client, hold, "Pin"), deal(client, hold)
    links = hold(client.crm.associations.v4.batch_api)
    primary = {
        "associationCategory": "HUBSPOT_DEFINED",
        "associationTypeId": DEAL_TO_MAIN_COMPANY,
    }
    links.create(
        "deals",
        "companies",
        BatchInputPublicAssociationMultiPost(
            inputs=[{"from": {"id": won}, "to": {"id": main}, "types": [primary]}]
        ),
    )
    made = links.create_default(
        "deals",
        "companies",
        BatchInputPublicDefaultAssociationMultiPost(
            inputs=[{"from": {"id": won}, "to": {"id": other}}]
        ),
    )
    assert DEAL_TO_COMPANY in {row.association_spec.association_type_id for row in made.results}
    asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": won}])
    [row] = links.get_page("deals", "companies", asked).results
    kinds = {str(to.to_object_id): {kind.type_id for kind in to.association_types} for to in row.to}
    assert kinds == {main: {DEAL_TO_MAIN_COMPANY, DEAL_TO_COMPANY}, other: {DEAL_TO_COMPANY}}
    gone = [{"from": {"id": won}, "to": [{"id": main}, {"id": other}]}]
    links.archive("deals", "companies", BatchInputPublicAssociationMultiArchive(inputs=gone))
    left = hold(client.crm.associations.v4.basic_api).get_page("deals", won, "companies")
    assert left.results == []


def test_a_link_may_be_given_its_kind(client: Any, hold: Hold) -> None:
    main, won = company(client, hold), deal(client, hold)
    spec = AssociationSpec(
        association_category="HUBSPOT_DEFINED", association_type_id=DEAL_TO_MAIN_COMPANY
    )
    links = hold(client.crm.associations.v4.basic_api)
    made = links.create("deals", won, "companies", main, [spec])
    assert (str(made.from_object_id), str(made.to_object_id)) == (won, main)
    kinds = hold(client.crm.associations.v4.schema.definitions_api).get_all("deals", "companies")
    assert {kind.type_id for kind in kinds.results} >= {DEAL_TO_MAIN_COMPANY, DEAL_TO_COMPANY}


def test_properties_are_made_read_and_archived_in_batches(client: Any, hold: Hold) -> None:
    batches = hold(client.crm.properties.batch_api)
    rows = [
        PropertyCreate(
            name=name,
            label=name.title(),
            type="string",
            field_type="text",
            group_name="companyinformation",
        )
        for name in ("arpent_why", "arpent_note")
    ]
    made = batches.create("companies", BatchInputPropertyCreate(inputs=rows))
    names = [{"name": row.name} for row in made.results]
    assert {row["name"] for row in names} == {"arpent_why", "arpent_note"}
    asked = BatchReadInputPropertyName(archived=False, inputs=names)
    assert {row.label for row in batches.read("companies", asked).results} == {
        "Arpent_Why",
        "Arpent_Note",
    }
    batches.archive("companies", BatchInputPropertyName(inputs=names))
    archived = hold(client.crm.properties.core_api).get_all("companies", archived=True).results
    assert {row.name for row in archived} == {"arpent_why", "arpent_note"}


def test_groups_are_read_renamed_and_archived(client: Any, hold: Hold) -> None:
    groups = hold(client.crm.properties.groups_api)
    groups.create("companies", PropertyGroupCreate(name="arpent", label="Plan"))
    assert groups.get_by_name("companies", "arpent").label == "Plan"
    changed = groups.update("companies", "arpent", PropertyGroupUpdate(label="Territoire"))
    assert changed.label == "Territoire"
    assert "arpent" in {row.name for row in groups.get_all("companies").results}
    groups.archive("companies", "arpent")
    assert "arpent" not in {row.name for row in groups.get_all("companies").results}


def test_one_owner_and_one_pipeline_are_read(
    sandbox: HubSpotSandbox, client: Any, hold: Hold
) -> None:
    key = sandbox.act("create_owner", firstName="Ana", email="ana@example.com")["id"]
    owner = hold(client.crm.owners.owners_api).get_by_id(int(key))
    assert (owner.id, owner.type, owner.first_name) == (key, "PERSON", "Ana")
    pipelines = hold(client.crm.pipelines.pipelines_api)
    patched = pipelines.update("deals", "default", PipelinePatchInput(label="Ventes"))
    assert patched.label == "Ventes"
    assert pipelines.get_by_id("deals", "default").label == "Ventes"
    stages = hold(client.crm.pipelines.pipeline_stages_api)
    assert stages.get_by_id("deals", "default", "closedwon").metadata["probability"] == "1.0"


def test_a_person_is_forgotten_for_good(client: Any, hold: Hold) -> None:
    contacts = hold(client.crm.contacts.basic_api)
    body = SimplePublicObjectInputForCreate(properties={"email": "ana@example.org"})
    key = contacts.create(body).id
    contacts.purge(PublicGdprDeleteInput(object_id=key))
    for is_archived in (False, True):
        assert contacts.get_page(archived=is_archived).results == []
        with pytest.raises(NotFoundException):
            contacts.get_by_id(key, archived=is_archived)


def test_what_an_admin_restores_is_back_under_its_id(
    sandbox: HubSpotSandbox, client: Any, hold: Hold
) -> None:
    """No public call restores a record: a person does it in HubSpot's pages."""
    companies = hold(client.crm.companies.basic_api)
    key = company(client, hold)
    companies.archive(key)
    sandbox.act("restore", objectType="companies", id=key)
    back = companies.get_by_id(key)
    assert (back.id, back.archived) == (key, False)
    assert isinstance(back.created_at, datetime)
