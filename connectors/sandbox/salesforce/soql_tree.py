"""A parsed SOQL query, before anybody asked whether its fields exist."""

from dataclasses import dataclass

from connectors.sandbox.salesforce.soql_tokens import Token


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`; IN and NOT IN have a list of literals."""

    field: Token
    operator: str
    literals: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND or OR, or one turned round by NOT."""

    joint: str
    parts: "tuple[Condition, ...]"


Condition = Comparison | Group


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY; `nulls` is FIRST, LAST or empty."""

    field: Token
    is_descending: bool
    nulls: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query; without fields it is `SELECT COUNT()`."""

    source: str
    fields: tuple[Token, ...]
    object: Token
    where: Condition | None
    orderings: tuple[Ordering, ...]
    limit: int | None
    offset: int

    @property
    def is_count(self) -> bool:
        """Whether only the number of rows is asked for."""
        return not self.fields
