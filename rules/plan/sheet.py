"""A plan as a sheet that a manager fills in: the lines of each of its sections.

A section begins with a line whose first cell starts with `■`; its rows hold a name, a detail and a
value, each as written in the plan's file. `rules.plan.sheet_reading` is the way back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.language import Language, Text
from rules.located import Data, Document, Misfit, Path
from rules.numbers import NUMBER_LIMIT, read_number, read_share
from rules.plan.sheet_sections import (
    ACCEPTED,
    BY_NAME,
    FACTS,
    FROM,
    MARK,
    SECTIONS,
    SPARE_ROWS,
    STEP,
    WHY,
    Kind,
    Labels,
    Section,
    Shape,
    sections_words,
)
from rules.sheets import SheetError


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet, its cells with their kinds; a title opens its section."""

    section: Section
    cells: Sequence[tuple[str, Kind]]
    is_title: bool = False


def lines_of(
    document: Document, labels: Labels, offered: Mapping[str, Sequence[str]], language: Language
) -> Iterator[Line]:
    """A plan's file as lines; `offered` are names that each section shows even without a value.

    Raises `SheetError` where a value does not fit into a sheet.
    """
    data = document.data or {}
    writing = _Writing(document, labels, language)
    for section in SECTIONS:
        title = f"{MARK} {section.title.to(language)}"
        heads = [title, *(each.to(language) for each in section.columns)]
        yield Line(section, [(each, Kind.TEXT) for each in heads], is_title=True)
        given = data if section.shape is Shape.FACTS else data.get(section.name)
        yield from writing.rows(section, given, offered.get(section.name, ()))
        if section.shape is not Shape.FACTS:
            for _ in range(SPARE_ROWS):
                yield Line(section, [("", kind) for kind in _kinds(section)])


def _kinds(section: Section) -> Sequence[Kind]:
    match section.shape:
        case Shape.DAYS:
            return (Kind.DAY, Kind.DAY)
        case Shape.ACCEPTED:
            return (Kind.TEXT, Kind.DAY, Kind.TEXT)
        case Shape.REVISED:
            return (Kind.DAY, Kind.TEXT, Kind.TEXT, Kind.VALUE)
    return (Kind.TEXT, Kind.TEXT, section.kind)


class _Writing:
    """A document as lines, in the words of a language."""

    def __init__(self, document: Document, labels: Labels, language: Language) -> None:
        self._document = document
        self._words = {
            section.name: {
                name: text.to(language) for name, text in sections_words(labels, section).items()
            }
            for section in SECTIONS
        }

    def rows(self, section: Section, given: Data, offered: Sequence[str]) -> Iterator[Line]:
        """The rows of a section, without its title."""
        match section.shape:
            case Shape.FACTS:
                yield from self._facts(section, given)
            case Shape.NAMED:
                yield from self._named(section, given, offered)
            case Shape.DAYS:
                for place, each in enumerate(self._list(section, given)):
                    first, _, last = self._leaf((section.name, place), each).partition("..")
                    yield Line(section, [(first.strip(), Kind.DAY), (last.strip(), Kind.DAY)])
            case Shape.ACCEPTED:
                for place, each in enumerate(self._list(section, given)):
                    path = (section.name, place)
                    self._require_names(path, each, ACCEPTED)
                    texts = [self._leaf((*path, name), each.get(name)) for name in ACCEPTED]
                    yield Line(section, list(zip(texts, _kinds(section), strict=True)))
            case Shape.REVISED:
                for place, each in enumerate(self._list(section, given)):
                    yield from self._revision(section, (section.name, place), each)

    def _facts(self, section: Section, given: Data) -> Iterator[Line]:
        for name in FACTS:
            value = self._leaf((name,), given.get(name))
            kind = Kind.MONEY if name == "objective" else Kind.VALUE
            words = self._words[section.name][name]
            yield Line(section, [(words, Kind.TEXT), ("", Kind.TEXT), (value, kind)])

    def _named(self, section: Section, given: Data, offered: Sequence[str]) -> Iterator[Line]:
        values: dict[str, Data] = {} if given is None else given
        self._require_names((section.name,), values)
        words = self._words[section.name]
        for name in [*(each for each in values if each not in offered), *offered]:
            value = values.get(name)
            path = (section.name, name)
            details = value if isinstance(value, dict) and value else {"": value}
            for detail, each in details.items():
                text = self._leaf((*path, detail) if detail else path, each)
                cells = [(words.get(name, name), Kind.TEXT), (detail, Kind.TEXT)]
                yield Line(section, [*cells, (text, section.kind)])

    def _revision(self, section: Section, path: Path, revision: Data) -> Iterator[Line]:
        self._require_names(path, revision)
        start = (self._leaf((*path, FROM), revision.get(FROM)), Kind.DAY)
        for name, value in revision.items():
            if name == FROM:
                continue
            known = self._words.get(name, {})
            kind = BY_NAME[name].kind if name in BY_NAME else Kind.VALUE
            told = (self._words[section.name].get(name, name), Kind.TEXT)
            for inner, text in self._leaves((*path, name), value):
                steps = [known.get(inner[0], inner[0]), *inner[1:]] if inner else []
                end = (text, Kind.TEXT if name == WHY else kind)
                yield Line(section, [start, told, (STEP.join(steps), Kind.TEXT), end])

    def _leaves(self, path: Path, value: Data) -> Iterator[tuple[tuple[str, ...], str]]:
        if isinstance(value, dict) and value:
            for name, each in value.items():
                for inner, text in self._leaves((*path, name), each):
                    yield (name, *inner), text
        elif isinstance(value, list) and value:
            for place, each in enumerate(value):
                yield (), self._leaf((*path, place), each)
        else:
            yield (), self._leaf(path, value)

    def _list(self, section: Section, given: Data) -> Sequence[Data]:
        if given is None or isinstance(given, list):
            return given or []
        raise self._unfit((section.name,))

    def _leaf(self, path: Path, value: Data) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        raise self._unfit(path)

    def _require_names(self, path: Path, value: Data, names: Sequence[str] = ()) -> None:
        if not isinstance(value, dict) or (names and set(value) - set(names)):
            raise self._unfit(path)

    def _unfit(self, path: Path) -> SheetError:
        issue = self._document.issue(
            path,
            Text(
                "cette valeur ne tient pas dans une feuille : corrigez-la d'abord (arpent rules "
                "check)",
                "this value does not fit into a sheet: correct it first (arpent rules check)",
            ),
        )
        return SheetError(Text(issue.to(Language.FR), issue.to(Language.EN)))


def figure_of(text: str) -> tuple[float, bool] | None:
    """A text as a number, and whether it is a share; None where it is no number."""
    try:
        if text.rstrip().endswith("%"):
            return read_share(text), True
        value = read_number(text)
    except Misfit:
        return None
    return (value, False) if abs(value) < NUMBER_LIMIT else None


def is_same(one: str, other: str) -> bool:
    """Whether two texts mean the same: `600k` and `600 000`, `25 %` and `0.25`."""
    first, second = figure_of(one), figure_of(other)
    if first is None or second is None:
        return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
    return round(first[0], 9) == round(second[0], 9)
