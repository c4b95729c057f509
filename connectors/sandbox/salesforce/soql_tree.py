"""A parsed SOQL query, before anybody asked whether its fields exist."""

from dataclasses import dataclass

from connectors.sandbox.salesforce.soql_tokens import Token


@dataclass(frozen=True, slots=True)
class Function:
    """`SUM(Amount)`: a function of a field, an aggregate one or one of a day."""

    name: Token
    field: Token

    @property
    def word(self) -> str:
        """The function's name in capitals."""
        return self.name.word


# What stands where a field may stand.
Operand = Token | Function


def place_of(operand: Operand) -> Token:
    """Return the token where an operand begins, to point to it."""
    return operand.name if isinstance(operand, Function) else operand


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`; IN and NOT IN have a list of literals."""

    field: Operand
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

    field: Operand
    is_descending: bool
    nulls: str


@dataclass(frozen=True, slots=True)
class Selection:
    """One entry of SELECT, with the name that the query gives it, if it does."""

    operand: Operand
    alias: Token | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query; without selections and children it is `SELECT COUNT()`.

    In a child, `object` names the relationship from the parent.
    """

    source: str
    selections: tuple[Selection, ...]
    children: "tuple[Query, ...]" = ()
    object: Token
    where: Condition | None
    groups: tuple[Operand, ...] = ()
    having: Condition | None = None
    orderings: tuple[Ordering, ...]
    limit: int | None
    offset: int

    @property
    def is_count(self) -> bool:
        """Whether only the number of rows is asked for."""
        return not self.selections and not self.children

    @property
    def is_grouped(self) -> bool:
        """Whether the answer's rows are groups of records and not records."""
        functions = any(isinstance(one.operand, Function) for one in self.selections)
        return bool(self.groups) or functions
