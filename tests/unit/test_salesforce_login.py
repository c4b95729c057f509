"""The logins of Salesforce: what is sent, what is kept, what each refusal means."""

import base64
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connectors.base import Fatal, Grant, Pass, Retriable, Unanswered
from connectors.salesforce import credential_words
from connectors.salesforce.access import (
    PasswordLogin,
    SalesforceAccess,
    SignedLogin,
)
from connectors.salesforce.client import Client
from connectors.salesforce.objects import full_id
from tests.unit.test_pace import MIDNIGHT, Time
from tests.unit.test_salesforce_client import ACCESS, LOGIN_PATH, ORG_ID, Call, Org, Said, token

Start = Callable[[SalesforceAccess], tuple[Client, Org]]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def start(time: Time) -> Iterator[Start]:
    made: list[tuple[Client, Org]] = []

    def start(access: SalesforceAccess) -> tuple[Client, Org]:
        org = Org(lambda _: Said({}))
        made.append((Client(access, base_url=org.url, clock=time.clock), org))
        return made[-1]

    yield start
    for client, org in made:
        client.close()
        org.close()


def used(client: Client, org: Org) -> str:
    """The session that a request is sent with."""
    client.get("limits")
    return org.calls[-1].headers["Authorization"].removeprefix("Bearer ")


