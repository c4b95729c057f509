"""One API call, parsed, and what an endpoint answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.errors import SalesforceError, not_found, unreadable
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.permissions import may_see_object


@dataclass(slots=True, kw_only=True)
class Call:
    """One request: `params` from the path, `query` with the last value of each name."""

    org: Org
    user_id: str
    version: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def base(self) -> str:
        """The root of the version that the client calls, as links in answers begin."""
        return f"/services/data/v{self.version}"

    def json(self) -> JsonObject:
        """Return the body, a JSON object; SalesforceError `JSON_PARSER_ERROR`."""
        if "json" not in self.headers.get("content-type", "").lower():
            raise SalesforceError(
                "UNSUPPORTED_MEDIA_TYPE",
                f"Content-Type not supported. {self.headers.get('content-type', '')}",
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            )
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise unreadable(
                f"{str(error).capitalize()} at [line:{error.lineno}, column:{error.colno}]"
            ) from error
        if not isinstance(parsed, dict):
            raise unreadable("The HTTP entity body is required to be a JSON object.")
        return parsed

    def kind(self) -> ObjectType:
        """Return the object of the path; SalesforceError 404."""
        return self.named_kind(self.params["object"], status=HTTPStatus.NOT_FOUND)

    def named_kind(self, name: object, status: int = HTTPStatus.BAD_REQUEST) -> ObjectType:
        """Return an object by its name, if the user sees it."""
        found = self.org.find_object(name) if isinstance(name, str) else None
        if found is None or not may_see_object(self.org, self.user_id, found):
            if status == HTTPStatus.NOT_FOUND:
                raise not_found()
            raise SalesforceError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def flag(self, name: str) -> bool:
        """Return a boolean of the query string, false when absent."""
        return self.query.get(name, "").lower() == "true"


@dataclass(slots=True, kw_only=True)
class Reply:
    """What an endpoint answers: a status and a JSON body, or bytes as they are, or nothing."""

    status: int = HTTPStatus.OK
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
