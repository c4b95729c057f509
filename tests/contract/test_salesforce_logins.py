"""Each way into a Salesforce org, over real HTTP: what opens it, what ends it, what is said."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connectors.base import Change, Fatal, Grant, Pass, Retriable
from connectors.pace import Clock
from connectors.salesforce.access import (
    ClientCredentials,
    PasswordLogin,
    SalesforceAccess,
    SignedLogin,
)
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)
from rules.language import Text
from rules.records import Kind

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
OTHER_ORG = "00D5g000004abCDEAY"
CALLERS = 64
TOKEN_CALLS = "POST /services/oauth2/token"  # noqa: S105 - a path
APP = ClientCredentials(
    client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
)
PASSWORD = PasswordLogin(
    username=SANDBOX_USERNAME,
    password=SecretStr("p&ss<é>word"),
    security_token=SecretStr("tok&n"),
)

Open = Callable[..., Salesforce]


def pair() -> tuple[str, str]:
    """An RSA key in PEM, the private and the public part."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


PRIVATE, PUBLIC = pair()
SIGNED = SignedLogin(
    client_id="signing-app", username=SANDBOX_USERNAME, private_key=SecretStr(PRIVATE)
)


class Kept:
    """A refresh token that outlives the connector."""

    def __init__(self, token: str = SANDBOX_REFRESH_TOKEN) -> None:
        self.token = SecretStr(token)
        self.changes = 0

    def keep(self, new: SecretStr) -> bool:
        self.token = new
        self.changes += 1
        return True

    @property
    def grant(self) -> Grant:
        return Grant(
            client_id=SANDBOX_CLIENT_KEY,
            client_secret=SecretStr(SANDBOX_CLIENT_SECRET),
            refresh_token=lambda: self.token,
            keep=self.keep,
        )


class Shelf:
    """Where another process has left a session, for an hour."""

    def __init__(self, token: str) -> None:
        far = time.time_ns() // 1_000_000 + 3_600_000
        self.left = Pass(token=SecretStr(token), renew_at=far, ends_at=far, account_id=None)

    def try_turn(self) -> bool:
        return True

    def end_turn(self) -> None:
        """There is nobody else."""

    def read(self) -> Pass:
        return self.left

    def leave(self, left: Pass) -> None:
        self.left = left


WAYS: dict[str, Callable[[], SalesforceAccess]] = {
    "client credentials": lambda: APP,
    "a signature": lambda: SIGNED,
    "a refresh token": lambda: Kept().grant,
    "a password": lambda: PASSWORD,
}


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        running.add_app("signing-app", "", public_key=PUBLIC)
        running.set_password(SANDBOX_USERNAME, "p&ss<é>word", "tok&n")
        yield running


@pytest.fixture
def opened(sandbox: SalesforceSandbox) -> Iterator[Open]:
    """Opens the org by an access, and closes it after the test."""
    made: list[Salesforce] = []

    def opened(access: SalesforceAccess, account_id: str | None = None) -> Salesforce:
        clock = Clock(sleep=lambda _: None)
        made.append(
            Salesforce(access, base_url=sandbox.url, expected_account_id=account_id, clock=clock)
        )
        return made[-1]

    yield opened
    for crm in made:
        crm.close()


def calls(sandbox: SalesforceSandbox) -> dict[str, int]:
    found: dict[str, int] = sandbox.statistics()["requests"]
    return found


def refused(crm: Salesforce) -> Text:
    """What is said of an access that opens nothing; nobody knocks a second time."""
    with pytest.raises(Fatal) as caught:
        crm.identify()
    before = crm.calls
    with pytest.raises(Fatal):
        crm.fields(Kind.ACCOUNT)
    assert crm.calls == before
    said = caught.value.message
    for secret in (SANDBOX_CLIENT_SECRET, SANDBOX_REFRESH_TOKEN, PRIVATE, "p&ss<é>word"):
        assert secret not in f"{said}{caught.value!r}"
    assert "Connected App" not in said.en
    return said


@pytest.mark.parametrize("way", WAYS)
def test_each_way_opens_the_org_once(way: str, sandbox: SalesforceSandbox, opened: Open) -> None:
    crm = opened(WAYS[way](), sandbox.org_id)

    assert crm.identify().account_id == sandbox.org_id
    assert crm.fields(Kind.ACCOUNT)
    assert sandbox.statistics()["logins"] == 1
    assert [each.is_fine for each in crm.remarks()] == ([False] if way == "a password" else [])


