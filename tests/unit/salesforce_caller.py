"""Somebody who calls an emulated Salesforce org without a socket: the tests' quick way in."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)

# A Sunday at noon in Toronto: a new week where weeks begin on Sunday, the old one elsewhere.
NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
DATA = "/services/data/v68.0"
FIELDS = f"{DATA}/tooling/sobjects/CustomField"


class Answer:
    """What came back."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.body

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return orjson.loads(self.body)


class Caller:
    """An org, and somebody who calls it; no socket is needed."""

    def __init__(self, sandbox: SalesforceSandbox) -> None:
        self.sandbox = sandbox

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        bare, _, query = path.partition("?")
        said = {"authorization": f"Bearer {SANDBOX_SESSION}", "content-type": kind}
        said |= {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(
            method=method,
            path=bare,
            query=query,
            headers=said,
            body=body,
            base_url="http://127.0.0.1",
        )
        return Answer(self.sandbox.gateway.answer(request))

    def get(self, path: str, **headers: str) -> Answer:
        """Read; `if_match="…"` and the like become headers."""
        return self.send("GET", f"{DATA}/{path}", headers=_named(headers))

    def sent(self, method: str, path: str, body: object, **headers: str) -> Answer:
        return self.send(method, f"{DATA}/{path}", orjson.dumps(body), headers=_named(headers))

    def ask(self, text: str) -> Any:
        return self.get(f"query?q={quote(text)}").json()

    def names(self, condition: str) -> list[str]:
        found = self.ask(f"SELECT Name FROM Account WHERE {condition}")  # noqa: S608 - SOQL, to a sandbox
        return sorted(row["Name"] for row in found["records"])

    def account(self, **values: object) -> str:
        return self.sandbox.create("Account", **{"Name": "a"} | values)

    def changed(self, record_id: str, **values: object) -> Any:
        row = {"attributes": {"type": "Account"}, "id": record_id, **values}
        return self.sent("PATCH", "composite/sobjects", {"records": [row]}).json()

    def later(self, seconds: float = 5) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))
        self.sandbox.open_session(SANDBOX_USERNAME, SANDBOX_SESSION)

    def token(self) -> Any:
        form = urlencode({
            "grant_type": "refresh_token",
            "client_id": SANDBOX_CLIENT_KEY,
            "client_secret": SANDBOX_CLIENT_SECRET,
            "refresh_token": SANDBOX_REFRESH_TOKEN,
        })  # fmt: skip
        kind = "application/x-www-form-urlencoded"
        return self.send("POST", "/services/oauth2/token", form.encode(), kind).json()

    def introspected(self, token: str) -> Any:
        form = urlencode({
            "client_id": SANDBOX_CLIENT_KEY,
            "client_secret": SANDBOX_CLIENT_SECRET,
            "token": token,
        })  # fmt: skip
        kind = "application/x-www-form-urlencoded"
        return self.send("POST", "/services/oauth2/introspect", form.encode(), kind).json()

    def bulk_query(self, text: str) -> Answer:
        return self.sent("POST", "jobs/query", {"operation": "query", "query": text})

    def ingested(self, rows: list[list[str]]) -> str:
        body = {"object": "Account", "operation": "update", "contentType": "CSV"}
        job = self.sent("POST", "jobs/ingest", body).json()["id"]
        written = io.StringIO()
        csv.writer(written).writerows(rows)
        upload = written.getvalue().encode()
        self.send("PUT", f"{DATA}/jobs/ingest/{job}/batches", upload, "text/csv")
        self.sent("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
        return str(job)

    def made(self, name: str, **metadata: object) -> Answer:
        whole = {"type": "Text", "length": 20, "label": "x", **metadata}
        return self.send("POST", FIELDS, orjson.dumps({"FullName": name, "Metadata": whole}))


def called(**switches: object) -> Caller:
    sandbox = SalesforceSandbox(now=NOW)
    sandbox.switches.change(switches)
    return Caller(sandbox)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
