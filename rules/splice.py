"""The rows of a table replaced in the text of a file: nothing else of it moves.

1. Rows that mean the same as before, wherever they stand now, keep their text and their comments.
2. Each other row takes the place of the old one that is most like it: only what differs is written
   anew, so that comments and quotes stay there too.
3. A row that is new is written in the style of its neighbours.
What no text is touched by comes out byte for byte, line ends included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode

from rules.sheets import SheetRow, rows_in
from rules.yaml_scalars import scalar
from rules.yaml_text import read

_Value = str | tuple[str, str]
# A node of ruamel.yaml, whose classes don't tell their attributes.
Node = Any


@dataclass(frozen=True, slots=True)
class _Old:
    """A row as it stands in the source: its node, and what it means."""

    node: Node
    row: SheetRow


def spliced(source: str, rule: str, rows: Sequence[SheetRow]) -> str:
    """The source with these rows in the table of a rule; the file must be readable as it is."""
    before = rows_in(read("segments.yaml", source), rule)
    kept = {row.meaning for row in before}
    rows = [row if row.meaning in kept else row.said_in_both() for row in rows]
    if [row.meaning for row in before] == [row.meaning for row in rows]:
        return source
    root = YAML(typ="safe", pure=True).compose(source)
    key, table = _pair(_pair(root, rule)[1], "table")
    old = [_Old(node, row) for node, row in zip(table.value, before, strict=True)]
    after = _Splice(source, old, paired(before, rows))
    text = after.flow(table) if table.flow_style else after.block(key, table)
    written = read("segments.yaml", text)
    if written.issues or list(map(_plain, rows_in(written, rule))) != list(map(_plain, rows)):
        raise AssertionError(rule)
    return text


def _plain(row: SheetRow) -> object:
    """A meaning without the spaces around its texts, which a changed cell loses."""
    cells = frozenset((name, text.strip()) for name, text in row.cells.items())
    return cells, row.then.strip(), tuple(text.strip() for text in row.why)


def _pair(node: Node, name: str) -> tuple[Node, Node]:
    found: tuple[Node, Node] = next(pair for pair in node.value if pair[0].value == name)
    return found


def paired(
    before: Sequence[SheetRow], rows: Sequence[SheetRow]
) -> list[tuple[SheetRow, int | None]]:
    """Each row with the number of the old one that it continues, None where it is new."""
    was, now = [row.meaning for row in before], [row.meaning for row in rows]
    found: dict[int, int] = {}
    for block in SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks():
        found |= {block.b + step: block.a + step for step in range(block.size)}
    free = [index for index in range(len(was)) if index not in found.values()]
    for index, meaning in enumerate(now):
        moved = next((each for each in free if was[each] == meaning), None)
        if index not in found and moved is not None:
            found[index] = moved
            free.remove(moved)
    for index, row in enumerate(rows):
        if index in found:
            continue
        near = [each for each in free if _between(each, index, found)]
        best = max(near, key=lambda each: _likeness(before[each], row), default=None)
        if best is not None and _likeness(before[best], row) > 0:
            found[index] = best
            free.remove(best)
    return [(row, found.get(index)) for index, row in enumerate(rows)]


def _between(old: int, new: int, found: Mapping[int, int]) -> bool:
    """Whether an old row lies between those that the neighbours of a new one continue."""
    low = max((was for now, was in found.items() if now < new), default=-1)
    high = min((was for now, was in found.items() if now > new and was > low), default=old + 1)
    return low < old < high


def _likeness(one: SheetRow, other: SheetRow) -> int:
    same = len(one.meaning[0] & other.meaning[0])
    return same + (one.then == other.then) + (one.why == other.why)


class _Splice:
    def __init__(
        self, source: str, old: Sequence[_Old], rows: Sequence[tuple[SheetRow, int | None]]
    ) -> None:
        self._source = source
        self._old = old
        self._rows = rows
        self._break = "\r\n" if "\r\n" in source else "\n"

    def block(self, key: Node, table: Node) -> str:
        """The rows of a list with dashes: lines, each with the comments above it."""
        first = self._line_end(key.end_mark.index)
        ends = [self._line_end(self._end(old.node)) for old in self._old]
        starts = [self._dash(old.node, table.start_mark.column) for old in self._old]
        pieces: list[str] = []
        for place, (row, was) in enumerate(self._rows):
            if was is None:
                indent = table.start_mark.column
                pieces.append(" " * indent + "- " + self._new(place, row, indent + 2) + self._break)
                continue
            node = self._old[was].node
            lead = self._source[(ends[was - 1] if was else first) : starts[was]]
            opening = self._source[starts[was] : node.start_mark.index]
            rest = self._source[self._end(node) : ends[was]]
            pieces.append(lead + opening + self._edited(self._old[was], row) + rest)
        whole = "".join(
            piece if piece.endswith("\n") else piece + self._break for piece in pieces[:-1]
        )
        return self._source[:first] + whole + pieces[-1] + self._source[ends[-1] :]

    def flow(self, table: Node) -> str:
        """The rows of a list in brackets; what follows a row, up to the next, stays with it."""
        text = self._source[table.start_mark.index : self._old[0].node.start_mark.index]
        for place, (row, was) in enumerate(self._rows):
            text += self._flowing(row) if was is None else self._edited(self._old[was], row)
            if place == len(self._rows) - 1:
                break
            if was is None or was == len(self._old) - 1:
                text += ", "
            else:
                following = self._old[was + 1].node.start_mark.index
                text += self._source[self._end(self._old[was].node) : following]
        last = self._end(self._old[-1].node)
        text += self._source[last : table.end_mark.index]
        return self._source[: table.start_mark.index] + text + self._source[table.end_mark.index :]

    def _line_end(self, index: int) -> int:
        return self._source.find("\n", index) + 1 or len(self._source)

    def _dash(self, node: Node, column: int) -> int:
        """Where the line of a row's dash begins, at or above the row itself."""
        start = self._source.rfind("\n", 0, node.start_mark.index) + 1
        while self._source[start : start + column + 1] != " " * column + "-":
            start = self._source.rfind("\n", 0, start - 1) + 1
        return start

    def _end(self, node: Node) -> int:
        """Where what a node writes ends, without the lines that follow it."""
        if isinstance(node, ScalarNode) or node.flow_style:
            end = int(node.end_mark.index)
            is_block = isinstance(node, ScalarNode) and node.style in {"|", ">"}
            return len(self._source[:end].rstrip()) if is_block else end
        last = node.value[-1]
        return self._end(last[1] if isinstance(node, MappingNode) else last)

    def _text(self, node: Node) -> str:
        return str(self._source[node.start_mark.index : self._end(node)])

    def _edited(self, old: _Old, row: SheetRow) -> str:
        """An old row that says what a new one does, written anew only where it differs."""
        if old.row.meaning == row.meaning:
            return self._text(old.node)
        keys = {key.value: (key, value) for key, value in old.node.value}
        kept = {name: row.cells[name] for name in keys if name in row.cells}
        wanted = _entries(replace(row, cells={**kept, **row.cells}))
        if keys.keys() == wanted.keys():
            return self._revalued(old.node, wanted)
        if old.node.flow_style:
            entries = [
                f"{self._text(keys[name][0])}: {self._value(keys[name][1], value, is_flow=True)}"
                if name in keys
                else f"{name}: {_flow_value(value)}"
                for name, value in wanted.items()
            ]
            return "{" + ", ".join(entries) + "}"
        return self._rejoined(old.node, wanted)

    def _revalued(self, node: Node, wanted: Mapping[str, _Value]) -> str:
        """A row with the same keys, some values being others."""
        text, at = "", node.start_mark.index
        for key, value in node.value:
            new = self._value(value, wanted[key.value], is_flow=bool(node.flow_style))
            text += self._source[at : value.start_mark.index] + new
            at = self._end(value)
        return text + self._source[at : self._end(node)]

    def _rejoined(self, node: Node, wanted: Mapping[str, _Value]) -> str:
        """A row of lines with other keys; each kept one has the comments after it."""
        column = int(node.start_mark.column)
        kept: dict[str, str] = {}
        for index, (key, value) in enumerate(node.value):
            if key.value not in wanted:
                continue
            is_last = index == len(node.value) - 1
            end = self._end(node) if is_last else node.value[index + 1][0].start_mark.index
            new = self._value(value, wanted[key.value], is_flow=False)
            opening = self._source[key.start_mark.index : value.start_mark.index]
            kept[key.value] = (opening + new + self._source[self._end(value) : end]).rstrip()
        entries = [
            kept.get(name) or self._lines(name, value, column) for name, value in wanted.items()
        ]
        return (self._break + " " * column).join(entries)

    def _value(self, node: Node, wanted: _Value, *, is_flow: bool) -> str:
        """A value as it stands where it is the wanted one, else written anew."""
        if isinstance(node, ScalarNode):
            is_same = wanted in (node.value, (node.value, node.value))
            if is_same:
                return self._text(node)
            return _flow_value(wanted) if isinstance(wanted, tuple) else scalar(wanted, is_flow)
        pair = wanted if isinstance(wanted, tuple) else (wanted, wanted)
        text, at = "", node.start_mark.index
        for part, word in zip(node.value, pair, strict=True):
            is_inner = is_flow or bool(node.flow_style)
            new = self._text(part) if part.value == word else scalar(word, is_inner)
            text += self._source[at : part.start_mark.index] + new
            at = self._end(part)
        return text + self._source[at : self._end(node)]

    def _new(self, place: int, row: SheetRow, column: int) -> str:
        """A new row in the style of the old one above it, else of the first."""
        above = next((was for _, was in self._rows[place::-1] if was is not None), 0)
        if self._old[above].node.flow_style:
            return self._flowing(row)
        lines = [self._lines(name, value, column) for name, value in _entries(row).items()]
        return (self._break + " " * column).join(lines)

    def _lines(self, name: str, value: _Value, column: int) -> str:
        if isinstance(value, str):
            return f"{name}: {scalar(value, is_flow=False)}"
        start = self._break + " " * (column + 2) + "- "
        return f"{name}:" + "".join(start + scalar(each, is_flow=False) for each in value)

    @staticmethod
    def _flowing(row: SheetRow) -> str:
        entries = [f"{name}: {_flow_value(value)}" for name, value in _entries(row).items()]
        return "{" + ", ".join(entries) + "}"


def _flow_value(value: _Value) -> str:
    if isinstance(value, str):
        return scalar(value, is_flow=True)
    return "[" + ", ".join(scalar(each, is_flow=True) for each in value) + "]"


def _entries(row: SheetRow) -> dict[str, _Value]:
    """The keys and values of a row, in the order in which a new one is written."""
    result = "then" if row.cells else "else"
    entries: dict[str, _Value] = {**row.cells, result: row.then}
    if any(row.why):
        entries["why"] = row.why[0] if row.why[0] == row.why[1] else row.why
    return entries