@pytest.mark.parametrize("way", WAYS)
def test_a_session_that_ends_half_way_is_replaced_once_for_all(
    way: str, sandbox: SalesforceSandbox, opened: Open
) -> None:
    crm = opened(WAYS[way]())
    crm.identify()
    sandbox.expire_sessions()
    together = threading.Barrier(CALLERS, timeout=300)

    def ask(_: int) -> int:
        together.wait()
        return len(crm.fields(Kind.ACCOUNT))

    with ThreadPoolExecutor(CALLERS) as pool:
        found = list(pool.map(ask, range(CALLERS)))

    assert min(found) > 0
    assert sandbox.statistics()["logins"] == 2


def test_sixty_four_callers_make_one_first_login(sandbox: SalesforceSandbox, opened: Open) -> None:
    crm = opened(APP)
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda _: crm.fields(Kind.ACCOUNT), range(CALLERS)))

    assert sandbox.statistics()["logins"] == 1


def test_a_session_for_few_calls_only_is_replaced_again_and_again(
    sandbox: SalesforceSandbox, opened: Open
) -> None:
    sandbox.switches.change({"calls_per_session": 3})
    crm = opened(APP)

    for _ in range(10):
        assert crm.fields(Kind.ACCOUNT)

    assert sandbox.statistics()["logins"] >= 3


# The signature.


def test_a_signature_by_another_key_is_refused(sandbox: SalesforceSandbox, opened: Open) -> None:
    other, _ = pair()

    said = refused(opened(replace(SIGNED, private_key=SecretStr(other))))

    assert "invalid assertion" in said.en
    assert "certificate" in said.en
    assert calls(sandbox) == {TOKEN_CALLS: 1}


def test_a_signature_for_the_other_side_is_told(opened: Open) -> None:
    said = refused(opened(replace(SIGNED, audience="test")))

    assert "audience is invalid" in said.en
    assert "ARPENT_SALESFORCE_AUDIENCE" in said.fr


def test_a_signature_for_a_user_who_was_not_let_in_is_told(opened: Open) -> None:
    said = refused(opened(replace(SIGNED, username="personne@arpent.example")))

    assert "user hasn't approved this consumer" in said.en
    assert "authorise the user" in said.en


# The app.


def test_an_app_that_is_not_as_needed_is_told(sandbox: SalesforceSandbox, opened: Open) -> None:
    sandbox.add_app("without-flow", "a-secret-of-eight", flows=["refresh_token"])

    wrong = refused(opened(replace(APP, client_secret=SecretStr("another-secret"))))
    assert "invalid client credentials" in wrong.en
    assert "External Client App" in wrong.fr
    unknown = refused(opened(replace(APP, client_id="nobody")))
    assert "client identifier invalid" in unknown.en
    without = refused(
        opened(replace(APP, client_id="without-flow", client_secret=SecretStr("a-secret-of-eight")))
    )
    assert "Run As" in without.en


def test_a_user_who_left_opens_nothing(sandbox: SalesforceSandbox, opened: Open) -> None:
    crm = opened(APP)
    crm.identify()
    sandbox.act("deactivate_user", id=sandbox.user_id(SANDBOX_USERNAME))

    with pytest.raises(Fatal, match="integration user is active"):
        crm.fields(Kind.ACCOUNT)


# The refresh token.


@pytest.mark.parametrize("rotates", [False, True])
def test_a_refresh_token_outlives_restarts(
    rotates: bool,  # noqa: FBT001 - a parameter of the test
    sandbox: SalesforceSandbox,
    opened: Open,
) -> None:
    sandbox.switches.change({"rotates_refresh_token": rotates})
    kept = Kept()
    for _ in range(3):
        crm = opened(kept.grant)
        crm.identify()
        sandbox.expire_sessions()
        crm.identify()

    assert sandbox.statistics()["logins"] == 6
    assert kept.changes == (6 if rotates else 0)


def test_a_revoked_refresh_token_ends_the_asking(sandbox: SalesforceSandbox, opened: Open) -> None:
    kept = Kept()
    crm = opened(kept.grant)
    crm.identify()
    sandbox.gateway.sessions.revoke(SANDBOX_REFRESH_TOKEN)

    for _ in range(3):
        with pytest.raises(Fatal, match="was revoked") as caught:
            crm.fields(Kind.ACCOUNT)

    assert calls(sandbox)[TOKEN_CALLS] == 2
    assert "expired access/refresh token" in caught.value.message.fr


