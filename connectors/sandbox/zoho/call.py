"""One API call, parsed, and what an endpoint answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.errors import (
    ZohoError,
    invalid_module,
    missing_parameter,
    wrong_parameter,
)
from connectors.sandbox.zoho.fields import Field, Module
from connectors.sandbox.zoho.oauth import Session
from connectors.sandbox.zoho.org import ADMINISTRATOR, Org
from connectors.sandbox.zoho.values import read_instant

_LARGEST_PAGE = 200


@dataclass(slots=True, kw_only=True)
class Call:
    """One request: `params` from the path, `query` with the last value of each name.

    `cost` is what it takes in credits, set by the endpoint where it depends on the request.
    """

    org: Org
    session: Session
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    cost: int = 1

    @property
    def user_id(self) -> str:
        """Who calls."""
        return self.session.user_id

    @property
    def profile_id(self) -> str:
        """The profile of who calls."""
        return self.org.users[self.user_id].profile

    def json(self) -> JsonObject:
        """Return the body, a JSON object; ZohoError 400."""
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            message = "invalid json format" if self.body else "body is missing"
            raise ZohoError("INVALID_DATA", message, {"expected_data_type": "jsonobject"})
        return parsed

    def rows(self, name: str, most: int) -> list[JsonObject]:
        """Return the entries of the body's one list; ZohoError 400."""
        return rows_of(self.json(), name, most)

    def allow(self, *names: str) -> None:
        """Refuse parameters that the endpoint does not know; ZohoError 400."""
        for name in self.query:
            if name not in names:
                raise ZohoError("EXTRA_PARAM_FOUND", "Extra parameter found", {"param_name": name})

    def required(self, name: str) -> str:
        """Return a parameter that must be there; ZohoError 400."""
        if not self.query.get(name):
            raise missing_parameter(name)
        return self.query[name]

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Return a whole number from 1 of the query; ZohoError 400."""
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) < 1:
            raise wrong_parameter(name, expected_data_type="integer")
        if most is not None and int(text) > most:
            raise ZohoError("LIMIT_EXCEEDED", "The limit given exceeds the maximum",
                            {"limit": most, "param_name": name})  # fmt: skip
        return int(text)

    def page_size(self) -> int:
        """Return `per_page`."""
        return self.number("per_page", _LARGEST_PAGE, _LARGEST_PAGE)

    def module(self) -> Module:
        """Return the module of the path; ZohoError 400."""
        return self.named_module(self.params["module"])

    def named_module(self, name: str) -> Module:
        """Return a module that the user sees, by its API name; ZohoError 400."""
        found = self.org.modules.get(name)
        if found is None or (self.profile_id, name) in self.org.hidden_modules:
            raise invalid_module(name)
        return found

    def require_administrator(self) -> None:
        """Refuse a change of what the organization is made of to others; ZohoError 403."""
        if self.org.profiles.get(self.profile_id) != ADMINISTRATOR:
            raise ZohoError(
                "NO_PERMISSION", "permission denied",
                {"permissions": ["Crm_Implied_Customize_Zoho_CRM"]}, status=HTTPStatus.FORBIDDEN,
            )  # fmt: skip

    def may_see(self, entry: Field) -> bool:
        """Whether the user's profile shows a field."""
        return entry.permission(self.profile_id) != "hidden"

    def header_instant(self, name: str) -> datetime | None:
        """Return an instant of a header; ZohoError 400 when it is none."""
        text = self.headers.get(name.lower())
        if text is None:
            return None
        found = read_instant(text)
        if found is None:
            raise ZohoError(
                "INVALID_DATA", "invalid data",
                {"header_name": name, "expected_data_type": "datetime"},
            )  # fmt: skip
        return found


@dataclass(slots=True, kw_only=True)
class Reply:
    """What an endpoint answers: a status and a JSON body, or bytes as they are, or nothing."""

    status: int = HTTPStatus.OK
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def nothing() -> Reply:
    """The answer without a body of a list without entries."""
    return Reply(status=HTTPStatus.NO_CONTENT)


def rows_of(body: JsonObject, name: str, most: int) -> list[JsonObject]:
    """Return the entries of a list in a body; ZohoError 400."""
    rows = body.get(name)
    if rows is None:
        raise ZohoError("MANDATORY_NOT_FOUND", "required field not found",
                        {"api_name": name, "json_path": f"$.{name}"})  # fmt: skip
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ZohoError("INVALID_DATA", "invalid data",
                        {"api_name": name, "expected_data_type": "jsonarray",
                         "json_path": f"$.{name}"})  # fmt: skip
    if not rows:
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"api_name": name, "minimum_length": 1, "json_path": f"$.{name}"},
        )
    if len(rows) > most:
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"api_name": name, "maximum_length": most, "json_path": f"$.{name}"},
        )
    return rows
