"""The text of a condition as tokens and a tree: sqlglot reads it, and what it lets pass is refused.

sqlglot is lenient (`10k` is an alias to it, `==` an `=`, a comment nothing): every token is checked
against a list before its parser sees them.
"""

import re
from collections.abc import Sequence

from sqlglot import Token, TokenType, exp, parse, tokenize
from sqlglot.errors import ParseError, TokenError

from rules.language import Text

LENGTH_LIMIT = 4_000

NODE_LIMIT = 500

_TOKENS = {
    TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING,
    TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.IN, TokenType.BETWEEN, TokenType.IS,
    TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.L_PAREN, TokenType.R_PAREN,
    TokenType.COMMA, TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT,
    TokenType.GTE, TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH,
}  # fmt: skip

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<comment>--|/\*)|(?P<unclosed>['"])""")


class ConditionError(Exception):
    """A condition that is refused; `offset` is where, in characters from its beginning."""

    def __init__(self, offset: int, fr: str, en: str) -> None:
        super().__init__(en)
        self.offset = offset
        self.text = Text(fr, en)


def read_condition(text: str) -> tuple[exp.Expr, Sequence[Token]]:
    """The tree and the tokens of a condition; raises `ConditionError`."""
    if len(text) > LENGTH_LIMIT:
        raise _too_long()
    tokens = _tokens(text)
    tree = _parse(text)
    if sum(1 for _ in tree.walk()) > NODE_LIMIT:
        raise _too_long()
    return tree, tokens


def _too_long() -> ConditionError:
    return ConditionError(
        0,
        "condition trop longue : découpez-la en règles nommées",
        "condition too long: split it into named rules",
    )


def _tokens(text: str) -> Sequence[Token]:
    """The tokens of a condition, all of kinds that may stand in one."""
    for found in _QUOTED.finditer(text):
        if found["unclosed"]:
            raise ConditionError(
                found.start(), "guillemet jamais fermé", "this quote is never closed"
            )
        if found["comment"]:
            raise _refused(found.start(), found["comment"])
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
        if before and before.token_type is TokenType.NUMBER:
            _check_number(before, token)
    return tokens


def _refused(offset: int, shown: str) -> ConditionError:
    hint = Text(" (écrivez = une seule fois)", " (write a single =)")
    if shown != "==":
        hint = Text("", "")
    return ConditionError(
        offset,
        f"« {shown} » n'est pas admis dans une condition{hint.fr}",
        f"'{shown}' is not allowed in a condition{hint.en}",
    )


def _check_number(number: Token, following: Token) -> None:
    """`10k`, `10_000` and `10 000` are read as two tokens; so is a forgotten AND."""
    is_joined = following.start == number.end + 1
    if following.token_type is TokenType.NUMBER or (
        following.token_type is TokenType.VAR and is_joined
    ):
        raise ConditionError(
            number.start,
            "écrivez ce nombre sans espace ni suffixe (500000)",
            "write this number without space or suffix (500000)",
        )
    if following.token_type is TokenType.VAR:
        raise _broken(following.start)


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


def _parse(text: str) -> exp.Expr:
    try:
        trees = parse(text)
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
