"""A text as YAML writes it: plain where that is plainly read back, else in double quotes."""

import re

_SPACES = "\u00a0\u202f\u2009"
_BLOCK = re.compile(r"[\w($«][^:#\n\t]*")
_FLOW = re.compile(r"[\w($«][^:#\n\t,\[\]{}]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def scalar(text: str, is_flow: bool) -> str:  # noqa: FBT001 - where it stands, plain to see
    """A text on one line, without the spaces around it; in a flow, commas and brackets are kept."""
    bare = text.strip(" ")
    is_plain = (_FLOW if is_flow else _BLOCK).fullmatch(bare) and not bare.endswith(tuple(_SPACES))
    if is_plain and all(map(_is_shown, bare)):
        return bare
    return '"' + "".join(map(_escaped, bare)) + '"'


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _SPACES


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _is_shown(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - of YAML
