"""An organization of Zoho CRM that answers as its documents say, over a real socket, by a script.

Answers are the vendor's documented shapes; what is not scripted answers 204, as an empty list does.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

import orjson
from pydantic import SecretStr

from connectors.base import Grant, Shelf
from connectors.pace import Clock
from connectors.zoho.connector import Zoho
from connectors.zoho.coql import every_text

REFRESH, SECRET = "1000.refresh-canary", "secret-canary"
ORG = "110001234567"
DATE = "Sun, 22 Nov 2026 17:00:00 GMT"
NOW = 1_795_366_800_000

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def coql(self) -> str:
        return str(self.body["select_query"])


Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Script = Callable[[Call], Answer | None]


def column(name: str, kind: str = "text", *, custom: bool = False, **more: Any) -> Json:
    """A field as `GET /settings/fields` lists it."""
    return {
        "id": f"554{crc32(name.encode()):010d}",
        "api_name": name,
        "field_label": name.replace("_", " "),
        "data_type": kind,
        "custom_field": custom,
        "external": None,
        "pick_list_values": [],
        **more,
    }


def options(*pairs: tuple[str, str]) -> list[Json]:
    """The options of a picklist, as (actual, display)."""
    return [
        {"id": str(9000 + place), "actual_value": actual, "display_value": display, "type": "used"}
        for place, (actual, display) in enumerate(pairs)
    ]


def standard() -> dict[str, list[Json]]:
    """The modules that are read, with the fields of an organization in one currency."""
    key = [column("id", "bigint"), column("Modified_Time", "datetime")]
    about = [*key, column("Owner", "ownerlookup"), column("Created_Time", "datetime")]
    what = [*about, column("What_Id", "lookup"), column("Who_Id", "lookup")]
    status = options(("Not Started", "Non démarré"), ("Completed", "Terminé"))
    priority = options(("High", "Élevée"), ("Normal", "Normale"))
    stage = options(("Qualification", "Qualification"), ("Closed Won", "Gagnée"))
    return {
        "Accounts": [*about, column("Account_Name"), column("Website", "website")],
        "Contacts": [*about, column("Account_Name", "lookup")],
        "Deals": [
            *about, column("Deal_Name"), column("Account_Name", "lookup"),
            column("Stage", "picklist", pick_list_values=stage), column("Amount", "currency"),
            column("Closing_Date", "date"),
        ],
        "Tasks": [
            *what, column("Subject"), column("Due_Date", "date"),
            column("Description", "textarea"), column("Closed_Time", "datetime"),
            column("Status", "picklist", pick_list_values=status),
            column("Priority", "picklist", pick_list_values=priority),
        ],
        "Events": [*what, column("Start_DateTime", "datetime")],
        "Calls": [*what, column("Call_Type", "picklist"), column("Call_Start_Time", "datetime")],
    }  # fmt: skip


def shape(text: str) -> str:
    """A query without its literals, its columns, its module and its length."""
    text = re.sub(r"^select (?!count\().*? from", "select * from", text)
    text = re.sub(r"'(?:[^']|'')*'", "?", text)
    text = re.sub(r"in \([?, ]*\)", "in ?", text)
    return re.sub(r" limit \d+$", " limit n", re.sub(r" from \w+ ", " from M ", text))


SHAPES = frozenset(map(shape, every_text()))


@dataclass
class Office:
    """The organization: its script, its fields, and what was asked of it."""

    modules: dict[str, list[Json]] = field(default_factory=standard)
    paid_type: str = "enterprise"
    zgid: str = ORG
    api_domain: str | None = None
    token: Answer | None = None
    script: Script = lambda _: None
    calls: list[Call] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    is_closed_to_all: bool = False
    url: str = ""
    turn: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, part: str) -> list[Call]:
        """The calls whose path has a part, or whose query text has."""
        return [
            call
            for call in self.calls
            if part in call.path or (call.path.endswith("/coql") and part in call.coql)
        ]

    def answer(self, call: Call) -> Answer:
        if call.path.endswith("/coql") and shape(call.coql) not in SHAPES:
            # Nothing else than what is collected, and so checked, is ever sent.
            return 500, error("INTERNAL_ERROR", f"a shape that is not collected: {call.coql}")
        with self.turn:
            if call.path == "/oauth/v2/token":
                return self._token(call)
            self.calls.append(call)
        given = call.headers.get("authorization", "").removeprefix("Zoho-oauthtoken ")
        if self.is_closed_to_all or given not in self.known:
            return 401, error("INVALID_TOKEN", "invalid oauth token")
        return self.script(call) or self._usual(call)

    def _token(self, call: Call) -> Answer:
        self.forms.append(call.body)
        if self.token is not None:
            return self.token
        access = f"1000.access-{len(self.forms)}"
        self.known.add(access)
        return 200, {
            "access_token": access,
            "api_domain": self.api_domain or self.url,
            "token_type": "Bearer",
            "expires_in": 3600,
        }

    def _usual(self, call: Call) -> Answer:
        match call.path.removeprefix("/crm/v8/"):
            case "org":
                return 200, {"org": [self._org()]}
            case "settings/fields" if call.method == "GET":
                found = self.modules.get(call.query["module"])
                if found is None:
                    return 400, error("INVALID_MODULE", "the module name given seems to be invalid")
                return 200, {"fields": found}
            case _:
                return 204, b""

    def _org(self) -> Json:
        return {
            "zgid": self.zgid,
            "company_name": "Érablière Côté",
            "time_zone": "America/Toronto",
            "iso_code": "CAD",
            "license_details": {"paid_type": self.paid_type, "users_license_purchased": 10},
        }


def error(code: str, message: str = "no", **details: Any) -> Json:
    """A flat error body."""
    return {"code": code, "message": message, "status": "error", "details": details}


def rows(*found: Json, more: bool = False) -> Answer:
    """A page of a list or of a query."""
    return 200, {"data": list(found), "info": {"count": len(found), "more_records": more}}


def success(key: str, **details: Any) -> Json:
    """The outcome of an item that was written."""
    return {"code": "SUCCESS", "status": "success", "details": {"id": key, **details}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet for an answer: two would wait for each other.
    wbufsize = -1
    disable_nagle_algorithm = True
    office: Office

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def date_time_string(self, _timestamp: float | None = None) -> str:
        return DATE

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_form = "form" in (self.headers.get("Content-Type") or "")
        body: Any = {k: v for k, (v,) in parse_qs(raw.decode()).items()} if is_form else None
        if raw and not is_form:
            body = orjson.loads(raw)
        status, found, *more = self.office.answer(
            Call(
                method=self.command,
                path=parts.path,
                query={name: one for name, (one, *_) in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
            )
        )
        sent = found if isinstance(found, bytes) else orjson.dumps(found)
        self.send_response(status)
        for name, value in (more[0] if more else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as the library has it


@contextmanager
def opened(office: Office) -> Iterator[Office]:
    """The organization, answering on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"office": office}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    office.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield office
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def grant(shelf: Shelf | None = None) -> Grant:
    """The access of an application."""
    return Grant(
        client_id="1000.client",
        client_secret=SecretStr(SECRET),
        refresh_token=lambda: SecretStr(REFRESH),
        keep=lambda _: True,
        shelf=shelf,
    )


def connected(office: Office, **more: Any) -> Zoho:
    """The connector of an organization; waits take no time."""
    clock = more.pop("clock", Clock(sleep=lambda _: None, wall=lambda: NOW, jitter=lambda: 0.5))
    return Zoho(more.pop("access", grant()), accounts=office.url, clock=clock, **more)
