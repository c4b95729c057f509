"""What travels between the HTTP edge and the endpoints: a call, a reply, an error.

The endpoints are plain functions from a `Call` to a `Reply`; an `ApiError` is the third way out.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.sandbox.exchange import JsonObject

if TYPE_CHECKING:
    from connectors.sandbox.hubspot.keys import Application
    from connectors.sandbox.hubspot.portal import Portal
    from connectors.sandbox.hubspot.versions import Version

_LONGEST_NUMBER = 18


class ApiError(Exception):
    """A refusal in the shape of HubSpot's error body (reference: "Error handling")."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        sub_category: str | None = None,
        errors: list[JsonObject] | None = None,
        context: JsonObject | None = None,
        extra: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.sub_category = sub_category
        self.errors = errors
        self.context = context
        self.extra = extra or {}

    def body(self, correlation_id: str) -> JsonObject:
        """Build the JSON body, with only the members that have something to say."""
        body: JsonObject = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id,
        }
        if self.sub_category:
            body["subCategory"] = self.sub_category
        if self.errors:
            body["errors"] = self.errors
        if self.context:
            body["context"] = self.context
        if self.category:
            body["category"] = self.category
        return body | self.extra


def invalid(
    message: str,
    *,
    sub_category: str | None = None,
    errors: list[JsonObject] | None = None,
    context: JsonObject | None = None,
) -> ApiError:
    """Build a 400 `VALIDATION_ERROR`."""
    return ApiError(
        400,
        "VALIDATION_ERROR",
        message,
        sub_category=sub_category,
        errors=errors,
        context=context,
    )


def not_found(message: str = "resource not found") -> ApiError:
    """Build a 404 `OBJECT_NOT_FOUND`."""
    return ApiError(404, "OBJECT_NOT_FOUND", message)


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number of a size that an id or a page can have."""
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def read_cursor(text: str) -> int:
    """Return a cursor as a number; 400 when it is none."""
    if not is_whole(text):
        raise invalid(f"Invalid after '{text[:40]}': it must be the cursor of a previous page.")
    return int(text)


@dataclass(slots=True, kw_only=True)
class Call:
    """One request, parsed: `params` from the path, `query` with every value of a name."""

    portal: "Portal"
    application: "Application"
    version: "Version"
    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Any
    url: str

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else default

    def names(self, name: str) -> list[str]:
        """Return a list parameter, whether it was repeated or comma-joined."""
        return [
            part for value in self.query.get(name, ()) for part in value.split(",") if part != ""
        ]

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter, false when absent."""
        return self.text(name).lower() == "true"

    def limit(self, default: int, maximum: int) -> int:
        """Return `limit`; 400 when it is no number or above the maximum."""
        raw = self.text("limit", str(default))
        if not is_whole(raw) or not 0 < int(raw) <= maximum:
            raise invalid(
                f"Invalid limit '{raw}': it must be a whole number between 1 and {maximum}.",
                errors=[{"message": "invalid limit", "in": "limit", "code": "INVALID_LIMIT"}],
            )
        return int(raw)

    def cursor(self) -> int:
        """Return `after` as the last id seen, 0 at the start; 400 when it is no number."""
        return read_cursor(self.text("after") or "0")

    def texts(self, name: str) -> list[str]:
        """Return a member of the body that is a list of texts; 400 when it is anything else."""
        found = self.object().get(name) or []
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise invalid(f"Invalid input JSON: '{name}' must be a list of texts.")
        return found

    def object(self) -> JsonObject:
        """Return the body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise invalid("Invalid input JSON: the body of this request must be a JSON object.")
        return self.body

    def inputs(self, maximum: int) -> list[JsonObject]:
        """Return `inputs` of a batch: 1 to `maximum` JSON objects."""
        inputs = self.object().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(row, dict) for row in inputs):
            raise invalid("Some required fields were not set: [inputs]")
        if not inputs:
            raise invalid("The batch has no inputs: send at least one.")
        if len(inputs) > maximum:
            raise invalid(f"The batch has {len(inputs)} inputs: the maximum is {maximum}.")
        return inputs


@dataclass(slots=True, kw_only=True)
class Reply:
    """What an endpoint answers: a status and a JSON body, or no body at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def new_correlation_id() -> str:
    """Return an identifier that a client can quote from an error."""
    return str(uuid.uuid4())
