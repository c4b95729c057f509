"""Who changed a field of ours, from the history that HubSpot tells, under both kinds of paths."""

import pytest

from connectors.base import Change
from connectors.hubspot.objects import API_VERSION, LEGACY_VERSION
from connectors.sandbox.hubspot import HubSpotSandbox
from tests.contract.in_hubspot import InHubSpot
from tests.contract.test_contract import provisioned


@pytest.mark.parametrize("version", [API_VERSION, LEGACY_VERSION])
def test_a_user_of_the_pages_is_named_as_the_owner(sandbox: HubSpotSandbox, version: str) -> None:
    crm = InHubSpot(sandbox, version)
    account, other = crm.put_accounts([{"name": "A"}, {"name": "B"}])
    provisioned(crm)
    (user,) = {owner["userId"] for owner in sandbox.portal.state.owners.values()}
    for key, by in ((account, f"userId:{user}"), (other, "userId:404")):
        sandbox.act("edit", objectType="companies", id=key, user=by, properties={"arpent_why": "x"})
    told = crm.connector.edits([account, other], ["why"])
    # A user who is no owner keeps the number.
    assert [each.author for each in told] == ["Élise Gagnon", "userId:404"]
    crm.close()


def test_an_application_is_named_by_what_hubspot_calls_it(sandbox: HubSpotSandbox) -> None:
    crm = InHubSpot(sandbox)
    account = crm.put_account()
    provisioned(crm)
    crm.connector.update([Change(external_id=account, values={"why": "x"})])
    (told,) = crm.connector.edits([account], ["why"])
    assert told.author
    assert not told.author.startswith("userId:")
    crm.close()


def test_a_hundred_and_one_companies_take_three_calls(sandbox: HubSpotSandbox) -> None:
    crm = InHubSpot(sandbox)
    accounts = crm.put_accounts([{"name": f"N{number}"} for number in range(101)])
    provisioned(crm)
    before = crm.connector.calls
    assert len(crm.connector.edits(accounts, ["why", "tier"])) == 202
    assert crm.connector.calls - before == 3
    crm.close()
