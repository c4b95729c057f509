"""Numbers as Québec writes them inside a condition: `500 000`, `500k`, `1,2M`, `25 %`, `100 $`.

SQL reads none of these. Each is replaced by a plain constant of the same length, so that every
character of the condition stays where it was, and what it is worth is kept beside.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rules.located import Misfit
from rules.numbers import read_number, read_share

_SPACE = "[ \u00a0\u202f\u2009]"
_PIECE = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
    r"|(?P<list>\bin\s*\()|(?P<open>\()|(?P<close>\))"
    rf"|(?<![\w.])(?P<number>(?:[1-9]\d{{0,2}}(?:{_SPACE}\d{{3}}(?!\d))+|\d+)(?:[.,]\d+)*"
    rf"(?:{_SPACE}?[kKmM](?!\w))?)(?P<share>{_SPACE}?%)?(?:{_SPACE}?\$)?",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number as written, and its value; a share, `25 %`, is never an amount."""

    written: str
    value: float
    is_share: bool


class Respelled(NamedTuple):
    """A condition that SQL can read, as long as the one written, and its spelled numbers by place.

    The places are offsets from its beginning.
    """

    text: str
    numbers: Mapping[int, Spelled]


def respell(text: str) -> Respelled:
    """A condition without Québec's spellings; raises `Misfit` with an offset."""
    numbers: dict[int, Spelled] = {}
    in_list = [False]
    for found in _PIECE.finditer(text):
        if found["list"] or found["open"]:
            in_list.append(bool(found["list"]))
        elif found["close"] and len(in_list) > 1:
            in_list.pop()
        elif found["number"] and not _PLAIN.fullmatch(found[0]):
            numbers[found.start()] = _spelled(found, is_listed=in_list[-1])
    plain = text
    for start, number in numbers.items():
        end = start + len(number.written)
        plain = plain[:start] + "1".ljust(end - start) + plain[end:]
    return Respelled(plain, numbers)


def _spelled(found: re.Match[str], *, is_listed: bool) -> Spelled:
    if is_listed and "," in found["number"]:
        # (1,5) may be two values or one.
        raise Misfit(
            "dans une liste, mettez une espace après la virgule : (1, 2)",
            "in a list, put a space after the comma: (1, 2)",
            offset=found.start(),
        )
    is_share = found["share"] is not None
    try:
        value = read_share(f"{found['number']}%") if is_share else read_number(found["number"])
    except Misfit as error:
        raise Misfit(*error.text, offset=found.start()) from error
    return Spelled(found[0], value, is_share)
