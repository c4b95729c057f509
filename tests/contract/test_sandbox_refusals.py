"""What the sandbox refuses reaches HubSpot's own clients as their own exceptions.

One row for each refusal, the same for both clients: its status and a word of its body.
"""

from collections.abc import Callable, Iterator
from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm.companies import SimplePublicObjectInput, SimplePublicObjectInputForCreate
from hubspot.crm.companies import exceptions as of_companies
from hubspot.crm.contacts import exceptions as of_contacts

from connectors.sandbox.hubspot import HubSpotSandbox
from tests.contract.vendors import Hold, dated, held, legacy

READ_ONLY = "pat-na1-only-reads"
CONTACT = {"email": "ana@example.org", "firstname": "Ana", "lastname": "Roy"}
COMPANY = {"name": "Roc", "domain": "roc.example"}


@pytest.fixture
def hold() -> Iterator[Hold]:
    with held() as hold:
        yield hold


def broken(status: int, **fault: object) -> Callable[[HubSpotSandbox], None]:
    return lambda sandbox: sandbox.set_faults({"fault": {"status": status, **fault}})


def over_the_rate(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.change({"ten_second_limit": 0})


def over_the_day(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.change({"daily_limit": 0})


def expired(sandbox: HubSpotSandbox) -> None:
    sandbox.expire_token(sandbox.token)


def revoked(sandbox: HubSpotSandbox) -> None:
    sandbox.revoke_token(sandbox.token)


# What happens in the portal, then the exception of each client and what its body holds.
LISTINGS = [
    (expired, 401, "EXPIRED_AUTHENTICATION", of_companies.UnauthorizedException,
     hubspot_sdk.AuthenticationError),
    (revoked, 401, "INVALID_AUTHENTICATION", of_companies.UnauthorizedException,
     hubspot_sdk.AuthenticationError),
    (over_the_rate, 429, "TEN_SECONDLY_ROLLING", of_companies.ApiException,
     hubspot_sdk.RateLimitError),
    (over_the_day, 429, "DAILY", of_companies.ApiException, hubspot_sdk.RateLimitError),
    (broken(414, html=True), 414, "<html>", of_companies.ApiException,
     hubspot_sdk.APIStatusError),
    (broken(477, retry_after=60), 477, "", of_companies.ApiException,
     hubspot_sdk.APIStatusError),
    (broken(502, html=True), 502, "<html>", of_companies.ServiceException,
     hubspot_sdk.InternalServerError),
]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "status", "words", "of_legacy", "of_dated"),
    LISTINGS,
    ids=["expired", "revoked", "rate", "day", "address", "migration", "gateway"],
)
def test_a_list_that_is_refused(
    happens: Callable[[HubSpotSandbox], None],
    status: int,
    words: str,
    of_legacy: type[of_companies.ApiException],
    of_dated: type[hubspot_sdk.APIStatusError],
    sandbox: HubSpotSandbox,
    hold: Hold,
) -> None:
    happens(sandbox)
    with pytest.raises(of_legacy) as old:
        hold(legacy(sandbox).crm.companies.basic_api).get_page()
    assert old.value.status == status
    assert words in str(old.value.body)
    with dated(sandbox) as client, pytest.raises(of_dated) as new:
        client.crm.objects.companies.list()
    assert new.value.status_code == status
    assert words in new.value.response.text


def test_the_search_has_a_limit_of_its_own(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.change({"search_per_second": 0, "retry_after_on_429": True})
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.RateLimitError) as refused:
        client.crm.objects.companies.search(
            after="0", limit=10, properties=[], sorts=[], filter_groups=[]
        )
    assert "SECONDLY" in refused.value.response.text
    assert refused.value.response.headers["Retry-After"] == "1"


def test_a_record_that_is_not_there(sandbox: HubSpotSandbox, hold: Hold) -> None:
    with pytest.raises(of_companies.NotFoundException) as old:
        hold(legacy(sandbox).crm.companies.basic_api).get_by_id("404")
    assert old.value.status == 404
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.NotFoundError) as new:
        client.crm.objects.companies.get("404")
    assert category(new.value) == "OBJECT_NOT_FOUND"


def test_a_contact_whose_address_is_known(sandbox: HubSpotSandbox, hold: Hold) -> None:
    contacts = hold(legacy(sandbox).crm.contacts.basic_api)
    known = contacts.create(SimplePublicObjectInputForCreate(properties=CONTACT)).id
    with pytest.raises(of_contacts.ApiException) as old:
        contacts.create(SimplePublicObjectInputForCreate(properties=CONTACT))
    assert old.value.status == 409
    assert f"Existing ID: {known}" in old.value.body
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.ConflictError) as new:
        client.crm.objects.contacts.create(associations=[], properties=CONTACT)
    assert category(new.value) == "CONFLICT"


