"""aio-sf, another client that nobody here wrote, drives the emulated org over real HTTP.

It takes any address as the org's, so it needs no adapter; it speaks through `httpx`, compressed.
"""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aio_sf import (
    ClientCredentialsAuth,
    SalesforceAuthError,
    SalesforceClient,
)

from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SalesforceSandbox,
)

Work = Callable[[Any], Awaitable[Any]]


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    # The client compares the token's end with the machine's clock, so the org has that one.
    with SalesforceSandbox() as running:
        yield running


def driven(sandbox: SalesforceSandbox, work: Work, secret: str = SANDBOX_CLIENT_SECRET) -> Any:
    """What some work with a client of the org gives."""

    async def all_of_it() -> Any:
        access = ClientCredentialsAuth(sandbox.url, SANDBOX_CLIENT_KEY, secret)
        client = SalesforceClient(access, version="v68.0")
        # As a context of its own it would stay open where the login is refused.
        try:
            await client.ensure_authenticated()
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(all_of_it())


def test_it_logs_in_and_follows_the_pages(sandbox: SalesforceSandbox) -> None:
    sandbox.switches.page_size = 7
    made = [sandbox.create("Account", Name=f"Compté {number} 🌲") for number in range(20)]
    sandbox.act("delete", id=made[0])

    async def read(client: Any) -> Any:
        text = "SELECT Id, Name FROM Account"
        living = await client.query.soql(text)
        return await living.collect_all(), await (
            await client.query.soql(text, include_deleted=True)
        ).collect_all()

    living, everything = driven(sandbox, read)
    assert {row["Id"] for row in living} == {*made[1:]}
    assert {row["Name"] for row in everything} == {f"Compté {number} 🌲" for number in range(20)}
    assert sandbox.statistics()["logins"] >= 1


def test_a_wrong_secret_is_refused(sandbox: SalesforceSandbox) -> None:
    async def nothing(_client: Any) -> None:
        pass

    with pytest.raises(SalesforceAuthError):
        driven(sandbox, nothing, "no")


def test_it_describes_objects_limits_and_the_organization(sandbox: SalesforceSandbox) -> None:
    async def read(client: Any) -> Any:
        asked = client.describe
        return (
            await asked.sobject("Account"),
            await asked.list_sobjects(),
            await asked.get_limits(),
            await asked.get_organization_info(),
        )

    account, listed, limits, organization = driven(sandbox, read)
    assert {field["name"] for field in account["fields"]} >= {"Id", "Name", "OwnerId"}
    assert {"Account", "Opportunity", "Task"} <= {kind["name"] for kind in listed}
    assert limits["DailyApiRequests"]["Max"] == 100_000
    assert organization["Id"] == sandbox.org_id


def test_it_writes_collections_row_by_row(sandbox: SalesforceSandbox) -> None:
    sandbox.act("create_field", object="Account", name="Key__c", type="string", external_id=True,
                unique=True)  # fmt: skip

    async def write(client: Any) -> Any:
        rows = [{"Name": f"É{number}", "Key__c": f"k{number}"} for number in range(250)]
        many = client.collections
        made = await many.insert(rows, "Account", all_or_none=False)
        first, second = made[0]["id"], made[1]["id"]
        changed = await many.update(
            [{"Id": first, "Site": "ici"}, {"Id": second, "Site": "x" * 81}], "Account",
            all_or_none=False,
        )  # fmt: skip
        keyed = await many.upsert(
            [{"Key__c": "k0", "Site": "là"}, {"Key__c": "new", "Name": "n"}], "Key__c", "Account",
            all_or_none=False,
        )  # fmt: skip
        return made, changed, keyed, await many.delete([second], all_or_none=False)

    made, changed, keyed, deleted = driven(sandbox, write)
    names = [sandbox.values_of(row["id"])["Name"] for row in made]
    assert names == [f"É{number}" for number in range(250)]
    assert [row["success"] for row in changed] == [True, False]
    assert changed[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert [row["created"] for row in keyed] == [False, True]
    assert sandbox.values_of(made[0]["id"])["Site"] == "là"
    assert [row["success"] for row in deleted] == [True]
    assert sandbox.values_of(made[1]["id"])["IsDeleted"] is True


def test_a_refused_row_leaves_the_others(sandbox: SalesforceSandbox) -> None:
    sandbox.act("create_field", object="Account", name="Tier__c", type="picklist",
                values=["Or"], restricted=True)  # fmt: skip
    first, second = (sandbox.create("Account", Name=name) for name in ("a", "b"))

    async def write(client: Any) -> Any:
        rows = [{"Id": first, "Tier__c": "Or"}, {"Id": second, "Tier__c": "Plomb"}]
        changed = await client.collections.update(rows, "Account", all_or_none=False)
        return changed, await client.collections.delete([second], all_or_none=False)

    changed, deleted = driven(sandbox, write)
    assert [row["success"] for row in changed] == [True, False]
    assert changed[1]["errors"][0]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert [row["success"] for row in deleted] == [True]
    assert sandbox.values_of(first)["Tier__c"] == "Or"
    assert sandbox.values_of(second)["IsDeleted"] is True


def test_it_reads_bulk_results_page_by_page(sandbox: SalesforceSandbox) -> None:
    made = [sandbox.create("Account", Name=f'Érable «{number}»,\n"deux"') for number in range(9)]

    async def read(client: Any) -> Any:
        job = await client.bulk_v2.execute_query("SELECT Id, Name FROM Account", all_rows=True)
        pages, locator = [], None
        while True:
            page, locator = await client.bulk_v2.get_job_results(job["id"], locator, 4)
            pages.append(page)
            if locator is None:
                return job, pages

    job, pages = driven(sandbox, read)
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
    assert (job["state"], job["numberRecordsProcessed"], len(pages)) == ("JobComplete", 9, 3)
    assert {row["Id"] for row in rows} == {*made}
    assert rows[3]["Name"] == 'Érable «3»,\n"deux"'


def test_a_session_that_ended_is_renewed_on_the_way(sandbox: SalesforceSandbox) -> None:
    async def read(client: Any) -> Any:
        sandbox.expire_sessions()
        found = await client.query.soql("SELECT COUNT() FROM Account")
        return found.total_size

    assert driven(sandbox, read) == 0
    assert sandbox.statistics()["statuses"]["401"] == 1
