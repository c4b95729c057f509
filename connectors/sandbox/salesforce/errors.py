"""The ways in which Salesforce says no: the REST error list, a row's error, OAuth's object."""

from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject


class SalesforceError(Exception):
    """A refusal of the REST API: `[{"message", "errorCode", "fields"?}]` with a status.

    In a collection the same refusal of one row is `{"statusCode", "message", "fields"}`, unless
    `is_whole` says that the body could not be read at all: then nothing of it is done.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        fields: list[str] | None = None,
        extra: JsonObject | None = None,
        is_whole: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = int(status)
        self.fields = fields
        self.extra = extra or {}
        self.is_whole = is_whole

    def as_answer(self) -> JsonObject:
        """Build the entry of a refused request."""
        entry: JsonObject = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = self.fields
        return entry | self.extra

    def as_row(self) -> JsonObject:
        """Build the entry of a refused row of a collection."""
        row = {"statusCode": self.code, "message": self.message, "fields": self.fields or []}
        return row | self.extra


class OAuthError(Exception):
    """A refusal of the login endpoints: `{"error", "error_description"}`."""

    def __init__(self, error: str, description: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = int(status)


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    """Build the 404 of a resource or a record."""
    return SalesforceError("NOT_FOUND", message, status=HTTPStatus.NOT_FOUND)


def invalid_session() -> SalesforceError:
    """Build the 401 of a token that is unknown, revoked or too old."""
    return SalesforceError(
        "INVALID_SESSION_ID", "Session expired or invalid", status=HTTPStatus.UNAUTHORIZED
    )


def unreadable(message: str) -> SalesforceError:
    """Build the 400 of a body that is no JSON or whose values have the wrong JSON type."""
    return SalesforceError("JSON_PARSER_ERROR", message, is_whole=True)
