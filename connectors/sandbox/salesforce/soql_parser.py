"""The grammar of the SOQL that the emulated org understands; everything else is refused.

    query     = SELECT ( COUNT ( ) | selected { , selected } ) FROM object
                [ WHERE condition ] [ GROUP BY operand { , operand } [ HAVING condition ] ]
                [ ORDER BY key { , key } ] [ LIMIT n ] [ OFFSET n ]
    selected  = operand [ alias ] | ( query )
    operand   = field | function ( field )
    condition = NOT term | term { AND term } | term { OR term }
    term      = ( condition ) | operand operator literal
              | operand [ NOT ] IN ( literal { , literal } )
    key       = operand [ ASC | DESC ] [ NULLS FIRST | NULLS LAST ]

As in Salesforce, AND and OR do not mix without brackets, and a NOT that is not alone needs them.
Functions stand where rows are grouped; a query in SELECT has no groups and no query of its own.
"""

from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.soql_tokens import Token, refusal, tokens_of, unexpected
from connectors.sandbox.salesforce.soql_tree import (
    Comparison,
    Condition,
    Function,
    Group,
    Operand,
    Ordering,
    Query,
    Selection,
)

_OPERATORS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_LITERALS = frozenset({"string", "number", "date", "instant", "relative", "name"})
# Words that cannot name a field or an object.
_RESERVED = frozenset(
    {
        *("AND", "ASC", "DESC", "EXCLUDES", "FIRST", "FROM", "GROUP", "HAVING", "IN", "INCLUDES"),
        *("LAST", "LIKE", "LIMIT", "NOT", "NULL", "NULLS", "OR", "SELECT", "WHERE", "WITH"),
    }
)
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
DAY_PARTS = frozenset(
    {
        *("CALENDAR_YEAR", "CALENDAR_QUARTER", "CALENDAR_MONTH", "DAY_ONLY"),
        *("FISCAL_YEAR", "FISCAL_QUARTER", "FISCAL_MONTH"),
    }
)
FUNCTIONS = AGGREGATES | DAY_PARTS
_LARGEST_OFFSET = 2000
_LARGEST_LIMIT = 2_147_483_647
_DEEPEST = 60


