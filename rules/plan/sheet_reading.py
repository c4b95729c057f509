"""A sheet that a manager filled in, back as the data of a plan's file, with the place of each cell.

What can be told by the sheet alone is told here: a heading that is gone, a value without a name.
The rest is left to those who read the file, and their words are brought to the cell.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.language import Text
from rules.located import Data, Path, nearest
from rules.plan import sheet_layout
from rules.plan.sheet_sections import (
    ACCEPTED,
    FROM,
    MARK,
    REQUIRED,
    SECTIONS,
    WHY,
    Labels,
    Section,
    Shape,
    plain,
    sections_words,
)

LONGEST = 1_000
"""Characters of a cell: a plan holds amounts, dates and short reasons."""
_STEP = re.compile(r"\s+[›>/]\s+")
_DATA_CELLS = 4


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell as text, its place (`C12`), and what is wrong with it where it can't be read."""

    text: str
    place: str
    fault: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a sheet holds: `data` as a file would, `cells` the name and value of each path.

    `problems` are (place, sentence); `troubled` the sections that they concern.
    """

    data: dict[str, Data] = field(default_factory=dict)
    cells: dict[Path, tuple[str, str]] = field(default_factory=dict)
    problems: list[tuple[str, Text]] = field(default_factory=list)
    troubled: set[str] = field(default_factory=set)

    def put(self, path: Path, cells: tuple[str, str]) -> None:
        """Remember where a path stands; the first cell of a part is also that of the part."""
        for depth in range(1, len(path) + 1):
            self.cells.setdefault(path[:depth], cells)

    def complain(self, section: Section, place: str, text: Text) -> None:
        """A problem of a cell."""
        self.problems.append((place, text))
        self.troubled.add(section.name)


Row = Sequence[SheetCell]
Words = Mapping[str, Mapping[str, str]]


def is_plan(rows: Sequence[Row]) -> bool:
    """Whether a sheet holds a plan: others of a workbook are its maker's own."""
    return any(row and row[0].text.startswith(MARK) for row in rows)


def read_plan_sheet(rows: Sequence[Row], labels: Labels) -> Found:
    """The plan that a sheet holds; lines before the first heading and empty ones don't count."""
    found = Found()
    words = {each.name: _keys(each, labels) for each in SECTIONS}
    body: dict[str, list[Row]] = {}
    section: Section | None = None
    for row in rows:
        if row and row[0].text.startswith(MARK):
            section = _section(found, row[0], body)
            if section and (shift := sheet_layout.moved([each.text for each in row], section)):
                found.problems.append((row[shift[0]].place, shift[1]))
                found.troubled.update(each.name for each in SECTIONS)
                return found
            if section is not None:
                body[section.name] = []
                found.cells[(section.name,)] = (row[0].place, row[0].place)
        elif section is not None and any(each.text.strip() or each.fault for each in row):
            body[section.name].append(row)
    _require_sections(found, rows, body)
    swollen = sheet_layout.swollen(body)
    found.troubled.update(swollen)
    for each in SECTIONS:
        if each.name in body and each.name not in swollen:
            _Reading(found, each, words).read(body[each.name])
    return found


def _keys(section: Section, labels: Labels) -> dict[str, str]:
    """The key that each word means, in either language, or itself."""
    words = sections_words(labels, section)
    return {plain(word): name for name, text in words.items() for word in (*text, name)}


def _section(found: Found, cell: SheetCell, body: Mapping[str, object]) -> Section | None:
    title = cell.text.removeprefix(MARK).strip()
    section = next(
        (each for each in SECTIONS if plain(title) in {each.name, *map(plain, each.title)}), None
    )
    if section is None:
        hint = nearest(title, [word for each in SECTIONS for word in each.title])
        text = Text(
            f"rubrique inconnue « {title[:80]} »{hint.fr}",
            f"unknown section '{title[:80]}'{hint.en}",
        )
        found.problems.append((cell.place, text))
    elif section.name in body:
        found.complain(section, cell.place, _TWICE)
        return None
    return section


_TWICE = Text("cela paraît deux fois : gardez-en un", "this appears twice: keep one")
_NAMELESS = Text("nommez cette ligne, ou videz-la", "name this row, or empty it")
_VALUELESS = Text(
    "écrivez la valeur, ou videz toute la ligne", "write the value, or empty the whole row"
)
_MISPLACED = Text(
    "cette valeur n'est pas dans la colonne des valeurs : mettez-la en C",
    "this value is not in the column of values: put it in C",
)
_TOO_LONG = Text(
    f"ce texte est trop long : au plus {LONGEST} caractères",
    f"this text is too long: at most {LONGEST} characters",
)


def _require_sections(found: Found, rows: Sequence[Row], body: Mapping[str, object]) -> None:
    place = rows[0][0].place if rows and rows[0] else "A1"
    for each, text in sheet_layout.missing(body):
        found.complain(each, place, text)