def form(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def oauth_error(code: str, said: str) -> Said:
    return Said({"error": code, "error_description": said}, 400)


def test_a_key_signs_for_the_user_and_the_audience(start: Start) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    access = SignedLogin(
        client_id="app", username="arpent@acme.ca", private_key=SecretStr(pem), audience="test"
    )
    client, org = start(access)

    client.get("limits")

    sent = form(org.logins[0])
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(
        sent["assertion"],
        key.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
    )
    assert (claims["iss"], claims["sub"]) == ("app", "arpent@acme.ca")


def test_a_key_that_signs_nothing_is_refused_without_being_shown(start: Start) -> None:
    access = SignedLogin(client_id="app", username="u", private_key=SecretStr("not-a-pem-key"))
    client, org = start(access)

    with pytest.raises(Fatal, match="RSA key") as caught:
        client.get("limits")

    assert org.logins == []
    assert "not-a-pem-key" not in str(caught.value)


SOAP = """<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope
xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">
<soapenv:Body><loginResponse><result><serverUrl>https://acme.my.salesforce.com/services/Soap/u/64.0
</serverUrl><sessionId>soap-session-id</sessionId></result></loginResponse></soapenv:Body>
</soapenv:Envelope>""".replace("\n</serverUrl>", "</serverUrl>")
FAULT = """<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope
xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>
<faultcode>sf:INVALID_LOGIN</faultcode><detail><sf:LoginFault>
<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>
<sf:exceptionMessage>Invalid username, password, security token; or user locked out.
</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""
PASSWORD = PasswordLogin(
    username="arpent@acme.ca",
    password=SecretStr("pass&word-éé"),
    security_token=SecretStr("tok<en>123"),
)


def test_a_password_opens_and_its_end_is_announced(start: Start) -> None:
    client, org = start(PASSWORD)
    org.login = lambda _: Said(SOAP.encode())

    assert used(client, org) == "soap-session-id"

    (login,) = org.logins
    assert login.path == "/services/Soap/u/64.0"
    assert "pass&amp;word-ééto" in login.body.decode()
    assert "tok&lt;en&gt;123" in login.body.decode()
    (remark,) = client.remarks()
    assert not remark.is_fine
    assert "juin 2027" in remark.text.fr


def test_a_refused_password_keeps_salesforces_words(start: Start) -> None:
    client, org = start(PASSWORD)
    org.login = lambda _: Said(FAULT.encode(), 500)

    with pytest.raises(Fatal, match=r"user locked out\.") as caught:
        client.get("limits")

    assert "security token" in caught.value.message.en
    assert "pass&word" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (oauth_error("invalid_client", "invalid client credentials"), "client id and the secret"),
        (oauth_error("invalid_grant", "no client credentials user enabled"), "Run As"),
        (oauth_error("unsupported_grant_type", "grant type not supported"), "Run As"),
    ],
)
def test_a_refused_app_is_told_what_to_do(said: Said, match: str, start: Start) -> None:
    client, org = start(ACCESS)
    org.login = lambda _: said

    for _ in range(2):
        with pytest.raises(Fatal, match=match) as caught:
            client.get("limits")

    # Salesforce locks out what keeps on knocking.
    assert len(org.logins) == 1
    # Only where it could be the other side's address.
    assert "sandbox" not in caught.value.message.fr


@pytest.mark.parametrize(
    ("code", "host", "words"),
    [
        (
            "invalid_grant",
            "acme.my.salesforce.com",
            "acme.my.salesforce.com” is the address of a p",
        ),
        ("INVALID_LOGIN", "login.salesforce.com", "login.salesforce.com” is the address of a prod"),
        ("invalid_client_id", "a--b.sandbox.my.salesforce.com", "is the address of a sandbox"),
        (
            "INVALID_LOGIN",
            "test.salesforce.com",
            "test.salesforce.com” is the address of a sandbox",
        ),
        ("inactive_user", "acme.my.salesforce.com", "integration user is active."),
    ],
)
def test_a_refusal_says_of_which_side_the_address_is(code: str, host: str, words: str) -> None:
    assert words in credential_words.refused(code, "no", host).message.en


@pytest.mark.parametrize("said", ["invalid client", "invalid client."])
def test_a_refusal_s_words_are_a_sentence_of_their_own(said: str) -> None:
    told = credential_words.refused("invalid_client", said, "acme.my.salesforce.com").message
    assert "(invalid_client) : invalid client. Copiez" in told.fr
    assert "(invalid_client): invalid client. Copy" in told.en


@pytest.mark.parametrize(
    "said",
    [
        oauth_error("invalid_grant", "login rate exceeded"),
        oauth_error("unknown_error", "retry your request"),
        oauth_error("server_error", "?"),
    ],
)
def test_a_login_that_is_refused_in_passing_is_tried_again_later(said: Said, start: Start) -> None:
    client, org = start(ACCESS)
    org.login = lambda _: said
    with pytest.raises(Retriable) as caught:
        client.get("limits")

    assert caught.value.retry_after == 600
    org.login = lambda _: Said(token("good-token"))
    assert used(client, org) == "good-token"


def test_a_login_in_trouble_is_tried_again_later(start: Start) -> None:
    client, org = start(ACCESS)
    answers = iter([Said(b"<html/>", 503), Said(token("good-token"))])
    org.login = lambda _: next(answers)

    assert used(client, org) == "good-token"


def test_a_login_without_a_token_is_no_session(start: Start) -> None:
    client, org = start(ACCESS)
    org.login = lambda _: Said({"instance_url": "https://acme.my.salesforce.com"})

    with pytest.raises(Retriable, match="without an access token"):
        client.get("limits")

    assert org.calls == []


@pytest.mark.parametrize("access", [ACCESS, PASSWORD])
@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"", b"[]", b"<a>sessionId"])
def test_a_login_that_is_not_understood_was_nobodys_refusal(
    body: bytes, access: SalesforceAccess, start: Start
) -> None:
    client, org = start(access)
    org.login = lambda _: Said(body)

    with pytest.raises(Retriable) as caught:
        client.write("PATCH", "composite/sobjects", {})

    # The write itself never left.
    assert not isinstance(caught.value, Unanswered)
    assert org.calls == []


def test_a_login_to_another_org_reads_nothing(start: Start) -> None:
    client, org = start(ACCESS)
    client.gateway.account = "00D000000000001AAA"

    with pytest.raises(Fatal, match=ORG_ID):
        client.get("limits")

    assert org.calls == []


def test_a_sandbox_in_place_of_production_is_said_to_be_one(start: Start) -> None:
    client, org = start(ACCESS)
    client.gateway.account = "00D000000000001AAA"
    instance = "https://acme--essai.sandbox.my.salesforce.com"
    org.login = lambda _: Said({**token("access-1"), "instance_url": instance})

    with pytest.raises(Fatal) as caught:
        client.get("limits")

    assert "une sandbox, non la production" in caught.value.message.fr


def test_a_session_is_renewed_ahead_of_its_end(start: Start, time: Time) -> None:
    client, org = start(ACCESS)
    client.get("limits")
    time.now += 1_799
    client.get("limits")
    assert len(org.logins) == 1

    time.now += 2
    assert used(client, org) == "access-token-2"


def test_a_session_in_force_serves_while_the_login_is_down(start: Start, time: Time) -> None:
    client, org = start(ACCESS)
    client.get("limits")
    org.login = lambda _: Said(b"", 503)
    time.now += 1_801

    assert used(client, org) == "access-token-1"
    time.now += 7_200
    with pytest.raises(Retriable):
        client.get("limits")


# The refresh token.


class Kept:
    """Where a refresh token is kept, and whether that outlives a restart."""

    def __init__(self, *, is_lasting: bool = True) -> None:
        self.tokens = [SecretStr("refresh-1")]
        self.is_lasting = is_lasting
        self.shelf: Shelf | None = None

    def keep(self, new: SecretStr) -> bool:
        self.tokens.append(new)
        return self.is_lasting

    def grant(self) -> Grant:
        return Grant(
            client_id="app",
            client_secret=SecretStr("s3cret-of-the-app"),
            refresh_token=lambda: self.tokens[-1],
            keep=self.keep,
            shelf=self.shelf,
        )


class Shelf:
    def __init__(self) -> None:
        self.left: Pass | None = None
        self.turns = 0

    def try_turn(self) -> bool:
        self.turns += 1
        return True

    def end_turn(self) -> None:
        self.turns -= 1

    def read(self) -> Pass | None:
        return self.left

    def leave(self, left: Pass) -> None:
        self.left = left


def test_a_rotated_refresh_token_is_kept_and_used_next(start: Start, time: Time) -> None:
    kept = Kept()
    client, org = start(kept.grant())
    org.login = lambda _: Said(
        {**token(f"access-{len(org.logins)}"), "refresh_token": f"refresh-{len(org.logins) + 1}"}
    )
    client.get("limits")
    time.now += 1_801
    assert used(client, org) == "access-2"

    assert [form(call)["refresh_token"] for call in org.logins] == ["refresh-1", "refresh-2"]
    assert kept.tokens[-1] == SecretStr("refresh-3")
    assert client.remarks() == ()
    assert org.logins[0].path == LOGIN_PATH


def test_a_token_that_a_restart_would_lose_is_told(start: Start) -> None:
    kept = Kept(is_lasting=False)
    client, org = start(kept.grant())
    org.login = lambda _: Said({**token("access-1"), "refresh_token": "refresh-2"})
    client.get("limits")

    (remark,) = client.remarks()
    assert not remark.is_fine


def test_a_revoked_refresh_token_ends_the_asking(start: Start) -> None:
    client, org = start(Kept().grant())
    org.login = lambda _: oauth_error("invalid_grant", "expired access/refresh token refresh-1")

    for _ in range(2):
        with pytest.raises(Fatal, match="was revoked") as caught:
            client.get("limits")

    assert len(org.logins) == 1
    assert "refresh-1" not in str(caught.value)


def test_a_session_that_another_process_has_left_is_taken(start: Start) -> None:
    kept = Kept()
    kept.shelf = Shelf()
    kept.shelf.left = Pass(
        token=SecretStr("left-there"),
        renew_at=MIDNIGHT + 60_000,
        ends_at=MIDNIGHT + 120_000,
        account_id=ORG_ID,
    )
    client, org = start(kept.grant())
    client.gateway.account = ORG_ID

    assert used(client, org) == "left-there"
    assert org.logins == []
    assert kept.shelf.turns == 0


def test_a_new_session_is_left_for_the_others(start: Start) -> None:
    kept = Kept()
    kept.shelf = Shelf()
    client, _ = start(kept.grant())
    client.get("limits")

    assert kept.shelf.left is not None
    assert kept.shelf.left.token == SecretStr("access-token-1")
    assert kept.shelf.left.account_id == ORG_ID


def test_client_credentials_travel_in_their_header(start: Start) -> None:
    client, org = start(ACCESS)
    client.get("limits")

    written = org.logins[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(written) == b"app:s3cret-of-the-app"


@pytest.mark.parametrize(
    ("short", "full"),
    [
        # An id that Salesforce's own documentation gives in both lengths.
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("001D000000IqhSLIAZ", "001D000000IqhSLIAZ"),
    ],
)
def test_an_id_has_a_full_form(short: str, full: str) -> None:
    assert full_id(short) == full
