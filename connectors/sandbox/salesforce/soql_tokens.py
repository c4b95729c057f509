"""SOQL text, cut into tokens; and refusals that point to a place in the text."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.moments import read_day, read_instant

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<instant>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
    |(?P<date>\d{4}-\d{2}-\d{2}(?![\dT]))
    |(?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?![\w.]))
    |(?P<relative>[A-Za-z_]+:\d+)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<symbol><=|>=|!=|<>|[=<>(),:*])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_BEFORE = 32
_AFTER = 24
_LONGEST = 100_000
_LONGEST_STRING = 4000


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (`name`, `string`, `symbol`, …, `end`), its text and its place."""

    kind: str
    text: str
    place: int

    @property
    def word(self) -> str:
        """The text in capitals, as keywords are compared."""
        return self.text.upper()


def refusal(code: str, source: str, place: int, message: str) -> SalesforceError:
    """Build an error that shows the part of the text where it is, its row and its column."""
    row = source.count("\n", 0, place) + 1
    line_start = source.rfind("\n", 0, place) + 1
    line_end = source.find("\n", place)
    column = place - line_start
    start = max(line_start, place - _BEFORE)
    end = min(len(source) if line_end < 0 else line_end, place + _AFTER)
    caret = " " * (place - start) + "^"
    shown = f"\n{source[start:end]}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{message}"
    return SalesforceError(code, shown)


def tokens_of(source: str) -> list[Token]:
    """Cut a query into tokens, an `end` last; SalesforceError `MALFORMED_QUERY`."""
    if len(source) > _LONGEST:
        raise SalesforceError(
            "MALFORMED_QUERY",
            f"SOQL statements cannot be longer than {_LONGEST} characters.",
        )
    found, place = [], 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        if match is None:
            raise _unreadable(source, place)
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match.group(), place))
        place = match.end()
    return [*found, Token("end", "<EOF>", place)]


def _unreadable(source: str, place: int) -> SalesforceError:
    row = source.count("\n", 0, place) + 1
    column = place - (source.rfind("\n", 0, place) + 1)
    if source[place] == "'":
        words = "mismatched character '<EOF>' expecting '''"
        column = len(source) - (source.rfind("\n") + 1)
    else:
        words = f"no viable alternative at character '{source[place]}'"
    return SalesforceError("MALFORMED_QUERY", f"line {row}:{column} {words}")


def unexpected(source: str, token: Token) -> SalesforceError:
    """Build the refusal of a token that cannot stand where it does."""
    return refusal("MALFORMED_QUERY", source, token.place, f"unexpected token: '{token.text}'")


def read_string(token: Token, *, is_pattern: bool) -> str:
    r"""Return what a quoted text says; in a LIKE pattern `\_` and `\%` stay as they are."""
    inner = token.text[1:-1]
    if len(inner) > _LONGEST_STRING:
        raise SalesforceError(
            "MALFORMED_QUERY",
            f"String literal in a WHERE clause is longer than {_LONGEST_STRING} characters.",
        )

    def unescaped(match: re.Match[str]) -> str:
        mark = match.group(1)
        if mark in "_%":
            if is_pattern:
                return match.group()
        elif mark in _ESCAPES:
            # In a pattern an escaped backslash must not escape what follows it.
            return r"\\" if is_pattern and mark == "\\" else _ESCAPES[mark]
        elif len(mark) > 1:
            return chr(int(mark[1:], 16))
        raise SalesforceError(
            "MALFORMED_QUERY",
            f"Invalid string literal '{inner}'. Illegal character sequence '\\{mark}' in string "
            "literal.",
        )

    return _ESCAPED.sub(unescaped, inner)


def read_moment(source: str, token: Token) -> date | datetime:
    """Return the day or instant of a literal."""
    found = read_day(token.text) if token.kind == "date" else read_instant(token.text)
    if found is None:
        kind = "date" if token.kind == "date" else "dateTime"
        raise refusal("MALFORMED_QUERY", source, token.place, f"Invalid {kind}: {token.text}")
    return found
