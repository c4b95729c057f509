"""Salesforce's record ids: 15 case-sensitive characters, or 18 with three of checksum."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = 15
_LONG = 18
_BLOCK = 5
_PLACES = 9
# Where numbers begin, so that ids show digits and letters of both cases.
_FIRST = 4_100_000_000
# Every number has another multiple of the stride below the prime.
_PRIME = 2_147_483_647
_STRIDE = 1_482_048_271
_SHAPE = re.compile(r"[0-9A-Za-z]+")


def checksum(short: str) -> str:
    """The three characters: for each five, a bit for each capital letter, lowest first."""
    blocks = (short[start : start + _BLOCK] for start in range(0, _SHORT, _BLOCK))
    return "".join(
        _CHECKSUM[sum(1 << place for place, letter in enumerate(block) if "A" <= letter <= "Z")]
        for block in blocks
    )


def mint(prefix: str, number: int, *, is_scattered: bool = False) -> str:
    """Make the 18-character id of the `number`-th record with a key prefix.

    Scattered ids come in no order, as those of an org that has moved: a later one may be smaller.
    """
    rest, left = "", _FIRST + number
    if is_scattered:
        left = _FIRST + _PRIME + number * _STRIDE % _PRIME
    for _ in range(_PLACES):
        left, digit = divmod(left, len(_DIGITS))
        rest = _DIGITS[digit] + rest
    short = f"{prefix}Hs0{rest}"
    return short + checksum(short)


def long_id(text: str) -> str | None:
    """Return the 18-character form of an id; None when the text is no id.

    An 18-character id is accepted in any case: its checksum says which letters are capitals.
    """
    if not _SHAPE.fullmatch(text):
        return None
    if len(text) == _SHORT:
        return text + checksum(text)
    if len(text) != _LONG:
        return None
    return _restored(text)


def _restored(text: str) -> str | None:
    short = ""
    for block, mark in enumerate(text[_SHORT:].upper()):
        bits = _CHECKSUM.find(mark)
        if bits < 0:
            return None
        for place, letter in enumerate(text[block * _BLOCK : (block + 1) * _BLOCK]):
            is_capital = bool(bits >> place & 1)
            if is_capital and not letter.isalpha():
                return None
            short += letter.upper() if is_capital else letter.lower()
    return short + checksum(short)
