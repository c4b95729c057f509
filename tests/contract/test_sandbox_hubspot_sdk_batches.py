"""`hubspot-sdk` drives what many records, links, fields and tasks take: the wider calls.

Its validation is strict: an answer that its specification does not know is an error.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot_sdk import HubSpot, NotFoundError

from connectors.sandbox.hubspot import HubSpotSandbox
from tests.contract.vendors import dated

TASK_TO_COMPANY, DEAL_TO_COMPANY, DEAL_TO_MAIN_COMPANY = 192, 341, 5
DUE = "2026-11-27T14:00:00Z"
CONTACT = {"email": "ana@example.org", "firstname": "Ana", "lastname": "Roy"}


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> Iterator[HubSpot]:
    # The specification says that ids of linked records are texts.
    sandbox.switches.change({"numeric_to_object_id": False})
    with dated(sandbox) as made:
        yield made


def company(client: HubSpot, name: str = "Roc") -> str:
    shown = {"name": name, "domain": "roc.example"}
    return client.crm.objects.companies.create(associations=[], properties=shown).id


def deal(client: HubSpot) -> str:
    made = client.crm.objects.deals.create(associations=[], properties={"dealname": "Presse"})
    return made.id


def kind(number: int) -> Any:
    return {"association_category": "HUBSPOT_DEFINED", "association_type_id": number}


def test_the_search_sorts_and_pages(client: HubSpot) -> None:
    ids = [company(client, f"Roc {number}") for number in range(5)]
    search = client.crm.objects.companies.search
    asked: Any = {"limit": 3, "sorts": ["-name"], "filter_groups": [], "properties": ["name"]}
    first = search(after="0", **asked)
    assert first.paging is not None
    assert first.paging.next is not None
    second = search(after=first.paging.next.after, **asked)
    assert [row.id for row in first.results + second.results] == ids[::-1]
    assert (first.total, second.paging) == (5, None)


def test_a_bad_row_of_a_batch_is_an_error_beside_the_results(client: HubSpot) -> None:
    """Its models know the results of a 207, not its errors: those are read as they came."""
    rows: list[Any] = [
        {
            "id": company(client, f"Roc {number}"),
            "properties": {"numberofemployees": value},
            "object_write_trace_id": f"t{number}",
        }
        for number, value in enumerate(("10", "many"))
    ]
    batch = client.crm.objects.companies.batch.with_raw_response
    answered = batch.update(inputs=rows)
    assert answered.status_code == 207
    assert [row.object_write_trace_id for row in answered.parse().results] == ["t0"]
    told: Any = answered.http_response.json()
    assert told["numErrors"] == 1
    assert told["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]


def test_tasks_are_created_completed_found_and_archived(client: HubSpot) -> None:
    target, tasks = company(client), client.crm.objects.tasks
    rows: list[Any] = [
        {
            "properties": {"hs_timestamp": DUE, "hs_task_subject": f"Relancer {number}"},
            "associations": [{"to": {"id": target}, "types": [kind(TASK_TO_COMPANY)]}],
        }
        for number in range(2)
    ]
    ids = [row.id for row in tasks.batch.create(inputs=rows).results]
    done = tasks.batch.update(
        inputs=[{"id": one, "properties": {"hs_task_status": "COMPLETED"}} for one in ids]
    )
    assert {row.properties["hs_task_status"] for row in done.results} == {"COMPLETED"}
    read = tasks.batch.get(
        inputs=[{"id": one} for one in ids],
        properties=["hs_task_subject"],
        properties_with_history=[],
    )
    assert {row.properties["hs_task_subject"] for row in read.results} == {
        "Relancer 0",
        "Relancer 1",
    }
    found = tasks.search(
        after="0",
        limit=5,
        sorts=[],
        filter_groups=[],
        properties=["hs_task_subject"],
        query="Relancer",
    )
    assert found.total == 2
    assert tasks.get(ids[0], properties=["hs_task_subject"]).id == ids[0]
    tasks.delete(ids[0])
    assert [row.id for row in tasks.list(properties=["hs_task_subject"])] == ids[1:]
    tasks.batch.delete(inputs=[{"id": ids[1]}])
    assert list(tasks.list(properties=["hs_task_subject"])) == []


def test_links_are_made_read_and_taken_off_in_batches(client: HubSpot) -> None:
    main, other, won = company(client), company(client, "Pin"), deal(client)
    links = client.crm.associations
    links.batch.create(
        "companies",
        from_object_type="deals",
        inputs=[{"from": {"id": won}, "to": {"id": main}, "types": [kind(DEAL_TO_MAIN_COMPANY)]}],
    )
    made = links.batch.create_default(
        "companies", from_object_type="deals", inputs=[{"from": {"id": won}, "to": {"id": other}}]
    )
    assert DEAL_TO_COMPANY in {row.association_spec.association_type_id for row in made.results}
    [row] = links.batch.get("companies", from_object_type="deals", inputs=[{"id": won}]).results
    kinds = {to.to_object_id: {each.type_id for each in to.association_types} for to in row.to}
    assert kinds == {main: {DEAL_TO_MAIN_COMPANY, DEAL_TO_COMPANY}, other: {DEAL_TO_COMPANY}}
    links.batch.delete(
        "companies",
        from_object_type="deals",
        inputs=[{"from": {"id": won}, "to": [{"id": main}, {"id": other}]}],
    )
    assert links.list("companies", object_type="deals", object_id=won).results == []


def test_a_link_may_be_given_its_kind_and_be_taken_off(client: HubSpot) -> None:
    main, won, links = company(client), deal(client), client.crm.associations
    made = links.update_labels(
        main,
        object_type="deals",
        object_id=won,
        to_object_type="companies",
        body=[kind(DEAL_TO_MAIN_COMPANY)],
    )
    assert (made.from_object_id, made.to_object_id) == (won, main)
    links.delete(main, object_type="deals", object_id=won, to_object_type="companies")
    assert links.list("companies", object_type="deals", object_id=won).results == []


def test_properties_are_made_read_and_archived_in_batches(client: HubSpot) -> None:
    batch = client.crm.properties.batch
    rows: list[Any] = [
        {
            "name": name,
            "label": name.title(),
            "type": "string",
            "field_type": "text",
            "group_name": "companyinformation",
        }
        for name in ("arpent_why", "arpent_note")
    ]
    made = batch.create("companies", inputs=rows)
    names: list[Any] = [{"name": row.name} for row in made.results]
    read = batch.get(
        "companies", archived=False, data_sensitivity="non_sensitive", inputs=names
    ).results
    assert {row.label for row in read} == {"Arpent_Why", "Arpent_Note"}
    batch.delete("companies", inputs=names)
    archived = client.crm.properties.list("companies", archived=True).results
    assert {row.name for row in archived} == {"arpent_why", "arpent_note"}


def test_groups_are_read_renamed_and_archived(client: HubSpot) -> None:
    groups = client.crm.properties.groups
    groups.create("companies", name="arpent", label="Plan")
    assert groups.get("arpent", object_type="companies").label == "Plan"
    changed = groups.update("arpent", object_type="companies", label="Territoire")
    assert changed.label == "Territoire"
    assert "arpent" in {row.name for row in groups.list("companies").results}
    groups.delete("arpent", object_type="companies")
    assert "arpent" not in {row.name for row in groups.list("companies").results}


def test_one_pipeline_is_read(client: HubSpot) -> None:
    pipeline = client.crm.pipelines.get("default", object_type="deals")
    probabilities = {stage.id: stage.metadata["probability"] for stage in pipeline.stages}
    assert (probabilities["closedwon"], probabilities["closedlost"]) == ("1.0", "0.0")


def test_a_person_is_forgotten_for_good(client: HubSpot) -> None:
    contacts = client.crm.objects.contacts
    key = contacts.create(associations=[], properties=CONTACT).id
    contacts.gdpr_delete(object_id=key)
    for is_archived in (False, True):
        assert list(contacts.list(archived=is_archived)) == []
        with pytest.raises(NotFoundError):
            contacts.get(key, archived=is_archived)


def test_contacts_are_merged_and_read_by_either_id(client: HubSpot) -> None:
    contacts = client.crm.objects.contacts
    kept = contacts.create(associations=[], properties=CONTACT).id
    lost = contacts.create(
        associations=[], properties=CONTACT | {"email": "ana.roy@example.org"}
    ).id
    merged = contacts.merge(primary_object_id=kept, object_id_to_merge=lost)
    assert {contacts.get(one, properties=["email"]).id for one in (kept, lost)} == {merged.id}


def test_what_an_admin_restores_is_back_under_its_id(
    sandbox: HubSpotSandbox, client: HubSpot
) -> None:
    """No public call restores a record: a person does it in HubSpot's pages."""
    companies, key = client.crm.objects.companies, company(client)
    companies.delete(key)
    sandbox.act("restore", objectType="companies", id=key)
    back = companies.get(key, properties=["name"])
    assert (back.id, back.archived, back.properties["name"]) == (key, False, "Roc")
