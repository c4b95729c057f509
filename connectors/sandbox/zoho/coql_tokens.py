"""The words of a COQL query, each with its place."""

import re
from dataclasses import dataclass
from typing import Literal

from connectors.sandbox.zoho.coql_tree import syntax_error

# Words that must be quoted where they are the name of a column.
RESERVED = frozenset(
    {
        *("select", "from", "where", "and", "or", "not", "in", "like", "between", "is", "null"),
        *("order", "by", "group", "limit", "offset", "asc", "desc", "as", "external", "table"),
    }
)
_PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>[A-Za-z_][\w]*(?:(?:\.|->)[A-Za-z_$]\w*)*)
    |(?P<operator><=|>=|!=|<>|=|<|>)
    |(?P<mark>[(),])""",
    re.VERBOSE,
)
Kind = Literal["text", "number", "name", "operator", "mark", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, what it says, and where it stands (a column from 1)."""

    kind: Kind
    value: str
    place: int

    @property
    def word(self) -> str:
        """The word in lower case, when it is a bare one."""
        return self.value.lower() if self.kind == "name" else ""


def tokens_of(text: str) -> list[Token]:
    """Cut a query into words; ZohoError `SYNTAX_ERROR`."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            raise syntax_error({"near": text[place : place + 20], "line": 1, "column": place + 1})
        kind, value = match.lastgroup, match.group()
        if kind == "text":
            found.append(Token("text", _unquoted(value), place + 1))
        elif kind in {"number", "name", "operator", "mark"}:
            found.append(Token(kind, value, place + 1))  # type: ignore[arg-type]  # lastgroup is a plain text
        place = match.end()
    found.append(Token("end", "", len(text) + 1))
    return found


def _unquoted(text: str) -> str:
    quote = text[0]
    return re.sub(r"\\(.)", r"\1", text[1:-1].replace(quote * 2, quote))
