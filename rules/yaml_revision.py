"""A YAML file that comes to say something else: only the text of what differs is written anew.

`rules.splice` does so for the rows of a table; this does for any file of plain data, as a plan that
comes back from a workbook. Keys, comments, quotes and line ends of what stays are not touched:

1. A mapping keeps its entries in their order; one that goes takes the comments above it along, and
   a new one follows the entry that it follows in the wanted data.
2. A list keeps the items that mean the same; others are edited in their place.
3. What is new is written on one line, or on several where one would be too long.
"""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from rules.located import Data
from rules.yaml_scalars import scalar
from rules.yaml_text import read

# A node of ruamel.yaml, whose classes don't tell their attributes.
Node = Any
_WIDTH = 96


def revised(file: str, source: str, wanted: Mapping[str, Data]) -> str:
    """The source of a file with these data; it must be readable, and a mapping, as it is.

    Texts of `wanted` have no spaces around them, and what is new in it is not empty. A source
    that holds comments alone is a file to write whole.
    """
    before = read(file, source).data
    if before is None:
        lines = (f"{_key(name)}:{_below(value, 0)}\n" for name, value in wanted.items())
        text = source + "".join(lines)
    elif before == wanted:
        return source
    else:
        root = YAML(typ="safe", pure=True).compose(source)
        revision = _Revision(source)
        head, end = source[: root.start_mark.index], revision.end(root)
        text = head + revision.changed(root, wanted, is_flow=False) + source[end:]
    # A text of several lines that now ends the file may need the end of its last line.
    for written in (text, f"{text}\n"):
        document = read(file, written)
        if not document.issues and (document.data or {}) == wanted:
            return written
    raise AssertionError(file)


def _key(name: str) -> str:
    return scalar(name, is_flow=True)


def _flow(value: Data) -> str:
    """A value on one line."""
    match value:
        case dict():
            entries = (f"{_key(name)}: {_flow(each)}" for name, each in value.items())
            return "{" + ", ".join(entries) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case None:
            return "~"
    return scalar(str(value), is_flow=True)


def _below(value: Data, column: int, line_break: str = "\n") -> str:
    """What follows a key and its colon: a value on the same line, or on lines of its own."""
    flow = _flow(value)
    if isinstance(value, str):
        return " " + scalar(value, is_flow=False)
    if len(flow) + column < _WIDTH or not isinstance(value, dict | list):
        return " " + flow
    start = line_break + " " * (column + 2)
    if isinstance(value, dict):
        return "".join(f"{start}{_key(name)}: {_flow(each)}" for name, each in value.items())
    return "".join(f"{start}- {_flow(each)}" for each in value)


