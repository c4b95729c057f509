"""Values that know their place in a file, and what is wrong with them, said at that place.

`rules.yaml_text` reads a file into a `Document`; `rules.models` makes models of one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from rules.language import Language, Text

Path = tuple[str | int, ...]


Data = Any


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One thing wrong in a playbook: where (1-based), and what to do about it."""

    file: str
    line: int
    column: int
    text: Text

    def to(self, language: Language) -> str:
        """`segments.yaml:12:7: …` in a language."""
        return f"{self.file}:{self.line}:{self.column}: {self.text.to(language)}"


class PlaybookError(Exception):
    """A playbook that can't be used; `issues` are all that is wrong with it, in order."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = sorted(issues)
        super().__init__("\n".join(issue.to(Language.EN) for issue in self.issues))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands; `key_*` is where its key stands. All 1-based."""

    line: int
    column: int
    key_line: int
    key_column: int


@dataclass(frozen=True, slots=True)
class Written:
    """A text as its file writes it: from which character on, in which YAML style, and its value."""

    start: int
    style: str | None
    value: str


@dataclass(slots=True)
class Document:
    """A file as plain data (dict, list, str, None) with the place of every path in it."""

    file: str
    source: str = ""
    data: Data = None
    places: dict[Path, Place] = field(default_factory=dict)
    texts: dict[Path, Written] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def complain(
        self, path: Path, text: Text, *, at_key: bool = False, offset: int | None = None
    ) -> None:
        """Add an issue at a path, or at its nearest parent that exists in the file."""
        self.issues.append(self.issue(path, text, at_key=at_key, offset=offset))

    def issue(
        self, path: Path, text: Text, *, at_key: bool = False, offset: int | None = None
    ) -> Issue:
        """An issue at a path; `offset` is that of a character of the value, however written."""
        while path not in self.places and path:
            path, at_key, offset = path[:-1], False, None
        place = self.places.get(path, Place(1, 1, 1, 1))
        if at_key:
            return Issue(self.file, place.key_line, place.key_column, text)
        if offset is not None and path in self.texts:
            return self._at(_character(self.source, self.texts[path], offset), text)
        return Issue(self.file, place.line, place.column, text)

    def _at(self, start: int, text: Text) -> Issue:
        """An issue at a character of the source."""
        line = self.source.count("\n", 0, start) + 1
        return Issue(self.file, line, start - self.source.rfind("\n", 0, start), text)


_ESCAPES = {"x": 4, "u": 6, "U": 10}


def _character(source: str, written: Written, offset: int) -> int:
    """Where in the source the character at an offset of a value stands.

    The value is followed through its source, in which lines may be folded and indented, and
    characters escaped.
    """
    at = written.start
    if written.style in {"|", ">"}:
        at = source.find("\n", at) + 1 or len(source)
    elif written.style:
        at += 1
    found = at
    for character in written.value[: offset + 1]:
        if not character.isspace():
            # Indentation, and in double quotes a line end that is escaped away.
            while source[at : at + 1].isspace() or source[at : at + 2] == "\\\n":
                at += 1
        found = at
        if written.style == '"' and source[at : at + 1] == "\\":
            at += _ESCAPES.get(source[at + 1 : at + 2], 2)
        elif written.style == "'" and source[at : at + 2] == "''":
            at += 2
        elif not character.isspace() or source[at : at + 1].isspace():
            at += 1
    return found


def nearest(word: str, words: Iterator[str] | Sequence[str]) -> Text:
    """` (did you mean 'x'?)` or nothing, to append to a message."""
    close = get_close_matches(word, list(words), n=1, cutoff=0.6)
    if not close:
        return Text("", "")
    return Text(f" (vouliez-vous dire « {close[0]} » ?)", f" (did you mean '{close[0]}'?)")


class Misfit(ValueError):  # noqa: N818 - it is a value that does not fit
    """A value that a reader refuses, with a sentence in both languages.

    `offset` is where in the text, where the reader knows.
    """

    def __init__(self, fr: str, en: str, *, offset: int | None = None) -> None:
        super().__init__(en)
        self.text = Text(fr, en)
        self.offset = offset
