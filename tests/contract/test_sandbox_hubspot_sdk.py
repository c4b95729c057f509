"""HubSpot's generated client of version 2026-03 drives the sandbox, validating every answer.

`hubspot-sdk` is made from HubSpot's own specification: with strict validation it refuses an answer
that lacks a member or has another type. It cannot read null values (the specification forgets
them), so that only properties with values are asked for.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hubspot_sdk import APIStatusError, AuthenticationError, HubSpot, NotFoundError
from hubspot_sdk.types.auth import (
    AccessTokenResponse,
    PublicAccessTokenInfoResponse,
    PublicRefreshTokenInfoResponse,
)

from connectors.sandbox.hubspot import SANDBOX_PORTAL, HubSpotSandbox

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
TASK_TO_COMPANY, DEAL_TO_COMPANY = 192, 341


@pytest.fixture
def sandbox() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(now=NOW) as running:
        # The specification says that ids of linked records are texts.
        running.switches.numeric_to_object_id = False
        yield running


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> Iterator[HubSpot]:
    with HubSpot(
        access_token=sandbox.token,
        base_url=sandbox.url,
        max_retries=0,
        _strict_response_validation=True,
    ) as made:
        yield made


def company(client: HubSpot, **properties: str) -> str:
    shown = {"name": "Roc", "domain": "roc.example"} | properties
    return client.crm.objects.companies.create(associations=[], properties=shown).id


def test_companies_are_created_read_changed_and_archived(client: HubSpot) -> None:
    companies = client.crm.objects.companies
    record_id = company(client, city="Amos")
    assert companies.get(record_id, properties=["city"]).properties["city"] == "Amos"
    changed = companies.update(record_id, properties={"city": "Alma"})
    assert changed.properties["city"] == "Alma"
    companies.delete(record_id)
    with pytest.raises(NotFoundError):
        companies.get(record_id)
    [gone] = companies.list(archived=True, properties=["city"]).results
    assert (gone.id, gone.archived) == (record_id, True)
    assert gone.archived_at is not None


def test_the_client_follows_the_pages_by_itself(client: HubSpot) -> None:
    made = [company(client, name=f"Roc {number}") for number in range(5)]
    listed = client.crm.objects.companies.list(limit=2, properties=["name"])
    assert [row.id for row in listed] == made


def test_companies_are_searched(client: HubSpot) -> None:
    company(client, numberofemployees="5")
    wanted = company(client, numberofemployees="50")
    found = client.crm.objects.companies.search(
        after="0",
        limit=10,
        properties=["numberofemployees"],
        sorts=["-numberofemployees"],
        filter_groups=[
            {"filters": [{"property_name": "numberofemployees", "operator": "GT", "value": "10"}]}
        ],
    )
    assert (found.total, [row.id for row in found.results]) == (1, [wanted])


def test_batches_create_read_update_and_archive(client: HubSpot) -> None:
    batch = client.crm.objects.companies.batch
    properties = [{"name": f"Roc {number}", "domain": "roc.example"} for number in range(3)]
    made = batch.create(
        inputs=[
            {"associations": [], "properties": one, "object_write_trace_id": one["name"]}
            for one in properties
        ]
    )
    assert [row.object_write_trace_id for row in made.results] == ["Roc 0", "Roc 1", "Roc 2"]
    ids = [row.id for row in made.results]
    updated = batch.update(inputs=[{"id": one, "properties": {"city": "Amos"}} for one in ids])
    assert [row.properties["city"] for row in updated.results] == ["Amos"] * 3
    read = batch.get(
        inputs=[{"id": one} for one in [*ids, "404"]],
        properties=["city"],
        properties_with_history=["city"],
    )
    past = read.results[0].properties_with_history
    assert past is not None
    assert [entry.value for entry in past["city"]] == ["Amos"]
    batch.delete(inputs=[{"id": one} for one in ids])
    assert client.crm.objects.companies.list().results == []


def test_an_upsert_says_what_is_new(client: HubSpot) -> None:
    client.crm.properties.create(
        "companies",
        name="code",
        label="Code",
        type="string",
        field_type="text",
        group_name="companyinformation",
        has_unique_value=True,
    )
    row = {"name": "Roc", "domain": "roc.example"}
    answers = [
        client.crm.objects.companies.batch.upsert(
            inputs=[{"id": "A-1", "id_property": "code", "properties": row}]
        )
        for _ in range(2)
    ]
    assert [answer.results[0].new for answer in answers] == [True, False]
    assert len({answer.results[0].id for answer in answers}) == 1


def test_merged_companies_live_on_under_another_id(client: HubSpot) -> None:
    kept, lost = company(client), company(client, city="Amos")
    merged = client.crm.objects.companies.merge(primary_object_id=kept, object_id_to_merge=lost)
    assert merged.id not in {kept, lost}
    assert client.crm.objects.companies.get(lost, properties=["city"]).id == merged.id


def test_a_task_and_a_deal_are_linked_to_a_company(client: HubSpot) -> None:
    record_id = company(client)
    task = client.crm.objects.tasks.create(
        properties={"hs_timestamp": "2026-11-27T14:00:00Z", "hs_task_subject": "Relancer"},
        associations=[
            {
                "to": {"id": record_id},
                "types": [
                    {
                        "association_category": "HUBSPOT_DEFINED",
                        "association_type_id": TASK_TO_COMPANY,
                    }
                ],
            }
        ],
    )
    done = client.crm.objects.tasks.update(task.id, properties={"hs_task_status": "COMPLETED"})
    assert done.properties["hs_task_status"] == "COMPLETED"
    deal = client.crm.objects.deals.create(associations=[], properties={"dealname": "A"}).id
    made = client.crm.associations.create(
        record_id, from_object_type="deals", from_object_id=deal, to_object_type="companies"
    )
    assert [row.association_spec.association_type_id for row in made.results] == [341, 342]
    links = client.crm.associations
    [listed] = links.list("companies", object_type="deals", object_id=deal).results
    assert {kind.type_id for kind in listed.association_types} == {5, DEAL_TO_COMPANY}
    read = links.batch.get("companies", from_object_type="tasks", inputs=[{"id": task.id}])
    assert read.results[0].to[0].to_object_id == record_id
    shown = client.crm.objects.deals.get(deal, associations=["companies"], properties=["dealname"])
    assert shown.associations is not None
    assert {link.id for link in shown.associations["companies"].results} == {record_id}


def test_owners_are_persons_or_queues_active_or_not(
    sandbox: HubSpotSandbox, client: HubSpot
) -> None:
    ana = sandbox.act("create_owner", firstName="Ana", email="ana@example.com")["id"]
    queue = sandbox.act("create_owner", firstName="File", type="QUEUE")["id"]
    sandbox.act("deactivate_owner", id=ana)
    [active] = client.crm.owners.list()
    [archived] = client.crm.owners.list(archived=True)
    assert (active.id, active.type, active.email, active.user_id) == (queue, "QUEUE", None, None)
    assert (archived.id, archived.email, archived.user_id) == (ana, "ana@example.com", None)
    assert client.crm.owners.get(int(queue)).first_name == "File"


def test_pipelines_and_stages_are_made_changed_and_deleted(client: HubSpot) -> None:
    pipelines = client.crm.pipelines
    made = pipelines.create(
        "deals",
        label="Service",
        display_order=1,
        stages=[{"label": "Piste", "display_order": 0, "metadata": {"probability": "0.1"}}],
    )
    added = pipelines.create_stage(
        made.id,
        object_type="deals",
        label="Gagné",
        display_order=1,
        metadata={"probability": "1"},
    )
    assert added.metadata == {"isClosed": "true", "probability": "1.0"}
    pipelines.update_stage(
        added.id,
        object_type="deals",
        pipeline_id=made.id,
        label="Conclu",
        metadata={"probability": "1"},
    )
    read = pipelines.get_stage(added.id, object_type="deals", pipeline_id=made.id)
    assert read.label == "Conclu"
    labels = [row.label for row in pipelines.list_stages(made.id, object_type="deals").results]
    assert labels == ["Piste", "Conclu"]
    pipelines.delete_stage(added.id, object_type="deals", pipeline_id=made.id)
    renamed = pipelines.update(made.id, object_type="deals", label="Après-vente")
    assert renamed.label == "Après-vente"
    assert len(pipelines.list("deals").results) == 2
    pipelines.delete(made.id, object_type="deals")
    assert [row.id for row in pipelines.list("deals").results] == ["default"]


def test_properties_and_groups_are_made_and_archived(client: HubSpot) -> None:
    properties = client.crm.properties
    properties.groups.create("companies", name="arpent", label="Plan")
    made = properties.create(
        "companies",
        name="arpent_tier",
        label="Niveau",
        type="enumeration",
        field_type="select",
        group_name="arpent",
        options=[{"label": "Or", "value": "gold", "display_order": 0, "hidden": False}],
    )
    assert [option.value for option in made.options] == ["gold"]
    changed = properties.update("arpent_tier", object_type="companies", label="Palier")
    assert (changed.label, len(changed.options)) == ("Palier", 1)
    limits = client.crm.limits.get_custom_property_limits()
    assert limits.overall_usage == 1
    assert "arpent_tier" in {row.name for row in properties.list("companies").results}
    properties.delete("arpent_tier", object_type="companies")
    with pytest.raises(NotFoundError):
        properties.get("arpent_tier", object_type="companies")
    properties.groups.delete("arpent", object_type="companies")


def test_limits_count_what_is_there(client: HubSpot) -> None:
    company(client)
    limits = client.crm.limits
    records = limits.get_record_limits().hubspot_defined_object_types
    assert {row.plural_label: row.usage for row in records}["Companies"] == 1
    assert limits.get_pipeline_limits().hubspot_defined_object_types[0].usage == 1
    assert limits.get_calculated_property_limits().overall_usage == 0


def test_the_account_tells_itself_and_its_usage(client: HubSpot) -> None:
    details = client.account.get()
    assert (details.portal_id, details.company_currency) == (SANDBOX_PORTAL, "CAD")
    [usage] = client.account.get_daily_private_apps_usage().results
    assert (usage.current_usage, usage.fetch_status) == (2, "SUCCESS")


def test_an_expired_access_token_is_replaced_by_a_refresh(sandbox: HubSpotSandbox) -> None:
    """The client posts its token requests in JSON, so that a form is sent in its stead."""
    app = {"client_id": "app", "client_secret": "of-it"}
    sandbox.add_oauth_app(app["client_id"], app["client_secret"], "na1-first")

    def posted(path: str, **fields: str) -> object:
        address = f"{sandbox.url}/oauth/2026-03/{path}"
        return httpx.post(address, data=app | fields).raise_for_status().json()

    def refresh() -> str:
        fields = {"grant_type": "refresh_token", "refresh_token": "na1-first"}
        return AccessTokenResponse.model_validate(posted("token", **fields)).access_token

    with HubSpot(access_token=refresh(), base_url=sandbox.url, max_retries=0) as client:
        assert client.crm.objects.companies.list().results == []
        sandbox.clock.advance(timedelta(minutes=31))
        with pytest.raises(AuthenticationError, match="EXPIRED_AUTHENTICATION"):
            client.crm.objects.companies.list()
        client.access_token = refresh()
        assert client.crm.objects.companies.list().results == []
        told = PublicAccessTokenInfoResponse.model_validate(
            posted("token/introspect", token=client.access_token)
        )
        assert (told.active, told.hub_id) == (True, SANDBOX_PORTAL)
        refreshing = PublicRefreshTokenInfoResponse.model_validate(
            posted("token/introspect", token="na1-first")  # noqa: S106 - opens nothing
        )
        assert refreshing.active


def test_a_refusal_reaches_the_client_as_its_own_exception(client: HubSpot) -> None:
    with pytest.raises(APIStatusError) as refused:
        company(client, nowhere="1")
    assert refused.value.status_code == 400
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["category"] == "VALIDATION_ERROR"