def test_a_value_that_is_not_valid(sandbox: HubSpotSandbox, hold: Hold) -> None:
    companies = hold(legacy(sandbox).crm.companies.basic_api)
    record_id = companies.create(SimplePublicObjectInputForCreate(properties=COMPANY)).id
    wrong = {"numberofemployees": "many"}
    with pytest.raises(of_companies.ApiException) as old:
        companies.update(record_id, SimplePublicObjectInput(properties=wrong))
    assert old.value.status == 400
    assert "isValid" in old.value.body
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.BadRequestError) as new:
        client.crm.objects.companies.update(record_id, properties=wrong)
    assert category(new.value) == "VALIDATION_ERROR"


def test_more_than_a_page_or_a_batch_holds(sandbox: HubSpotSandbox, hold: Hold) -> None:
    with pytest.raises(of_companies.ApiException) as old:
        hold(legacy(sandbox).crm.companies.basic_api).get_page(limit=101)
    assert old.value.status == 400
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.BadRequestError) as new:
        client.crm.objects.companies.batch.update(
            inputs=[{"id": str(number), "properties": {"city": "Amos"}} for number in range(101)]
        )
    assert category(new.value) == "VALIDATION_ERROR"


def test_the_same_record_twice_in_a_batch(sandbox: HubSpotSandbox) -> None:
    rows: list[Any] = [{"id": "7", "properties": {"city": "Amos"}}] * 2
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.BadRequestError) as refused:
        client.crm.objects.companies.batch.update(inputs=rows)
    assert "Duplicate IDs found in batch input" in refused.value.response.text


def test_a_key_without_the_scope(sandbox: HubSpotSandbox, hold: Hold) -> None:
    sandbox.add_token(READ_ONLY, ["crm.objects.companies.read"])
    reading = hold(legacy(sandbox, READ_ONLY).crm.companies.basic_api)
    assert reading.get_page().results == []
    with pytest.raises(of_companies.ForbiddenException) as old:
        reading.create(SimplePublicObjectInputForCreate(properties=COMPANY))
    assert "crm.objects.companies.write" in old.value.body
    with (
        dated(sandbox, READ_ONLY) as client,
        pytest.raises(hubspot_sdk.PermissionDeniedError) as new,
    ):
        client.crm.objects.companies.create(associations=[], properties=COMPANY)
    assert category(new.value) == "MISSING_SCOPES"


def test_a_record_that_somebody_holds(sandbox: HubSpotSandbox, hold: Hold) -> None:
    companies = hold(legacy(sandbox).crm.companies.basic_api)
    record_id = companies.create(SimplePublicObjectInputForCreate(properties=COMPANY)).id
    sandbox.act("lock", objectType="companies", id=record_id)
    with pytest.raises(of_companies.ApiException) as old:
        companies.update(record_id, SimplePublicObjectInput(properties={"city": "Amos"}))
    assert old.value.status == 423
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.APIStatusError) as new:
        client.crm.objects.companies.update(record_id, properties={"city": "Amos"})
    assert new.value.status_code == 423


def test_a_property_that_is_there_or_in_use(sandbox: HubSpotSandbox) -> None:
    given = {"label": "Code", "type": "string", "field_type": "text"}
    group = {"group_name": "companyinformation"}
    with dated(sandbox) as client:
        properties: Any = client.crm.properties
        properties.create("companies", name="code", **given, **group)
        with pytest.raises(hubspot_sdk.ConflictError) as there:
            properties.create("companies", name="code", **given, **group)
        assert category(there.value) == "OBJECT_ALREADY_EXISTS"
        sandbox.switches.change({"properties_in_use": ["companies.code"]})
        with pytest.raises(hubspot_sdk.BadRequestError) as used:
            properties.delete("code", object_type="companies")
        assert "CANNOT_DELETE_PROPERTY_IN_USE" in used.value.response.text


def test_a_search_past_its_ceiling(sandbox: HubSpotSandbox) -> None:
    with dated(sandbox) as client, pytest.raises(hubspot_sdk.BadRequestError) as refused:
        client.crm.objects.companies.search(
            after="10000", limit=10, properties=[], sorts=[], filter_groups=[]
        )
    assert "10000" in refused.value.response.text


def category(error: hubspot_sdk.APIStatusError) -> str:
    """The category of a refusal, which always carries what support asks for."""
    assert isinstance(error.body, dict)
    assert error.body["status"] == "error"
    assert error.body["correlationId"]
    return str(error.body["category"])
