"""HubSpot's connector against the emulated portal: rules, rotations, OAuth, the day's calls."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.base import Access, Change, Fatal, Grant, Retriable, Rotation, State
from connectors.hubspot.connector import HubSpot
from connectors.sandbox.hubspot import SANDBOX_PORTAL, SANDBOX_TOKEN, HubSpotSandbox
from connectors.sandbox.hubspot.switches import OTHER_ANSWERS, HubSpotSwitches
from rules.records import Kind
from tests.contract.crm import Crm
from tests.contract.in_hubspot import InHubSpot
from tests.contract.test_contract import OWN

NEXT = "pat-na1-the-next-key"
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"


@pytest.fixture(params=["usual", "other answers"])
def portal(request: pytest.FixtureRequest, sandbox: HubSpotSandbox) -> Iterator[InHubSpot]:
    """A portal with our fields, under both sets of answers."""
    if request.param == "other answers":
        sandbox.switches.change({**OTHER_ANSWERS})
    adapter = InHubSpot(sandbox)
    adapter.connector.ensure("Planification", OWN, dry_run=False)
    yield adapter
    adapter.close()


def opened(sandbox: HubSpotSandbox, access: Access) -> HubSpot:
    return HubSpot(access, base_url=sandbox.url, expected_account_id=str(SANDBOX_PORTAL))


def gold(*accounts: str) -> list[Change]:
    return [Change(external_id=key, values={"tier": "gold"}) for key in accounts]


# Open questions.


@pytest.mark.parametrize("crm", ["hubspot", "hubspot, other answers"], indirect=True)
def test_the_contract_runs_under_both_answers_to_every_open_question(
    crm: Crm, request: pytest.FixtureRequest
) -> None:
    """Each switch is in its first position in one run of the contract, and not in the other."""
    assert isinstance(crm, InHubSpot)
    shown, usual = crm.sandbox.switches.as_json(), HubSpotSwitches().as_json()
    is_usual = request.node.callspec.params["crm"] == "hubspot"

    assert set(OTHER_ANSWERS) < set(usual)
    for name in OTHER_ANSWERS:
        assert (shown[name] == usual[name]) is is_usual, name


# Administrators' rules.


def test_what_a_conditional_rule_requires_is_named(portal: InHubSpot) -> None:
    ids = portal.put_accounts([{"name": f"Compte {number}"} for number in range(5)])
    rule = {"objectType": "companies", "property": "arpent_tier", "value": "gold"}
    rule["required"] = "secteur"
    for account in (*ids[:2], *ids[3:]):
        portal.sandbox.act(
            "edit", objectType="companies", id=account, properties={"secteur": "FAB"}
        )
    portal.sandbox.switches.change({"conditional_rules": [rule]})

    outcomes = portal.connector.update(gold(*ids))

    assert [one.state for one in outcomes] == [
        State.REJECTED if place == 2 else State.APPLIED for place in range(5)
    ]
    remedy = outcomes[2].remedy
    assert remedy is not None
    assert "secteur" in remedy.fr
    assert "secteur" in remedy.en
    assert "conditional property rule" in outcomes[2].reason


def test_a_merged_account_is_rejected_with_what_to_do(portal: InHubSpot) -> None:
    loser, winner, other = portal.put_accounts([{"name": name} for name in "abc"])
    survivor = portal.merge(loser, winner)

    outcomes = portal.connector.update(gold(loser, other))

    assert [one.state for one in outcomes] == [State.REJECTED, State.APPLIED]
    assert outcomes[0].remedy is not None
    assert "pull" in outcomes[0].remedy.fr
    assert portal.connector.update(gold(survivor))[0].state is State.APPLIED


# Keys.


def test_a_rotation_goes_through_both_keys(sandbox: HubSpotSandbox) -> None:
    sandbox.rotate_token(SANDBOX_TOKEN, NEXT, timedelta(days=7))
    crm = opened(sandbox, Rotation(current=SecretStr(SANDBOX_TOKEN), following=SecretStr(NEXT)))
    list(crm.pull(Kind.OWNER, None, (), ()))
    (during,) = crm.remarks()

    sandbox.clock.advance(timedelta(days=8))
    list(crm.pull(Kind.OWNER, None, (), ()))
    (after,) = crm.remarks()

    assert (during.is_fine, after.is_fine) == (True, False)
    assert sandbox.statistics()["statuses"].get("401") == 1
    crm.close()


def test_a_revoked_key_stops(sandbox: HubSpotSandbox) -> None:
    crm = opened(sandbox, SecretStr(SANDBOX_TOKEN))
    crm.identify()
    sandbox.revoke_token(SANDBOX_TOKEN)

    with pytest.raises(Fatal, match="401"):
        list(crm.pull(Kind.OWNER, None, (), ()))
    crm.close()


# OAuth.


class Kept:
    """The refresh token in force."""

    def __init__(self) -> None:
        self.token = SecretStr(REFRESH)

    def keep(self, token: SecretStr) -> bool:
        self.token = token
        return True


@pytest.fixture
def kept(sandbox: HubSpotSandbox) -> Kept:
    sandbox.add_oauth_app(CLIENT, SECRET, REFRESH)
    return Kept()


def granted(sandbox: HubSpotSandbox, kept: Kept, api_version: str = "2026-09") -> HubSpot:
    grant = Grant(
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        refresh_token=lambda: kept.token,
        keep=kept.keep,
    )
    return HubSpot(grant, base_url=sandbox.url, api_version=api_version)


def refreshes(sandbox: HubSpotSandbox) -> tuple[int, int]:
    """How often a token was asked for, by what came of it."""
    counts = sandbox.portal.refreshes
    return counts["granted"], counts["refused"]


@pytest.mark.parametrize("rotates", [True, False])
@pytest.mark.parametrize("api_version", ["2026-09", "v3"])
def test_an_oauth_app_reads_on_when_its_token_expires(
    rotates: bool,  # noqa: FBT001 - a parameter of the test
    api_version: str,
    sandbox: HubSpotSandbox,
    kept: Kept,
) -> None:
    sandbox.switches.change({"oauth_rotates_refresh_token": rotates})
    crm = granted(sandbox, kept, api_version)
    first = list(crm.pull(Kind.OWNER, None, (), ()))

    # The portal's clock is ahead of ours: the token is refused before we think it old.
    sandbox.clock.advance(timedelta(hours=1))
    again = list(crm.pull(Kind.OWNER, None, (), ()))

    assert [page.records for page in again] == [page.records for page in first]
    assert refreshes(sandbox) == (2, 0)
    assert (kept.token.get_secret_value() == REFRESH) is not rotates
    crm.close()


def test_threads_share_one_renewal(sandbox: HubSpotSandbox, kept: Kept) -> None:
    crm = granted(sandbox, kept)
    crm.identify()
    sandbox.clock.advance(timedelta(hours=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(crm.fields, [Kind.ACCOUNT] * 16))

    assert refreshes(sandbox) == (2, 0)
    crm.close()


def test_an_app_that_was_uninstalled_stops_and_asks_nothing_more(
    sandbox: HubSpotSandbox, kept: Kept
) -> None:
    crm = granted(sandbox, kept)
    crm.identify()
    sandbox.portal.keyring.clients[CLIENT].refresh_tokens.clear()
    sandbox.portal.keyring.keys.clear()

    for _ in range(3):
        with pytest.raises(Fatal, match="withdrawn"):
            list(crm.pull(Kind.OWNER, None, (), ()))

    assert refreshes(sandbox) == (1, 1)
    crm.close()


# The day's calls.


def test_a_tenth_of_the_day_s_calls_is_left_and_the_wait_lasts_until_midnight_there(
    sandbox: HubSpotSandbox,
) -> None:
    sandbox.switches.change({"daily_limit": 50})
    crm = opened(sandbox, SecretStr(SANDBOX_TOKEN))

    for _ in range(44):
        crm.fields(Kind.ACCOUNT)
    with pytest.raises(Retriable, match="daily calls") as caught:
        crm.fields(Kind.ACCOUNT)

    assert crm.calls == 45
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 86_400
    told = crm.allowance
    assert told is not None
    assert (told.daily, told.daily_left, told.burst) == (50, 5, 190)
    crm.close()
