"""The CRMs that must keep the contract, each joined by a small adapter that plays its people."""

import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.hubspot.switches import OTHER_ANSWERS
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.salesforce.switches import OTHER_ANSWERS as OTHERS_OF_SALESFORCE
from connectors.sandbox.zoho import ZohoSandbox
from connectors.sandbox.zoho.switches import OTHER_ANSWERS as OTHERS_OF_ZOHO
from tests.contract.busy import BusyCrm
from tests.contract.busy_hubspot import BusyHubSpot
from tests.contract.busy_memory import BusyMemory
from tests.contract.busy_salesforce import BusySalesforce
from tests.contract.busy_zoho import BusyZoho
from tests.contract.crm import Crm
from tests.contract.in_hubspot import InHubSpot, portal_of_one_owner, write_one_owner
from tests.contract.in_memory import InMemory
from tests.contract.in_salesforce import InSalesforce, org_of_one_owner
from tests.contract.in_zoho import InZoho, organization_of_one_owner


@pytest.fixture(scope="session")
def one_owner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the sandbox with an owner and nothing else."""
    folder = tmp_path_factory.mktemp("portal")
    write_one_owner(folder)
    return folder


@pytest.fixture
def sandbox(one_owner: Path) -> Iterator[HubSpotSandbox]:
    """A portal with an owner and HubSpot's own stages."""
    with portal_of_one_owner(one_owner) as portal:
        yield portal


@pytest.fixture
def legacy(sandbox: HubSpotSandbox) -> Iterator[InHubSpot]:
    """HubSpot by its legacy paths."""
    adapter = InHubSpot(sandbox, "v3")
    yield adapter
    adapter.close()


@pytest.fixture
def org() -> Iterator[SalesforceSandbox]:
    """A Salesforce org with a rep."""
    with org_of_one_owner() as started:
        yield started


@pytest.fixture
def organization() -> Iterator[ZohoSandbox]:
    """A Zoho organization with a rep."""
    with organization_of_one_owner() as started:
        yield started


EACH_CRM = (
    "memory",
    "hubspot",
    "hubspot, other answers",
    "salesforce",
    "salesforce, other answers",
    "zoho",
    "zoho, other answers",
)


# Whole cycles, which take longest, meet the two sets of answers of a CRM by turns.
BY_TURNS = "test_behaviours_cycle.py"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the half of the whole cycles that another day does (`ARPENT_TEST_DAY`).

    Each test meets each CRM in each run, under the documented answers on one day and under the
    others on the next. Tests that are asked for by name are all done.
    """
    if any("::" in word for word in config.args):
        return
    day = int(os.environ["ARPENT_TEST_DAY"])
    left_out = [item for item in items if _is_of_another_day(item, day)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_of_another_day(item: pytest.Item, day: int) -> bool:
    if item.path.name != BY_TURNS or not isinstance(item, pytest.Function):
        return False
    answering = str(item.callspec.params.get("busy", ""))
    vendor, _, others = answering.partition(", ")
    if vendor in {"", "memory"}:
        return False
    return (crc32(f"{item.originalname} {vendor}".encode()) + day) % 2 != bool(others)


@pytest.fixture(params=EACH_CRM)
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    """Each CRM in turn, also with what its documentation leaves open, the other way."""
    vendor, _, answers = request.param.partition(", ")
    adapter: InHubSpot | InSalesforce | InZoho
    match vendor:
        case "hubspot":
            sandbox: HubSpotSandbox = request.getfixturevalue("sandbox")
            if answers:
                sandbox.switches.change({**OTHER_ANSWERS})
            adapter = InHubSpot(sandbox)
        case "salesforce":
            org: SalesforceSandbox = request.getfixturevalue("org")
            if answers:
                org.switches.change({**OTHERS_OF_SALESFORCE})
            adapter = InSalesforce(org)
        case "zoho":
            organization: ZohoSandbox = request.getfixturevalue("organization")
            if answers:
                organization.switches.change({**OTHERS_OF_ZOHO})
            adapter = InZoho(organization)
        case _:
            yield InMemory()
            return
    yield adapter
    adapter.close()


@pytest.fixture(params=EACH_CRM)
def busy(request: pytest.FixtureRequest) -> Iterator[BusyCrm]:
    """Each CRM in turn on a busy day, under the same answers."""
    vendor, _, answers = request.param.partition(", ")
    adapter: BusyHubSpot | BusySalesforce | BusyZoho
    match vendor:
        case "hubspot":
            sandbox: HubSpotSandbox = request.getfixturevalue("sandbox")
            sandbox.switches.change({**OTHER_ANSWERS} if answers else {})
            adapter = BusyHubSpot(sandbox)
        case "salesforce":
            org: SalesforceSandbox = request.getfixturevalue("org")
            org.switches.change({**OTHERS_OF_SALESFORCE} if answers else {})
            adapter = BusySalesforce(org)
        case "zoho":
            organization: ZohoSandbox = request.getfixturevalue("organization")
            organization.switches.change({**OTHERS_OF_ZOHO} if answers else {})
            adapter = BusyZoho(organization)
        case _:
            yield BusyMemory()
            return
    yield adapter
    adapter.close()
