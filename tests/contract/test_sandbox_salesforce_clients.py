"""simple-salesforce, a client that nobody here wrote, drives the emulated org over real HTTP.

It insists on `https://….salesforce.com`; an adapter takes its calls to the sandbox instead and
leaves the host that it believed in the `Host` header.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.login import SalesforceLogin

from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_DOMAIN,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)

# What a person would type; it opens nothing but this sandbox.
PASSWORD = "p&ss<é>"  # noqa: S105 - as above
TOKEN = "TOKEN"  # noqa: S105 - as above
WRONG = "no"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DOMAIN = f"{SANDBOX_DOMAIN}.my"


class ToTheSandbox(HTTPAdapter):
    """Sends every call to the sandbox, whatever host it was meant for."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._netloc = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(scheme="http", netloc=self._netloc).geturl()
        return super().send(request, *args, **more)


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def session(sandbox: SalesforceSandbox) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", ToTheSandbox(sandbox.url))
        yield made


@pytest.fixture
def client(session: requests.Session) -> Any:
    return Salesforce(
        consumer_key=SANDBOX_CLIENT_KEY,
        consumer_secret=SANDBOX_CLIENT_SECRET,
        domain=DOMAIN,
        session=session,
        version="68.0",
    )


def test_client_credentials_open_the_org_of_the_domain(client: Any) -> None:
    assert client.sf_instance == f"{SANDBOX_DOMAIN}.my.salesforce.com"
    found = client.query("SELECT Id, IsSandbox FROM Organization")["records"]
    assert found[0]["Id"].startswith("00D")
    assert found[0]["IsSandbox"] is False


def test_client_credentials_are_refused_on_the_common_login_host(
    session: requests.Session,
) -> None:
    answer = session.post(
        "https://login.salesforce.com/services/oauth2/token",
        {"grant_type": "client_credentials"},
        auth=(SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET),
    )
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "request not supported on this domain",
    }