class _Reading:
    """The rows of one section."""

    def __init__(self, found: Found, section: Section, words: Words) -> None:
        self._found = found
        self._section = section
        self._words = words

    def read(self, rows: Sequence[Row]) -> None:
        last = ""
        for row in rows:
            if not self._is_whole(row):
                continue
            cells = [*row, *(SheetCell("", row[0].place) for _ in range(_DATA_CELLS - len(row)))]
            # An empty first cell goes on with the one above, as people write lists.
            is_nested = self._section.shape in {Shape.NAMED, Shape.REVISED}
            if is_nested and not cells[0].text.strip() and cells[1].text.strip():
                cells[0] = SheetCell(last, cells[0].place)
            last = cells[0].text
            self._row(cells)
        if self._section.shape is Shape.FACTS:
            self._require_facts()
        if self._section.shape is Shape.REVISED:
            self._require_reasons()

    def _is_whole(self, row: Row) -> bool:
        """Whether every cell of a row can be read; what is wrong is told."""
        is_whole = True
        for cell in row[:_DATA_CELLS]:
            fault = cell.fault or (_TOO_LONG if len(cell.text) > LONGEST else None)
            if fault is not None:
                self._found.complain(self._section, cell.place, fault)
                is_whole = False
        return is_whole

    def _row(self, cells: Row) -> None:
        match self._section.shape:
            case Shape.FACTS | Shape.NAMED:
                self._named(cells)
            case Shape.DAYS:
                first, last = (each.text.strip() for each in cells[:2])
                self._item(cells[0], f"{first}..{last}" if last and last != first else first)
            case Shape.ACCEPTED:
                self._accepted(cells)
            case Shape.REVISED:
                self._revised(cells)

    def _key(self, cell: SheetCell, section: str | None = None) -> str:
        name = cell.text.strip()
        return self._words.get(section or self._section.name, {}).get(plain(name), name)

    def _named(self, cells: Row) -> None:
        name, detail, value = (each.text.strip() for each in cells[:3])
        if not name:
            self._found.complain(self._section, cells[0].place, _NAMELESS)
        elif not value and cells[3].text.strip():
            self._found.complain(self._section, cells[3].place, _MISPLACED)
        elif not value:
            # A known name may wait for its value; of any other, or a heading that was typed
            # anew, nobody could tell what it is.
            if plain(name) not in self._words[self._section.name] or detail:
                self._found.complain(self._section, cells[2].place, _VALUELESS)
        else:
            is_facts = self._section.shape is Shape.FACTS
            steps = [self._key(cells[0]), *([detail] if detail else [])]
            path = tuple(steps) if is_facts else (self._section.name, *steps)
            self._set(path, value, (cells[1 if detail else 0].place, cells[2].place))

    def _set(self, path: Path, value: str, places: tuple[str, str]) -> None:
        part: Any = self._found.data
        for step in path[:-1]:
            part = part.setdefault(step, {}) if isinstance(part, dict) else None
        if not isinstance(part, dict) or path[-1] in part:
            self._found.complain(self._section, places[0], _TWICE)
            return
        part[path[-1]] = value
        self._found.put(path, places)

    def _item(self, cell: SheetCell, value: Data) -> None:
        items = self._found.data.setdefault(self._section.name, [])
        self._found.put((self._section.name, len(items)), (cell.place, cell.place))
        items.append(value)

    def _accepted(self, cells: Row) -> None:
        empty = [cell for cell in cells[:3] if not cell.text.strip()]
        for cell in empty:
            self._found.complain(self._section, cell.place, _VALUELESS)
        if not empty:
            item = dict(zip(ACCEPTED, (cell.text.strip() for cell in cells), strict=False))
            self._item(cells[0], item)
            path = (self._section.name, len(self._found.data[self._section.name]) - 1)
            for name, cell in zip(ACCEPTED, cells, strict=False):
                self._found.cells[*path, name] = (cell.place, cell.place)

    def _revised(self, cells: Row) -> None:
        first, name, inner, value = (each.text.strip() for each in cells[:4])
        if not (first and name and value):
            empty = next(each for each in (cells[0], cells[1], cells[3]) if not each.text.strip())
            self._found.complain(self._section, empty.place, _VALUELESS)
            return
        revisions = self._found.data.setdefault(self._section.name, [])
        place = next((at for at, each in enumerate(revisions) if each[FROM] == first), None)
        if place is None:
            place = len(revisions)
            revisions.append({FROM: first})
            self._found.put((self._section.name, place, FROM), (cells[0].place, cells[0].place))
        key = self._key(cells[1])
        if not inner and _is_list(key):
            days = revisions[place].setdefault(key, [])
            days.append(value)
            path: Path = (self._section.name, place, key, len(days) - 1)
            self._found.put(path, (cells[1].place, cells[3].place))
            return
        steps = [*_STEP.split(inner)] if inner else []
        known = self._words.get(key, {})
        steps = [known.get(plain(step), step) if not at else step for at, step in enumerate(steps)]
        part, ok = revisions[place], True
        for step in [key, *steps][:-1]:
            part = part.setdefault(step, {}) if isinstance(part, dict) else None
            ok = isinstance(part, dict)
        end = [key, *steps][-1]
        if not ok or end in part:
            self._found.complain(self._section, cells[2 if inner else 1].place, _TWICE)
            return
        part[end] = value
        path = (self._section.name, place, key, *steps)
        self._found.put(path, (cells[2 if inner else 1].place, cells[3].place))

    def _require_facts(self) -> None:
        for name in REQUIRED:
            if name not in self._found.data:
                words = self._section.words[name]
                self._found.complain(
                    self._section,
                    self._found.cells[(self._section.name,)][0],
                    Text(f"« {words.fr} » : écrivez la valeur", f"'{words.en}': write the value"),
                )

    def _require_reasons(self) -> None:
        for place, each in enumerate(self._found.data.get(self._section.name, ())):
            if WHY not in each:
                text = Text(
                    f"révision du {each[FROM]} : ajoutez une ligne « Pourquoi »",
                    f"revision of {each[FROM]}: add a row 'Why'",
                )
                cell = self._found.cells[self._section.name, place][0]
                self._found.complain(self._section, cell, text)


def _is_list(name: str) -> bool:
    return any(each.name == name and each.shape is Shape.DAYS for each in SECTIONS)
