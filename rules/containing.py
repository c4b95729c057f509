"""`contains(text, 'words')`: whatever the accents, capitals, ligatures, spaces and apostrophes.

Each database folds letters in its own way: SQLite only knows ASCII, PostgreSQL follows its locale.
So the words become a pattern that lists, for each letter, all that count as it; both databases
then only compare characters. The pattern is a bound parameter like any constant. Texts are in NFC
in the store, where an accented letter is one character.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import Boolean, bindparam, or_
from sqlalchemy import Text as TextType
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from rules.located import Misfit
from rules.terms import Sql

WORDS_LIMIT = 100
_LIGATURES = {"œ": "oe", "æ": "ae"}
_LIGATURE_LIMIT = 2
# The Latin, Greek and Cyrillic letters; those of other alphabets only have capitals of their own.
_LETTERS = (
    *range(0x41, 0x7B), *range(0xC0, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x2000),
)  # fmt: skip
_ALIKE = {" ": " \u00a0\u202f\u2009", "'": "'’", "-": "-\u2010\u2011"}
_PLAIN = {other: plain for plain, others in _ALIKE.items() for other in others}


class _Matches(FunctionElement[bool]):
    """A text against two spellings of one pattern: SQLite's GLOB and PostgreSQL's regex."""

    type = Boolean()
    inherit_cache = True


@compiles(_Matches)
def _matches(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    subject, _, expression = list(element.clauses)
    return f"({compiler.process(subject, **options)} ~ {compiler.process(expression, **options)})"


@compiles(_Matches, "sqlite")
def _matches_on_sqlite(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - same
    subject, pattern, _ = list(element.clauses)
    return f"({compiler.process(subject, **options)} GLOB {compiler.process(pattern, **options)})"


def contains(subject: Sql, words: str) -> Sql:
    """Whether a text contains these words; unknown for an unknown text. Raises `Misfit`."""
    composed = unicodedata.normalize("NFC", words)
    plain = "".join(_plain(each) for each in composed if not unicodedata.combining(each))
    if not plain.strip() or len(words) > WORDS_LIMIT:
        raise Misfit(
            f"contains() demande de 1 à {WORDS_LIMIT} caractères à chercher",
            f"contains() needs 1 to {WORDS_LIMIT} characters to look for",
        )
    return or_(*(_matching(subject, spelling) for spelling in _spellings(plain)))


def _matching(subject: Sql, spelling: str) -> Sql:
    alike = [_alike(character) for character in spelling]
    # Words that begin or end in the middle of a ligature.
    alike[0] += "".join(map(_alike, _LIGATURES)) if spelling[0] == "e" else ""
    alike[-1] += "".join(
        _alike(ligature) for ligature, pair in _LIGATURES.items() if pair[0] == spelling[-1]
    )
    return _Matches(
        subject,
        bindparam(None, f"*{''.join(map(_globbed, alike))}*", type_=TextType()),
        bindparam(None, "".join(map(_expressed, alike)), type_=TextType()),
    )


def _spellings(plain: str) -> Iterator[str]:
    """The words with each of their first `oe` and `ae` as two letters and as one."""
    parts = re.split("(oe|ae)", plain, maxsplit=_LIGATURE_LIMIT)
    joined = {pair: ligature for ligature, pair in _LIGATURES.items()}
    choices = [(part, joined[part]) if part in joined else (part,) for part in parts]
    return ("".join(spelling) for spelling in product(*choices))


def _plain(character: str) -> str:
    """A character without accent or capital; a ligature as its two letters."""
    base = _bases().get(character)
    if base is None:
        lower = character.lower()
        base = lower if len(lower) == 1 else character
    return _LIGATURES.get(base, _PLAIN.get(character, base))


@cache
def _bases() -> dict[str, str]:
    """Each letter → the same without accent or capital."""
    bases = {
        character: unicodedata.normalize("NFD", character)[0].lower()
        for character in map(chr, _LETTERS)
        if character.isalpha()
    }
    return {character: base for character, base in bases.items() if len(base) == 1}


@cache
def _letters() -> dict[str, str]:
    """Each plain letter or ligature → all the characters that count as it."""
    found: dict[str, str] = {}
    for character, base in _bases().items():
        found[base] = found.get(base, "") + character
    return found


def _alike(character: str) -> str:
    """All the characters that count as this plain one, itself among them."""
    known = _ALIKE.get(character) or _letters().get(character)
    if known is not None:
        return known
    cased = {character, character.upper(), character.lower()}
    return "".join(sorted(each for each in cased if len(each) == 1))


def _globbed(alike: str) -> str:
    """A class of SQLite's GLOB; the minus of a class comes first, elsewhere it is a range."""
    return f"[{alike}]" if len(alike) > 1 or alike in "*?[" else alike


def _expressed(alike: str) -> str:
    """A class of PostgreSQL's regular expressions; a backslash makes any sign a plain one."""
    if len(alike) > 1:
        return f"[{alike}]"
    return alike if alike.isalnum() or not alike.isascii() else f"\\{alike}"
