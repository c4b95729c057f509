"""The text of a condition as tokens and a tree: sqlglot reads it, and what it lets pass is refused.

sqlglot is lenient (`10kg` is an alias to it, `==` an `=`, a comment nothing): every token is
checked against a list before its parser sees them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlglot import Parser, Token, TokenType, exp, tokenize
from sqlglot.errors import ParseError, TokenError

from rules.language import Text
from rules.located import Misfit
from rules.spelling import Spelled, respell

LENGTH_LIMIT = 4_000

NODE_LIMIT = 500

_TOKENS = {
    TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING,
    TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.IN, TokenType.BETWEEN, TokenType.IS,
    TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.L_PAREN, TokenType.R_PAREN,
    TokenType.COMMA, TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT,
    TokenType.GTE, TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH,
}  # fmt: skip

_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# To its tokenizer, `0e` is a number too.
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<comment>--|/\*)|(?P<unclosed>['"])""")


_NAMES = {TokenType.VAR, TokenType.IDENTIFIER}
FUNCTIONS = ("days_since", "contains")


class ConditionError(Exception):
    """A condition that is refused; `offset` is where, in characters from its beginning."""

    def __init__(self, offset: int, fr: str, en: str) -> None:
        super().__init__(en)
        self.offset = offset
        self.text = Text(fr, en)


class Condition(NamedTuple):
    """A condition as read: its tree, its tokens, and by offset the numbers that it spells."""

    tree: exp.Expr
    tokens: Sequence[Token]
    numbers: Mapping[int, Spelled]


def read_condition(text: str) -> Condition:
    """A condition as tree and tokens; raises `ConditionError`."""
    if len(text) > LENGTH_LIMIT:
        raise _too_long()
    _check_characters(text)
    try:
        plain, numbers = respell(text)
    except Misfit as error:
        raise ConditionError(error.offset or 0, *error.text) from error
    tokens = _tokens(plain)
    tree = _parse(plain, tokens)
    if sum(1 for _ in tree.walk()) > NODE_LIMIT:
        raise _too_long()
    return Condition(tree, tokens, numbers)


def _too_long() -> ConditionError:
    return ConditionError(
        0,
        "condition trop longue : découpez-la en règles nommées",
        "condition too long: split it into named rules",
    )


def _check_characters(text: str) -> None:
    """Refuse what no database holds, comments, and quotes that stay open."""
    if found := _UNREADABLE.search(text):
        raise ConditionError(
            found.start(),
            "ce caractère est invisible ou interdit : supprimez-le et écrivez-le à nouveau",
            "this character is invisible or not allowed: delete it and type it again",
        )
    for found in _QUOTED.finditer(text):
        if found["unclosed"]:
            raise ConditionError(
                found.start(), "guillemet jamais fermé", "this quote is never closed"
            )
        if found["comment"]:
            raise _refused(found.start(), found["comment"])


def _tokens(text: str) -> list[Token]:
    """The tokens of a condition, all of kinds that may stand in one."""
    try:
        tokens = tokenize(text)
    except TokenError as error:
        raise _broken(0) from error
    for before, token in zip([None, *tokens], tokens, strict=False):
        is_odd = token.token_type not in _TOKENS or (
            token.token_type is TokenType.EQ and token.text != "="
        )
        # Its parser takes a lone IF for a command, and says so on the terminal.
        if is_odd or token.comments or token.text.upper() == "IF":
            raise _refused(token.start, token.text)
        if token.token_type is TokenType.NUMBER and not _NUMBER.fullmatch(token.text):
            raise _unread(token)
        if before and before.token_type is TokenType.NUMBER:
            _check_number(before, token)
        if before and token.token_type is TokenType.L_PAREN:
            _check_call(before)
    return tokens


def _check_call(name: Token) -> None:
    """Its parser knows hundreds of functions, and warns on the terminal of what they are given."""
    if name.token_type in _NAMES and name.text.lower() not in FUNCTIONS:
        raise unknown_function(name.start, name.text)


def unknown_function(offset: int, name: str) -> ConditionError:
    """The refusal of a function that conditions don't have."""
    return ConditionError(
        offset,
        f"fonction inconnue « {name} » (il y a days_since(date), contains(texte, 'mot'))",
        f"unknown function '{name}' (there are days_since(date), contains(text, 'word'))",
    )


_LIKE = Text(" (écrivez contains(champ, 'mot'))", " (write contains(field, 'word'))")
_HINTS = {
    "==": Text(" (écrivez = une seule fois)", " (write a single =)"),
    "like": _LIKE,
    "ilike": _LIKE,
}


def _refused(offset: int, shown: str) -> ConditionError:
    hint = _HINTS.get(shown.lower(), Text("", ""))
    return ConditionError(
        offset,
        f"« {shown} » n'est pas admis dans une condition{hint.fr}",
        f"'{shown}' is not allowed in a condition{hint.en}",
    )


def _check_number(number: Token, following: Token) -> None:
    """`10kg`, `10_000` and `10 00` are read as two tokens; so is a forgotten AND."""
    is_joined = following.start == number.end + 1
    if following.token_type is TokenType.NUMBER or (
        following.token_type is TokenType.VAR and is_joined
    ):
        raise _unread(number)
    if following.token_type is TokenType.VAR:
        raise _broken(following.start)


def _unread(number: Token) -> ConditionError:
    return ConditionError(
        number.start,
        "ce nombre ne se lit pas : écrivez 500000, 500 000, 500k ou 25 %",
        "this number can't be read: write 500000, 500 000, 500k or 25 %",
    )


def _broken(offset: int) -> ConditionError:
    return ConditionError(
        offset,
        "la condition s'arrête ou se brise ici : vérifiez parenthèses, virgules et opérateurs",
        "the condition ends or breaks here: check parentheses, commas and operators",
    )


def too_deep(offset: int) -> ConditionError:
    """The refusal of a condition that nests too much."""
    return ConditionError(
        offset,
        "trop de parenthèses ou d'opérations imbriquées : découpez en règles nommées",
        "too many nested parentheses or operations: split it into named rules",
    )


def _parse(text: str, tokens: list[Token]) -> exp.Expr:
    try:
        trees = Parser().parse(tokens, text)
    except ParseError as error:
        found = error.errors[0] if error.errors else {}
        line, column = int(found.get("line") or 1), int(found.get("col") or 1)
        offset = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
        raise _broken(max(0, min(offset, len(text.rstrip()) - 1))) from error
    except RecursionError as error:
        raise too_deep(0) from error
    if len(trees) != 1 or trees[0] is None:
        raise ConditionError(0, "écrivez une condition", "write one condition")
    return trees[0]
