"""The ways in which Zoho says no: the flat error body, a record's item, the token endpoint's word.

Source: "Status Codes and Errors" of the CRM API, version 8.
"""

from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject


class ZohoError(Exception):
    """A refusal: `{"code", "details", "message", "status": "error"}`, of a request or of a record.

    `status` is the HTTP status when the whole request is refused.
    """

    def __init__(
        self,
        code: str,
        message: str,
        details: JsonObject | None = None,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}
        self.status = int(status)

    def as_json(self) -> JsonObject:
        """Build the body, or the item of a record."""
        return {
            "code": self.code,
            "details": self.details,
            "message": self.message,
            "status": "error",
        }


class TokenError(Exception):
    """A refusal of the token endpoint: `{"error": …}`, with HTTP 200 for most."""

    def __init__(
        self, error: str, *, description: str = "", status: int = int(HTTPStatus.OK)
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = int(status)

    def as_json(self) -> JsonObject:
        """Build the body."""
        if not self.description:
            return {"error": self.error}
        return {
            "error_description": self.description,
            "error": self.error,
            "status": "failure",
        }


def invalid_token() -> ZohoError:
    """Build the 401 of a token that is unknown, over, or of another data centre."""
    return ZohoError("INVALID_TOKEN", "invalid oauth token", status=HTTPStatus.UNAUTHORIZED)


def invalid_data(api_name: str, **details: object) -> ZohoError:
    """Build the refusal of a value."""
    return ZohoError("INVALID_DATA", "invalid data", {"api_name": api_name, **details})


def invalid_id() -> ZohoError:
    """Build the refusal of a record's id that leads nowhere."""
    return ZohoError(
        "INVALID_DATA", "the id given seems to be invalid", {"api_name": "id"}
    )  # fmt: skip


def missing_parameter(name: str) -> ZohoError:
    """Build the refusal of a request without a parameter that it must have."""
    return ZohoError(
        "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": name}
    )


def wrong_parameter(name: str, **details: object) -> ZohoError:
    """Build the refusal of a parameter's value."""
    message = "Please check whether the input values are correct"
    return ZohoError("INVALID_DATA", message, {"param_name": name, **details})


def invalid_module(name: str) -> ZohoError:
    """Build the refusal of a module that does not exist, or that this user may not see."""
    message = "the module name given seems to be invalid"
    return ZohoError("INVALID_MODULE", message, {"resource_path_index": 0, "api_name": name})


def invalid_url() -> ZohoError:
    """Build the 404 of an address that is no endpoint."""
    message = "Please check if the URL trying to access is a correct one"
    return ZohoError("INVALID_URL_PATTERN", message, status=HTTPStatus.NOT_FOUND)