def test_an_answer_that_is_lost_with_the_new_token_needs_a_person(
    sandbox: SalesforceSandbox, opened: Open
) -> None:
    """The one case that nothing here can mend: Salesforce knows only what never arrived."""
    sandbox.switches.change({"rotates_refresh_token": True})
    sandbox.set_faults(
        {"match": {"path": "/oauth2/token$"}, "nth": 1, "fault": {"drop_after_commit": True}}
    )
    crm = opened(Kept().grant)

    with pytest.raises((Retriable, Fatal)):
        crm.identify()
    with pytest.raises(Fatal, match="authorise the user"):
        crm.identify()


# The password.


def test_a_password_that_is_wrong_is_told_once(sandbox: SalesforceSandbox, opened: Open) -> None:
    said = refused(opened(replace(PASSWORD, security_token=SecretStr("old"))))

    assert "security token" in said.en
    assert calls(sandbox) == {"POST /services/Soap/u/64.0": 1}


def test_an_org_without_this_login_names_the_one_to_use(
    sandbox: SalesforceSandbox, opened: Open
) -> None:
    sandbox.switches.change({"soap_login": False})

    said = refused(opened(PASSWORD))

    assert "disabled by default" in said.en
    assert "External Client App" in said.en


# The org.


@pytest.mark.parametrize("way", WAYS)
def test_another_org_is_refused_before_anything_is_read_or_written(
    way: str, sandbox: SalesforceSandbox, opened: Open
) -> None:
    account = sandbox.create("Account", Name="Ferblanterie Nordet")
    crm = opened(WAYS[way](), OTHER_ORG)

    with pytest.raises(Fatal) as caught:
        crm.update([Change(external_id=account, values={"tier": "gold"})])

    said = caught.value.message
    assert sandbox.org_id in said.fr
    assert OTHER_ORG in said.en
    assert "rien n'a été écrit" in said.fr
    asked = {name for name in calls(sandbox) if "/services/data/" in name}
    assert asked == set()


@pytest.mark.parametrize(
    ("is_sandbox", "words"),
    [(True, "une sandbox, non la production"), (False, "la production, non une sandbox")],
)
def test_a_sandbox_in_place_of_production_is_called_one(
    is_sandbox: bool,  # noqa: FBT001 - a parameter of the test
    words: str,
) -> None:
    with SalesforceSandbox(now=NOW, is_sandbox=is_sandbox) as org:
        # A session that another process left says nothing of the org before it is asked.
        crm = Salesforce(
            replace(Kept().grant, shelf=Shelf(SANDBOX_SESSION)),
            base_url=org.url,
            expected_account_id=OTHER_ORG,
        )

        with pytest.raises(Fatal) as caught:
            crm.identify()

        assert words in caught.value.message.fr
        crm.close()


def test_whose_session_it_is_can_be_told_of_one_from_the_shelf(
    sandbox: SalesforceSandbox, opened: Open
) -> None:
    crm = opened(replace(Kept().grant, shelf=Shelf(SANDBOX_SESSION)))
    crm.identify()
    assert sandbox.statistics()["logins"] == 0

    assert crm._client.gateway.user_id == sandbox.user_id(SANDBOX_USERNAME)


@pytest.mark.parametrize("way", WAYS)
def test_a_login_says_whose_it_is(way: str, sandbox: SalesforceSandbox, opened: Open) -> None:
    crm = opened(WAYS[way]())

    assert crm._client.gateway.user_id == sandbox.user_id(SANDBOX_USERNAME)
    assert sandbox.statistics()["logins"] == 1


def test_a_session_that_is_not_for_rest_is_not_renewed(
    sandbox: SalesforceSandbox, opened: Open
) -> None:
    sandbox.switches.change({"rest_disabled": True})
    crm = opened(APP)

    for _ in range(2):
        with pytest.raises(Fatal, match="API Enabled"):
            crm.identify()

    assert sandbox.statistics()["logins"] == 1


def test_an_edition_without_an_api_is_told(sandbox: SalesforceSandbox, opened: Open) -> None:
    sandbox.switches.change({"api_disabled": True})

    with pytest.raises(Fatal, match="Enterprise edition"):
        opened(APP).identify()
