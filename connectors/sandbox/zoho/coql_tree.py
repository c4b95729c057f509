"""What a COQL query says once it is read, and how one is refused."""

from dataclasses import dataclass, field
from typing import TypeAlias

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.errors import ZohoError

Literal: TypeAlias = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """One entry of SELECT: a path, perhaps inside an aggregate, perhaps under another name."""

    path: str
    function: str = ""
    alias: str = ""

    @property
    def key(self) -> str:
        """Its name in the rows of the answer."""
        if self.alias:
            return self.alias
        return f"{self.function.upper()}({self.path})" if self.function else self.path


@dataclass(frozen=True, slots=True)
class Comparison:
    """A criterion; `values` holds one literal, or several for `in` and `between`."""

    path: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two conditions joined by `and` or `or`."""

    word: str
    left: "Condition"
    right: "Condition"


Condition: TypeAlias = Comparison | Pair


@dataclass(slots=True, kw_only=True)
class Query:
    """One `select` query."""

    columns: list[Column]
    module: str
    where: Condition
    group_by: list[str] = field(default_factory=list)
    # Path and whether it descends.
    order_by: list[tuple[str, bool]] = field(default_factory=list)
    limit: int = 200
    offset: int = 0


def syntax_error(details: JsonObject, message: str = "invalid query formed") -> ZohoError:
    """Build the refusal of a query that cannot be read."""
    return ZohoError("SYNTAX_ERROR", message, details)


def invalid_column(name: str) -> ZohoError:
    """Build the refusal of a column that the module does not have."""
    message = "column given seems to be invalid"
    return ZohoError("INVALID_QUERY", message, {"column_name": name})


def invalid_value(name: str, expected: str) -> ZohoError:
    """Build the refusal of a value that does not suit its column."""
    message = "value given seems to be invalid for the column"
    return ZohoError(
        "INVALID_QUERY", message, {"column_name": name, "expected_data_type": expected}
    )


def too_many(clause: str, limit: int) -> ZohoError:
    """Build the refusal of a clause with too many entries."""
    return ZohoError("LIMIT_EXCEEDED", "limit exceeded", {"clause": clause, "limit": limit})