class _Revision:
    def __init__(self, source: str) -> None:
        self._source = source
        self._break = "\r\n" if "\r\n" in source else "\n"

    def end(self, node: Node) -> int:
        """Where what a node writes ends: of lines, with the comment after the last."""
        if isinstance(node, ScalarNode) or node.flow_style:
            end = int(node.end_mark.index)
            is_block = isinstance(node, ScalarNode) and node.style in {"|", ">"}
            return len(self._source[:end].rstrip()) if is_block else end
        last = node.value[-1]
        end = self._pair_end(*last) if isinstance(node, MappingNode) else self.end(last)
        return self._line_end(end)

    def _pair_end(self, key: Node, value: Node) -> int:
        """Where a key with its value ends; of no value, the parser says where the next key is."""
        if value.start_mark.index < value.end_mark.index:
            return self.end(value)
        return self._source.index(":", key.end_mark.index) + 1

    def changed(self, node: Node, wanted: Data, *, is_flow: bool) -> str:
        """The text of a node that now says something of the same shape."""
        match node:
            case MappingNode():
                if node.flow_style:
                    return self._flow_mapping(node, wanted)
                return self._block_mapping(node, wanted)
            case SequenceNode():
                return (
                    self._flow_list(node, wanted) if node.flow_style else self._list(node, wanted)
                )
        if node.value == wanted:
            return self._source[node.start_mark.index : self.end(node)]
        return scalar(str(wanted), is_flow)

    @staticmethod
    def _has_shape(node: Node, wanted: Data) -> bool:
        if not wanted:
            return False
        match node:
            case MappingNode():
                return isinstance(wanted, dict) and bool(node.value)
            case SequenceNode():
                return isinstance(wanted, list) and bool(node.value)
        return isinstance(wanted, str) and node.start_mark.index < node.end_mark.index

    def _line_end(self, index: int) -> int:
        """The end of the line that an index is on, before what ends it."""
        found = self._source.find("\n", index)
        end = len(self._source) if found < 0 else found
        return end - 1 if end > index and self._source[end - 1] == "\r" else end

    def _line_start(self, index: int) -> int:
        return self._source.rfind("\n", 0, index) + 1

    def _entry(self, key: Node, value: Node, wanted: Data, *, is_flow: bool) -> str:
        """A key with its value, and in lines what stands after them."""
        if _data(value) == wanted:
            text = self._source[key.start_mark.index : self._pair_end(key, value)]
        elif self._has_shape(value, wanted):
            opening = self._source[key.start_mark.index : value.start_mark.index]
            text = opening + self.changed(value, wanted, is_flow=is_flow)
        else:
            column = key.start_mark.column
            name = self._source[key.start_mark.index : key.end_mark.index]
            new = f" {_flow(wanted)}" if is_flow else _below(wanted, column, self._break)
            text = f"{name}:{new}"
        end = self._pair_end(key, value)
        return text if is_flow else text + self._source[end : self._line_end(end)]

    def _block_mapping(self, node: Node, wanted: Mapping[str, Data]) -> str:
        column = node.start_mark.column
        old = {key.value: place for place, (key, _) in enumerate(node.value)}
        pieces: list[str] = []
        for name in _ordered(list(old), list(wanted)):
            if name not in old:
                new = f"{_key(name)}:{_below(wanted[name], column, self._break)}"
                pieces.append(" " * column + new if pieces else new)
                continue
            key, value = node.value[old[name]]
            start = key.start_mark.index
            before = self._pair_end(*node.value[old[name] - 1])
            lead = self._lead(before, start) if pieces else ""
            pieces.append(lead + self._entry(key, value, wanted[name], is_flow=False))
        return self._break.join(pieces)

    def _lead(self, before: int, start: int) -> str:
        """What stands between an entry and the next: comments, empty lines, the indentation."""
        return self._source[self._line_end(before) : start].removeprefix(self._break)

    def _list(self, node: Node, wanted: Sequence[Data]) -> str:
        column = node.start_mark.column
        pieces: list[str] = []
        for value, place in _aligned(list(map(_data, node.value)), wanted):
            old = None if place is None else node.value[place]
            if old is None or not self._has_shape(old, value):
                opening = " " * column + "- " if pieces else "- "
                pieces.append(opening + _flow(value))
                continue
            dash = self._source.rindex("-", 0, old.start_mark.index)
            before = self.end(node.value[place - 1]) if place else 0
            lead = self._lead(before, dash) if place else " " * column
            opening = (lead if pieces else "") + self._source[dash : old.start_mark.index]
            end = self.end(old)
            tail = self._source[end : self._line_end(end)]
            pieces.append(opening + self.changed(old, value, is_flow=False) + tail)
        return self._break.join(pieces)

    def _flow_mapping(self, node: Node, wanted: Mapping[str, Data]) -> str:
        old = {key.value: place for place, (key, _) in enumerate(node.value)}
        spans = [(key.start_mark.index, self._pair_end(key, value)) for key, value in node.value]
        entries: list[tuple[int | None, str]] = []
        for name in _ordered(list(old), list(wanted)):
            place = old.get(name)
            if place is None:
                entries.append((None, f"{_key(name)}: {_flow(wanted[name])}"))
                continue
            key, value = node.value[place]
            entries.append((place, self._entry(key, value, wanted[name], is_flow=True)))
        return self._flowing(node, spans, entries)

    def _flow_list(self, node: Node, wanted: Sequence[Data]) -> str:
        spans = [(each.start_mark.index, self.end(each)) for each in node.value]
        entries: list[tuple[int | None, str]] = []
        for value, place in _aligned(list(map(_data, node.value)), wanted):
            if place is None or not self._has_shape(node.value[place], value):
                entries.append((None, _flow(value)))
            else:
                text = self.changed(node.value[place], value, is_flow=True)
                entries.append((place, text))
        return self._flowing(node, spans, entries)

    def _flowing(
        self,
        node: Node,
        spans: Sequence[tuple[int, int]],
        entries: Sequence[tuple[int | None, str]],
    ) -> str:
        """The entries of brackets, an old one with what stood between it and the one before."""
        text = self._source[node.start_mark.index : spans[0][0]]
        for position, (place, entry) in enumerate(entries):
            if position:
                text += self._source[spans[place - 1][1] : spans[place][0]] if place else ", "
            text += entry
        return text + self._source[spans[-1][1] : node.end_mark.index]


def _data(node: Node) -> Data:
    """What a node says."""
    match node:
        case MappingNode():
            return {key.value: _data(value) for key, value in node.value}
        case SequenceNode():
            return [_data(each) for each in node.value]
    return None if node.style is None and node.value in {"", "~"} else node.value


def _ordered(old: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The names wanted: the old ones in their order, each new one after the one that it follows."""
    names = [name for name in old if name in wanted]
    for place, name in enumerate(wanted):
        if name not in names:
            after = names.index(wanted[place - 1]) + 1 if place else len(names)
            names.insert(after, name)
    return names


def _aligned(old: Sequence[Data], wanted: Sequence[Data]) -> list[tuple[Data, int | None]]:
    """Each item wanted with the place of the old one that it continues, None where it is new."""
    was, now = list(map(repr, old)), list(map(repr, wanted))
    places: dict[int, int] = {}
    for _, first, last, start, stop in SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        places |= dict(zip(range(start, stop), range(first, last), strict=False))
    return [(value, places.get(index)) for index, value in enumerate(wanted)]