def test_a_wrong_secret_is_refused(session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(
            consumer_key=SANDBOX_CLIENT_KEY, consumer_secret=WRONG, domain=DOMAIN, session=session
        )


def _keys() -> tuple[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shown = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    hidden = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return hidden.decode(), shown.decode()


def test_a_signed_assertion_opens_a_session_and_a_forged_one_does_not(
    sandbox: SalesforceSandbox, session: requests.Session
) -> None:
    private, public = _keys()
    sandbox.add_app("jwt-app", "secret", public_key=public, flows={"jwt"})
    details: dict[str, Any] = {
        "username": SANDBOX_USERNAME,
        "consumer_key": "jwt-app",
        "session": session,
        "domain": DOMAIN,
    }
    opened = Salesforce(**details, privatekey=private)
    assert opened.query("SELECT COUNT() FROM User")["totalSize"] == 2
    forged, _ = _keys()
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        Salesforce(**details, privatekey=forged)
    stranger = pytest.raises(SalesforceAuthenticationFailed, match="user hasn't approved")
    with pytest.warns(UserWarning, match="authorize this"), stranger:
        Salesforce(**details | {"username": "nobody@arpent.example"}, privatekey=private)


def test_a_password_opens_a_session_by_oauth_and_by_soap(
    sandbox: SalesforceSandbox, session: requests.Session
) -> None:
    sandbox.set_password(SANDBOX_USERNAME, PASSWORD, TOKEN)
    token, instance = SalesforceLogin(
        username=SANDBOX_USERNAME, password=PASSWORD, security_token=TOKEN, session=session
    )
    assert instance == f"{SANDBOX_DOMAIN}.my.salesforce.com"
    opened = Salesforce(session_id=token, instance=instance, session=session)
    assert opened.query("SELECT COUNT() FROM User")["totalSize"] == 2
    by_oauth = Salesforce(
        username=SANDBOX_USERNAME,
        password=PASSWORD + TOKEN,
        consumer_key=SANDBOX_CLIENT_KEY,
        consumer_secret=SANDBOX_CLIENT_SECRET,
        domain="login",
        session=session,
    )
    assert by_oauth.query("SELECT COUNT() FROM User")["totalSize"] == 2
    with pytest.raises(SalesforceAuthenticationFailed, match="Invalid username, password"):
        SalesforceLogin(
            username=SANDBOX_USERNAME, password=WRONG, security_token=TOKEN, session=session
        )


def test_every_row_comes_once_through_query_all_iter(
    sandbox: SalesforceSandbox, client: Any
) -> None:
    sandbox.switches.page_size = 7
    made = [sandbox.create("Account", Name=f"Compté {number} 🌲") for number in range(30)]
    rows = list(client.query_all_iter("SELECT Id, Name FROM Account ORDER BY Name"))
    assert sorted(row["Id"] for row in rows) == sorted(made)
    assert {row["Name"] for row in rows} == {f"Compté {number} 🌲" for number in range(30)}
    sandbox.switches.short_pages = True
    assert len(client.query_all("SELECT Id FROM Account")["records"]) == 30


def test_include_deleted_shows_what_lies_in_the_bin(
    sandbox: SalesforceSandbox, client: Any
) -> None:
    kept, gone = (sandbox.create("Account", Name=name) for name in ("kept", "gone"))
    sandbox.act("delete", id=gone)
    shown = client.query("SELECT Id FROM Account")["records"]
    assert [row["Id"] for row in shown] == [kept]
    shown = client.query("SELECT Id, IsDeleted FROM Account", include_deleted=True)["records"]
    assert {row["Id"]: row["IsDeleted"] for row in shown} == {kept: False, gone: True}


def test_describe_lists_objects_and_fields(client: Any) -> None:
    names = {kind["name"] for kind in client.describe()["sobjects"]}
    assert {"Account", "Opportunity", "OpportunityHistory", "Task", "Event", "User"} <= names
    described = client.Account.describe()
    fields = {field["name"]: field for field in described["fields"]}
    assert described["keyPrefix"] == "001"
    assert fields["Name"]["length"] == 255
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert fields["OwnerId"]["relationshipName"] == "Owner"
    assert "CurrencyIsoCode" not in fields


def test_a_record_is_created_read_changed_upserted_and_deleted(
    sandbox: SalesforceSandbox, client: Any
) -> None:
    sandbox.act("create_field", object="Account", name="Key__c", type="string", external_id=True,
                unique=True)  # fmt: skip
    made = client.Account.create({"Name": "Érablière", "NumberOfEmployees": 12, "Key__c": "k1"})
    assert made["success"] is True
    read = client.Account.get(made["id"][:15])
    assert (read["Name"], read["NumberOfEmployees"]) == ("Érablière", 12)
    assert client.Account.update(made["id"], {"Name": "Sucrerie"}) == 204
    assert client.Account.get_by_custom_id("Key__c", "k1")["Name"] == "Sucrerie"
    assert client.Account.upsert("Key__c/k1", {"Name": "Forêt"}) == 200
    assert client.Account.upsert("Key__c/k2", {"Name": "Lac"}) == 201
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])
    found = client.Account.deleted(datetime(2026, 11, 22, tzinfo=UTC), NOW.replace(hour=14))
    assert [row["id"] for row in found["deletedRecords"]] == [made["id"]]


def test_a_refused_write_says_why(client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Account.create({"Phone": "1"})
    content: Any = caught.value.content
    assert content == [
        {
            "message": "Required fields are missing: [Name]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Name"],
        }
    ]


def test_the_client_follows_what_was_used_of_the_day(client: Any) -> None:
    client.query("SELECT COUNT() FROM Account")
    before = client.api_usage["api-usage"]
    client.query("SELECT COUNT() FROM Account")
    assert (before.total, before.used) == (100_000, client.api_usage["api-usage"].used - 1)
    assert client.limits()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_997}


