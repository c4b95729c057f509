"""The clients on which the policy of HTTP is tried: how each is opened, asked and answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from connectors.base import Change, Connector, Grant
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.bulk import BulkQuery
from connectors.salesforce.connector import Salesforce
from connectors.zoho.bulk import BulkRead, Result
from connectors.zoho.connector import Zoho
from rules.records import Kind
from tests.contract.rogue import Proper, Script, answers

# Everything that must never be seen begins so.
CANARY = "canary-5b1e0c"
ORG = "00D5g000004abCDEAY"
JOB = "7505g000004abCDEAY"
RECORD = "0015g000004abCDEAY"

Deed = Callable[[Connector], object]


def json(body: str, *, status: str = "200 OK") -> Script:
    """An answer in JSON."""
    kind = b"Content-Type: application/json;charset=UTF-8\r\n"
    return answers(body.encode(), status=status.encode(), headers=kind)


def line_of(request: bytes) -> str:
    """The method and the path of a request."""
    return request.partition(b" HTTP/")[0].decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policed:
    """A vendor's connector.

    `proper` answers the login, and the questions of which account it is; `reads` are tried again,
    `writes` never. `credential` is what travels with each of them; `unrecognised` the answer that
    repeats it.
    """

    open: Callable[[str, Clock, float], Connector]
    proper: Proper
    reads: Mapping[str, Deed]
    writes: Mapping[str, Deed]
    good: Script
    credential: bytes
    unrecognised: Script
    words: str
    hosts_beyond: str
    login: str = ""
    too_many: Script = field(default=answers(b""))


def _read(crm: Connector) -> object:
    return crm.fields(Kind.ACCOUNT)


def _write(crm: Connector) -> object:
    return crm.update([Change(external_id=RECORD, values={"tier": "gold"})])


# HubSpot: a service key.

HUBSPOT_KEY = f"pat-na1-{CANARY}"


def _hubspot(url: str, clock: Clock, seconds: float) -> HubSpot:
    return HubSpot(
        SecretStr(HUBSPOT_KEY),
        base_url=url,
        clock=clock,
        read_seconds=seconds,
        write_seconds=seconds,
    )


def _proper_portal(request: bytes) -> Script | None:
    if "/account-info/" in line_of(request):
        return json('{"portalId":7,"timeZone":"America/Toronto","companyCurrency":"CAD"}')
    return None


HUBSPOT = Policed(
    open=_hubspot,
    proper=_proper_portal,
    reads={"the fields": _read},
    writes={"a write": _write},
    good=json('{"results":[]}'),
    credential=f"Authorization: Bearer {HUBSPOT_KEY}".encode(),
    unrecognised=json(
        f'{{"status":"error","message":"The token {HUBSPOT_KEY} expired","category":"X"}}',
        status="401 Unauthorized",
    ),
    words="service key",
    hosts_beyond="https://api.hubapi.com.example.org",
    too_many=json(
        '{"category":"RATE_LIMITS","policyName":"SECONDLY","message":"slow down"}',
        status="429 Too Many Requests",
    ),
)


# Salesforce: client credentials, which a login turns into a session.

APP_SECRET, SESSION = f"app-{CANARY}", f"session-{CANARY}"
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
TOKEN = (
    f'{{"access_token":"{SESSION}","instance_url":"https://acme.my.salesforce.com",'
    f'"id":"https://login.salesforce.com/id/{ORG}/0055g000004abCDEAY","token_type":"Bearer"}}'
)
ORGANIZATION = (
    '{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Organization"},'
    f'"Id":"{ORG}","Name":"Acme","IsSandbox":false,"TimeZoneSidKey":"America/Toronto",'
    '"DefaultLocaleSidKey":"fr_CA"}]}'
)


def _salesforce(url: str, clock: Clock, seconds: float) -> Salesforce:
    return Salesforce(
        ClientCredentials(client_id="an-app", client_secret=SecretStr(APP_SECRET)),
        base_url=url,
        clock=clock,
        read_seconds=seconds,
        write_seconds=seconds,
        query_seconds=seconds,
    )


def _proper_org(request: bytes) -> Script | None:
    line = line_of(request)
    if TOKEN_PATH in line:
        return json(TOKEN)
    if "FROM+Organization" in line:
        return json(ORGANIZATION)
    if "FROM+CurrencyType" in line or "/connect/organization" in line:
        refusal = '[{"errorCode":"INVALID_TYPE","message":"sObject type is not supported."}]'
        return json(refusal, status="400 Bad Request")
    return None


def _bulk(crm: Connector) -> BulkQuery:
    assert isinstance(crm, Salesforce)
    return BulkQuery(crm._client)


def _upload(crm: Connector) -> None:
    assert isinstance(crm, Salesforce)
    crm._client.upload(f"jobs/ingest/{JOB}/batches", b"Id\n")


SALESFORCE = Policed(
    open=_salesforce,
    proper=_proper_org,
    reads={
        "the fields": _read,
        "a query": lambda crm: list(crm.pull(Kind.OWNER, None, (), ())),
        "a bulk job": lambda crm: _bulk(crm).wait(JOB),
        "a page of a bulk job": lambda crm: _bulk(crm).page(JOB, None),
    },
    writes={
        "a write": _write,
        "a new bulk job": lambda crm: _bulk(crm).start("SELECT Id FROM Account"),
        "an upload": _upload,
    },
    good=json('{"fields":[{"name":"Name","type":"string","label":"Nom"}]}'),
    credential=f"Authorization: Bearer {SESSION}".encode(),
    unrecognised=json(
        f'[{{"errorCode":"INVALID_SESSION_ID","message":"{SESSION} is over, {APP_SECRET} too"}}]',
        status="401 Unauthorized",
    ),
    words="External Client App",
    hosts_beyond="https://acme.my.salesforce.com.example.org",
    login=TOKEN_PATH,
    too_many=json(
        '[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests (Concurrent API '
        'Requests) Limit exceeded."}]',
        status="403 Forbidden",
    ),
)

# Zoho: a refresh token, which a login turns into an access token and the API that it opens.

SELF_CLIENT, GRANTED, ACCESS = f"app-{CANARY}", f"1000.{CANARY}", f"access-{CANARY}"
ZOHO_TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
ZOHO_JOB = "554023000000900001"
ZOHO_RECORD = "554023000000527001"
ZOHO_ORG = (
    '{"org":[{"zgid":"60001234567","company_name":"Acme","time_zone":"America/Toronto",'
    '"iso_code":"CAD","license_details":{"paid":true,"paid_type":"enterprise"}}]}'
)
ZOHO_FIELDS = (
    '{"fields":[{"id":"1","api_name":"Account_Name","field_label":"Nom","data_type":"text"},'
    '{"id":"2","api_name":"Arpent_Tier","field_label":"Niveau","data_type":"text",'
    '"custom_field":true}]}'
)


def _zoho(url: str, clock: Clock, seconds: float) -> Zoho:
    grant = Grant(
        client_id="1000.APP",
        client_secret=SecretStr(SELF_CLIENT),
        refresh_token=lambda: SecretStr(GRANTED),
        keep=lambda _token: True,
    )
    return Zoho(
        grant,
        accounts=url,
        clock=clock,
        read_seconds=seconds,
        write_seconds=seconds,
        query_seconds=seconds,
    )


def _proper_organization(request: bytes) -> Script | None:
    line = line_of(request)
    if ZOHO_TOKEN_PATH in line:
        return json(f'{{"access_token":"{ACCESS}","token_type":"Bearer","expires_in":3600}}')
    if line.endswith("/org"):
        return json(ZOHO_ORG)
    if line.endswith("/settings/fields?module=Accounts&type=all"):
        return json(ZOHO_FIELDS)
    return None


def _zoho_bulk(crm: Connector) -> BulkRead:
    assert isinstance(crm, Zoho)
    return BulkRead(crm._client)


def _zoho_query(crm: Connector) -> object:
    assert isinstance(crm, Zoho)
    return crm._client.query("select id from Accounts where id is not null limit 200")


def _zoho_archive(crm: Connector) -> object:
    result = Result(count=1, path=f"bulk/read/{ZOHO_JOB}/result", following=None)
    return list(_zoho_bulk(crm).rows("Accounts", result, 0))


ZOHO = Policed(
    open=_zoho,
    proper=_proper_organization,
    reads={
        "the fields": lambda crm: crm.fields(Kind.OPPORTUNITY),
        "a query": _zoho_query,
        "a bulk job": lambda crm: _zoho_bulk(crm).wait("Accounts", ZOHO_JOB),
        "the archive of a bulk job": _zoho_archive,
    },
    writes={
        "a write": lambda crm: crm.update(
            [Change(external_id=ZOHO_RECORD, values={"tier": "gold"})]
        ),
        "a new bulk job": lambda crm: _zoho_bulk(crm).start("Accounts", ["id"], None),
    },
    good=json(ZOHO_FIELDS),
    credential=f"Authorization: Zoho-oauthtoken {ACCESS}".encode(),
    unrecognised=json(
        f'{{"code":"INVALID_TOKEN","message":"{ACCESS} is over, {SELF_CLIENT} too",'
        '"status":"error","details":{}}',
        status="401 Unauthorized",
    ),
    words="Connected apps",
    hosts_beyond="https://accounts.zohocloud.ca.example.org",
    login=ZOHO_TOKEN_PATH,
    too_many=json(
        '{"code":"TOO_MANY_REQUESTS","details":{},"message":"too many requests fired in '
        'concurrent connections","status":"error"}',
        status="429 Too Many Requests",
    ),
)

POLICED: Mapping[str, Policed] = {"hubspot": HUBSPOT, "salesforce": SALESFORCE, "zoho": ZOHO}