class Parser:
    """One query, read from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens_of(source)
        self._next = 0
        self._depth = 0

    def query(self, *, is_child: bool = False) -> Query:
        """Read a whole query, or one in the brackets of another's SELECT."""
        self._expect("SELECT")
        selections, children = self._selected(is_child=is_child)
        self._expect("FROM")
        named = self._name()
        if "." in named.text:
            raise unexpected(self._source, named)
        where = self.condition() if self._accept("WHERE") else None
        groups = () if is_child else self._groups()
        having = self.condition() if groups and self._accept("HAVING") else None
        orderings = self._orderings()
        limit = self._number("LIMIT") if self._accept("LIMIT") else None
        offset = self._offset()
        if is_child:
            self._expect(")")
        else:
            self.end()
        return Query(
            source=self._source,
            selections=selections,
            children=children,
            object=named,
            where=where,
            groups=groups,
            having=having,
            orderings=orderings,
            limit=limit,
            offset=offset,
        )

    def end(self) -> None:
        """Refuse whatever follows."""
        if self._peek().kind != "end":
            raise unexpected(self._source, self._peek())

    def condition(self) -> Condition:
        """Read a condition, without brackets around it."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise unexpected(self._source, self._peek())
        if self._accept("NOT"):
            found: Condition = Group("NOT", (self._term(),))
        else:
            found = self._joined()
        self._depth -= 1
        return found

    def _joined(self) -> Condition:
        parts = [self._term()]
        joint = self._peek().word if self._peek().kind == "name" else ""
        if joint not in {"AND", "OR"}:
            return parts[0]
        while self._accept(joint):
            parts.append(self._term())
        return Group(joint, tuple(parts))

    def _term(self) -> Condition:
        if self._accept("("):
            inner = self.condition()
            self._expect(")")
            return inner
        field = self._operand()
        operator = self._take()
        if operator.word == "NOT":
            self._expect("IN")
            return Comparison(field, "NOT IN", self._list())
        if operator.word == "IN":
            return Comparison(field, "IN", self._list())
        if operator.word != "LIKE" and operator.text not in _OPERATORS:
            raise unexpected(self._source, operator)
        name = "!=" if operator.text == "<>" else operator.word
        return Comparison(field, name, (self._literal(),))

    def _list(self) -> tuple[Token, ...]:
        self._expect("(")
        found = [self._literal()]
        while self._accept(","):
            found.append(self._literal())
        self._expect(")")
        return tuple(found)

    def _literal(self) -> Token:
        token = self._take()
        is_keyword = token.kind == "name" and token.word in _RESERVED - {"NULL"}
        if token.kind not in _LITERALS or is_keyword:
            raise unexpected(self._source, token)
        return token

    def _selected(self, *, is_child: bool) -> tuple[tuple[Selection, ...], tuple[Query, ...]]:
        if self._is_count() and not is_child:
            self._next += 3
            return (), ()
        selections: list[Selection] = []
        children: list[Query] = []
        while True:
            if not is_child and self._accept("("):
                children.append(self.query(is_child=True))
            else:
                selections.append(self._selection(is_child=is_child))
            if not self._accept(","):
                return tuple(selections), tuple(children)

    def _is_count(self) -> bool:
        """Whether `COUNT ( )` comes next."""
        words = [token.word for token in self._tokens[self._next : self._next + 3]]
        return words == ["COUNT", "(", ")"]

    def _selection(self, *, is_child: bool) -> Selection:
        operand = self._name() if is_child else self._operand()
        token = self._peek()
        if is_child or token.kind != "name" or token.word in _RESERVED:
            return Selection(operand, None)
        if "." in token.text:
            raise unexpected(self._source, token)
        return Selection(operand, self._take())

    def _operand(self) -> Operand:
        name = self._name()
        if self._peek().text != "(":
            return name
        if name.word not in FUNCTIONS:
            raise unexpected(self._source, self._peek())
        self._expect("(")
        field = self._name()
        self._expect(")")
        return Function(name, field)

    def _groups(self) -> tuple[Operand, ...]:
        if not self._accept("GROUP"):
            return ()
        self._expect("BY")
        found = [self._operand()]
        while self._accept(","):
            found.append(self._operand())
        return tuple(found)

    def _orderings(self) -> tuple[Ordering, ...]:
        if not self._accept("ORDER"):
            return ()
        self._expect("BY")
        found = [self._ordering()]
        while self._accept(","):
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> Ordering:
        field = self._operand()
        is_descending = self._accept("DESC")
        if not is_descending:
            self._accept("ASC")
        nulls = ""
        if self._accept("NULLS"):
            nulls = "FIRST" if self._accept("FIRST") else self._expect("LAST").word
        return Ordering(field, is_descending, nulls)

    def _number(self, clause: str) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdecimal():
            raise unexpected(self._source, token)
        if int(token.text) > _LARGEST_LIMIT:
            raise refusal(
                "MALFORMED_QUERY", self._source, token.place, f"{clause} is too large: {token.text}"
            )
        return int(token.text)

    def _offset(self) -> int:
        if not self._accept("OFFSET"):
            return 0
        offset = self._number("OFFSET")
        if offset > _LARGEST_OFFSET:
            raise SalesforceError(
                "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_LARGEST_OFFSET}"
            )
        return offset

    def _name(self) -> Token:
        token = self._take()
        if token.kind != "name" or token.word in _RESERVED:
            raise unexpected(self._source, token)
        return token

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind == "end":
            raise unexpected(self._source, token)
        self._next += 1
        return token

    def _accept(self, word: str) -> bool:
        token = self._peek()
        is_it = token.kind in {"name", "symbol"} and token.word == word
        self._next += is_it
        return is_it

    def _expect(self, word: str) -> Token:
        token = self._peek()
        if not self._accept(word):
            raise unexpected(self._source, token)
        return token


def parse(source: str) -> Query:
    """Parse a query; SalesforceError `MALFORMED_QUERY` or `NUMBER_OUTSIDE_VALID_RANGE`."""
    return Parser(source).query()


def parse_condition(source: str) -> Condition:
    """Parse what stands after WHERE alone."""
    parser = Parser(source)
    found = parser.condition()
    parser.end()
    return found