def test_an_expired_session_is_renewed_once(sandbox: SalesforceSandbox, client: Any) -> None:
    sandbox.expire_sessions()
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 0
    assert sandbox.statistics()["logins"] == 2


def test_a_given_token_that_expired_is_a_401(
    sandbox: SalesforceSandbox, session: requests.Session
) -> None:
    token = sandbox.open_session(SANDBOX_USERNAME)
    direct = Salesforce(
        session_id=token, instance=f"{SANDBOX_DOMAIN}.my.salesforce.com", session=session
    )
    assert direct.query("SELECT COUNT() FROM Account")["totalSize"] == 0
    sandbox.expire_sessions()
    with pytest.raises(SalesforceExpiredSession) as caught:
        direct.query("SELECT COUNT() FROM Account")
    content: Any = caught.value.content
    assert content[0]["errorCode"] == "INVALID_SESSION_ID"


def test_a_token_is_no_use_on_another_companys_host(
    sandbox: SalesforceSandbox, session: requests.Session
) -> None:
    token = sandbox.open_session(SANDBOX_USERNAME)
    elsewhere = Salesforce(session_id=token, instance="another.my.salesforce.com", session=session)
    with pytest.raises(SalesforceExpiredSession):
        elsewhere.query("SELECT COUNT() FROM Account")


def test_bulk2_queries_and_ingests(sandbox: SalesforceSandbox, client: Any) -> None:
    made = client.bulk2.Account.insert(records=[{"Name": "Érable"}, {"Name": "Chêne"}], wait=0.01)
    assert [(job["numberRecordsProcessed"], job["numberRecordsFailed"]) for job in made] == [(2, 0)]
    pages = list(client.bulk2.Account.query("SELECT Id, Name FROM Account", wait=0.01))
    rows = list(csv.DictReader(io.StringIO("".join(pages))))
    assert sorted(row["Name"] for row in rows) == ["Chêne", "Érable"]
    changed = [{"Id": row["Id"], "Site": "ici"} for row in rows]
    client.bulk2.Account.update(records=changed, wait=0.01)
    assert {sandbox.values_of(row["Id"])["Site"] for row in rows} == {"ici"}
    gone = client.bulk2.Account.delete(records=[{"Id": row["Id"]} for row in rows], wait=0.01)
    assert gone[0]["numberRecordsFailed"] == 0
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_bulk2_downloads_to_files(sandbox: SalesforceSandbox, client: Any, tmp_path: Path) -> None:
    made = [sandbox.create("Account", Name=f"Érable {number}\ndeux") for number in range(5)]
    files = list(
        client.bulk2.Account.download(
            "SELECT Id, Name FROM Account", path=str(tmp_path), max_records=2, wait=0.01
        )
    )
    assert [entry["number_of_records"] for entry in files] == [2, 2, 1]
    rows = []
    for entry in files:
        with Path(entry["file"]).open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    assert {row["Id"] for row in rows} == {*made}
    assert {row["Name"] for row in rows} == {f"Érable {number}\ndeux" for number in range(5)}


def test_bulk2_upserts_and_tells_the_fate_of_each_row(
    sandbox: SalesforceSandbox, client: Any
) -> None:
    sandbox.act("create_field", object="Account", name="Key__c", type="string", external_id=True,
                unique=True)  # fmt: skip
    job = client.bulk2.Account.upsert(
        records=[{"Key__c": "k1", "Name": "a"}, {"Key__c": "k2", "Phone": "1"}],
        external_id_field="Key__c",
        wait=0.01,
    )[0]
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    good = client.bulk2.Account.get_successful_records(job["job_id"])
    bad = client.bulk2.Account.get_failed_records(job["job_id"])
    assert [row["Key__c"] for row in csv.DictReader(io.StringIO(good))] == ["k1"]
    failed = list(csv.DictReader(io.StringIO(bad)))
    assert failed[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert client.bulk2.Account.get_unprocessed_records(job["job_id"]).count("\n") == 1
