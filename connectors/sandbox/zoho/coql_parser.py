"""From the text of a COQL query to its tree, by Zoho's own grammar.

Brackets hold two conditions at most: `((A and B) and C)`, never `A and B and C`. Sources: "Query
API: Overview" and "Limitations" of the CRM API, version 8.
"""

from connectors.sandbox.zoho.coql_tokens import RESERVED, Token, tokens_of
from connectors.sandbox.zoho.coql_tree import (
    Column,
    Comparison,
    Condition,
    Literal,
    Pair,
    Query,
    syntax_error,
    too_many,
)
from connectors.sandbox.zoho.errors import ZohoError

FUNCTIONS = frozenset({"count", "sum", "min", "max", "avg"})
MOST_ROWS, MOST_OFFSET = 2_000, 100_000
_MOST_CRITERIA, _MOST_VALUES, _MOST_ORDERS, _MOST_GROUPS, _MOST_AGGREGATES = 25, 50, 10, 4, 5


def parse(text: str, most_columns: int) -> Query:
    """Read a query; ZohoError `SYNTAX_ERROR`, `INVALID_QUERY`, `LIMIT_EXCEEDED`."""
    return _Parser(tokens_of(text), most_columns).query()


class _Parser:
    def __init__(self, tokens: list[Token], most_columns: int) -> None:
        self._tokens = tokens
        self._place = 0
        self._most_columns = most_columns
        self._criteria = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._place]

    def _wrong(self) -> ZohoError:
        token = self._here
        return syntax_error({"near": token.value, "line": 1, "column": token.place})

    def _take(self, *words: str) -> str:
        """Pass over a word that must be there; a clause that is missing is named."""
        token = self._here
        if token.word not in words and not (token.kind == "mark" and token.value in words):
            if words[0] in {"select", "from", "where"}:
                raise syntax_error({"clause": words[0]}, "missing clause")
            raise self._wrong()
        self._place += 1
        return token.value.lower()

    def _took(self, *words: str) -> bool:
        token = self._here
        is_there = token.word in words or (token.kind == "mark" and token.value in words)
        self._place += is_there
        return is_there

    def query(self) -> Query:
        self._take("select")
        columns = [self._column()]
        while self._took(","):
            columns.append(self._column())
        if len(columns) > self._most_columns:
            raise too_many("select", self._most_columns)
        if sum(bool(column.function) for column in columns) > _MOST_AGGREGATES:
            raise too_many("aggregate", _MOST_AGGREGATES)
        self._take("from")
        module = self._name()
        self._take("where")
        made = Query(columns=columns, module=module, where=self._condition())
        if self._took("group"):
            self._take("by")
            made.group_by = self._paths("group by", _MOST_GROUPS)
        if self._took("order"):
            self._take("by")
            made.order_by = self._orders()
        if self._took("limit"):
            self._limits(made)
        if self._here.kind != "end":
            raise self._wrong()
        return made

    def _name(self) -> str:
        token = self._here
        if token.kind == "text" or (token.kind == "name" and token.word not in RESERVED):
            self._place += 1
            return token.value
        raise self._wrong()

    def _column(self) -> Column:
        function = ""
        following = self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        if self._here.word in FUNCTIONS and following.value == "(":
            function = self._take(*FUNCTIONS)
            self._take("(")
        path = self._name()
        if function:
            self._take(")")
        alias = self._name() if self._took("as") else ""
        return Column(path, function, alias)

    def _paths(self, clause: str, most: int) -> list[str]:
        paths = [self._name()]
        while self._took(","):
            paths.append(self._name())
        _check_list(clause, paths, most)
        return paths

    def _orders(self) -> list[tuple[str, bool]]:
        orders = []
        while True:
            path = self._name()
            is_descending = self._here.word == "desc"
            self._took("asc", "desc")
            orders.append((path, is_descending))
            if not self._took(","):
                break
        _check_list("order by", [path for path, _ in orders], _MOST_ORDERS)
        return orders

    def _limits(self, made: Query) -> None:
        """Read `limit 200`, `limit 200 offset 400` or `limit 400, 200` (offset first)."""
        first = self._whole("limit")
        if self._took(","):
            made.offset, made.limit = first, self._whole("limit")
        else:
            made.limit = first
            if self._took("offset"):
                made.offset = self._whole("offset")
        for name, value, most in (("limit", made.limit, MOST_ROWS),
                                  ("offset", made.offset + made.limit, MOST_OFFSET)):  # fmt: skip
            if value > most:
                message = f"{name} given exceeds the maximum"
                raise ZohoError("INVALID_QUERY", message, {name: most})

    def _whole(self, clause: str) -> int:
        token = self._here
        if token.kind != "number" or not token.value.isdecimal():
            raise syntax_error({"clause": clause})
        self._place += 1
        return int(token.value)

    def _condition(self) -> Condition:
        left = self._operand()
        if self._here.word not in {"and", "or"}:
            return left
        word = self._take("and", "or")
        made = Pair(word, left, self._operand())
        if self._here.word in {"and", "or"}:
            raise self._wrong()
        return made

    def _operand(self) -> Condition:
        if self._took("("):
            inner = self._condition()
            self._take(")")
            return inner
        self._criteria += 1
        if self._criteria > _MOST_CRITERIA:
            raise too_many("where", _MOST_CRITERIA)
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._name()
        if self._here.kind == "operator":
            operator = "!=" if self._here.value == "<>" else self._here.value
            self._place += 1
            return Comparison(path, operator, (self._literal(),))
        if self._took("is"):
            negation = "not " if self._took("not") else ""
            self._take("null")
            return Comparison(path, f"is {negation}null", ())
        negation = "not " if self._took("not") else ""
        operator = negation + self._take("in", "like", "between")
        if operator.endswith("between"):
            low = self._literal()
            self._take("and")
            return Comparison(path, operator, (low, self._literal()))
        if operator.endswith("like"):
            return Comparison(path, operator, (self._literal(),))
        return Comparison(path, operator, self._list())

    def _list(self) -> tuple[Literal, ...]:
        self._take("(")
        values = [self._literal()]
        while self._took(","):
            values.append(self._literal())
        self._take(")")
        if len(values) > _MOST_VALUES:
            raise too_many("in", _MOST_VALUES)
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._here
        value: Literal
        if token.kind == "text":
            value = token.value
        elif token.kind == "number":
            value = float(token.value) if "." in token.value else int(token.value)
        elif token.word in {"true", "false"}:
            value = token.word == "true"
        else:
            raise self._wrong()
        self._place += 1
        return value


def _check_list(clause: str, paths: list[str], most: int) -> None:
    if len(paths) > most:
        raise too_many(clause, most)
    repeated = next((path for path in paths if paths.count(path) > 1), None)
    if repeated is not None:
        raise ZohoError("DUPLICATE_DATA", "duplicate data",
                        {"column_name": repeated, "clause": clause})  # fmt: skip
