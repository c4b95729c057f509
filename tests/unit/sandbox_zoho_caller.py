"""Calls of the emulated Zoho CRM's gateway without a socket, for its unit tests."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.exchange import JsonObject, Request, Response
from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def data(self) -> list[JsonObject]:
        return list(self.json["data"])

    @property
    def code(self) -> str:
        return str(self.json["code"])

    @property
    def codes(self) -> list[str]:
        """The code of each record's outcome."""
        return [item["code"] for item in self.data]


@dataclass(slots=True)
class Caller:
    """One organisation and an access token of its integration user."""

    sandbox: ZohoSandbox = field(default_factory=lambda: ZohoSandbox(now=NOW))
    token: str = ""
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.token = self.token or self.sandbox.open_session()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        shown = {"host": self.host, "content-type": "application/json"}
        if self.token:
            shown["authorization"] = f"Zoho-oauthtoken {self.token}"
        shown |= {name.lower(): value for name, value in (headers or {}).items()}
        packed = body if isinstance(body, bytes) else b"" if body is None else _packed(body)
        request = Request(
            method=method,
            path=path,
            query=urlencode(query or {}),
            headers=shown,
            body=packed,
            base_url="http://127.0.0.1:1",
        )
        return _answer(self.sandbox.gateway.answer(request))

    def get(self, path: str, headers: dict[str, str] | None = None, **query: object) -> Answer:
        return self.send("GET", f"/crm/v8/{path}", query=query, headers=headers)

    def post(self, path: str, body: object, **query: object) -> Answer:
        return self.send("POST", f"/crm/v8/{path}", body, query=query)

    def put(self, path: str, body: object, headers: dict[str, str] | None = None) -> Answer:
        return self.send("PUT", f"/crm/v8/{path}", body, headers=headers)

    def patch(self, path: str, body: object, **query: object) -> Answer:
        return self.send("PATCH", f"/crm/v8/{path}", body, query=query)

    def delete(self, path: str, **query: object) -> Answer:
        return self.send("DELETE", f"/crm/v8/{path}", query=query)

    def write(self, module: str, *rows: JsonObject, **more: object) -> Answer:
        """Insert records without setting anything off."""
        return self.post(module, {"data": list(rows), "trigger": []} | more)

    def insert(self, module: str, **values: object) -> str:
        answer = self.write(module, values)
        assert answer.status == 201, answer.content
        return str(answer.data[0]["details"]["id"])

    def coql(self, text: str) -> Answer:
        return self.post("coql", {"select_query": text})

    def find(self, columns: str, module: str, condition: str, rest: str = "") -> list[JsonObject]:
        """The rows of a query that must succeed, by its parts."""
        return self.rows(question(columns, module, condition, rest))

    def rows(self, text: str) -> list[JsonObject]:
        """The rows of a query that must succeed."""
        answer = self.coql(text)
        if answer.status == 204:
            return []
        assert answer.status == 200, answer.content
        return answer.data

    def token_for(self, **changes: str) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "client_id": SANDBOX_CLIENT_ID,
            "client_secret": SANDBOX_CLIENT_SECRET,
            "refresh_token": SANDBOX_REFRESH_TOKEN,
        }
        return self.send("POST", "/oauth/v2/token", urlencode(form | changes).encode())


def question(columns: str, module: str, condition: str, rest: str = "") -> str:
    """Write a query."""
    words = ["select", columns, "from", module, "where", condition, rest]
    return " ".join(words).strip()


def _packed(body: object) -> bytes:
    return json.dumps(body).encode()


def _answer(response: Response) -> Answer:
    return Answer(response.status, response.headers, response.body)
