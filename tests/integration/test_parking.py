"""A CRM that asks to be left alone for long is left alone by every command until then."""

import httpx
import pytest
from pydantic import SecretStr

from connectors.base import Allowance, Retriable
from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from rules.language import Text
from service import app as root
from service import status
from service.settings import Settings
from service.store.engine import Store
from tests.integration.office import DAY, LOOK, MINUTE, VENDOR, Office

TIRED = Text("Assez pour aujourd'hui.", "Enough for today.")
HOUR = 3_600


@pytest.fixture
def office(store: Store) -> Office:
    made = Office(store)
    made.put_accounts("a")
    return made


def tired(seconds: float | None = HOUR) -> Retriable:
    return Retriable(TIRED, retry_after=seconds)


def parked_until(office: Office) -> int | None:
    return office.app.connection(VENDOR).not_before_at


def test_a_pull_that_is_sent_away_is_not_tried_before_its_time(office: Office) -> None:
    office.cycle()
    office.crm.fail(tired())

    assert office.cycle().failures == {VENDOR: TIRED}

    until = parked_until(office)
    assert until == office.now + HOUR * 1_000
    calls = office.crm.calls
    report = office.cycle()
    assert office.crm.calls == calls
    assert "2026-06-29 08:02 (America/Toronto)" in report.failures[VENDOR].fr
    assert "arpent preview" in report.failures[VENDOR].en
    assert parked_until(office) == until
    office.now = until
    assert office.cycle().failures == {}


def test_a_push_that_is_sent_away_stops_the_next_pull_too(office: Office) -> None:
    office.decide()
    office.crm.fail(tired())

    assert office.push().stopped == TIRED

    assert parked_until(office) == office.now + HOUR * 1_000
    calls = office.crm.calls
    assert VENDOR in office.cycle().failures
    assert office.crm.calls == calls


@pytest.mark.parametrize("seconds", [None, 30])
def test_a_short_wait_parks_nothing(office: Office, seconds: float | None) -> None:
    office.decide()
    office.crm.fail(tired(seconds))

    assert office.push().stopped == TIRED

    assert parked_until(office) is None


def test_an_absurd_wait_ends_after_a_day(office: Office) -> None:
    office.decide()
    office.crm.fail(tired(10**9))
    office.push()

    assert parked_until(office) == office.now + DAY


def test_status_says_until_when_and_what_is_left(office: Office) -> None:
    office.decide()
    (before,) = status.run(office.app).crms
    assert (before.parked_until, before.allowance) == (None, None)
    office.crm.fail(tired())
    office.push()

    (during,) = status.run(office.app).crms
    office.now += HOUR * 1_000
    (after,) = status.run(office.app).crms

    assert during.parked_until == LOOK + MINUTE + HOUR * 1_000
    assert after.parked_until is None


def test_what_hubspot_tells_of_its_limits_is_kept_for_status(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ARPENT_HUBSPOT_TOKEN", "ARPENT_HUBSPOT_URL"):
        monkeypatch.delenv(name, raising=False)
    with HubSpotSandbox() as portal:
        settings = Settings(
            database_url="sqlite://", hubspot_token=SecretStr(SANDBOX_TOKEN), hubspot_url=portal.url
        )
        app = root.App(settings, store)
        with app.connector(VENDOR) as connector:
            app.connect(connector)
        (crm,) = status.run(app).crms
        assert isinstance(crm.allowance, Allowance)
        assert (crm.allowance.burst, crm.allowance.daily) == (190, 625_000)
        assert crm.allowance.daily_left == 624_999
        assert crm.parked_until is None
        _move_to_another_data_centre(portal, app)
        (crm,) = status.run(app).crms
    assert crm.parked_until is not None
    assert 7_100_000 < crm.parked_until - app.clock() <= 7_200_000


def _move_to_another_data_centre(portal: HubSpotSandbox, app: root.App) -> None:
    """A pull outside a cycle is sent away; the next command asks nothing."""
    portal.set_faults({"fault": {"status": 477, "retry_after": 7_200}})
    with pytest.raises(Retriable, match="477"), app.connector(VENDOR) as connector:
        app.connect(connector)
    calls = httpx.get(f"{portal.url}/__stats").json()["total"]
    with pytest.raises(Retriable, match="left alone"), app.connector(VENDOR) as connector:
        app.connect(connector)
    assert httpx.get(f"{portal.url}/__stats").json()["total"] == calls
