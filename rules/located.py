"""YAML read with positions: every value is text that knows its line and column.

No YAML typing takes place (`NO` stays text, `010` stays `010`): the models that read a document
decide what a text means, so an error can always point at the place it came from. Anchors,
aliases, tags, duplicate keys and documents over 256 KB are refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from rules.language import Language, Text

Path = tuple[str | int, ...]
Data = Any

SIZE_LIMIT = 256 * 1024
DEPTH_LIMIT = 20


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


def read(file: str, text: str | bytes) -> Document:
    """Parse a YAML file; what is wrong with its syntax is in `issues` and `data` is then None."""
    document = Document(file)
    source = _decoded(document, text)
    if source is None:
        return document
    # Line ends as YAML reads them, so that lines are counted alike everywhere.
    document.source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        root = _composed(document)
    except ReaderError as error:
        document.issues.append(document._at(error.position, _UNREADABLE))  # noqa: SLF001 - of this module
    except MarkedYAMLError as error:
        document.issues.append(_syntax(document, error))
    except YAMLError as error:
        document.issues.append(Issue(file, 1, 1, _not_yaml(str(error).splitlines()[0])))
    else:
        if root is not None:
            document.data = _build(document, root, (), Place(1, 1, 1, 1))
    return document


def _composed(document: Document) -> Node | None:
    if not _is_plain(document):
        return None
    root: Node | None = YAML(typ="safe", pure=True).compose(document.source)
    return root


def _decoded(document: Document, text: str | bytes) -> str | None:
    if len(text) > SIZE_LIMIT:
        document.issues.append(
            Issue(
                document.file,
                1,
                1,
                Text(
                    f"le fichier dépasse {SIZE_LIMIT // 1024} Ko : un fichier de règles est court",
                    f"the file is over {SIZE_LIMIT // 1024} KB: a rule file is short",
                ),
            )
        )
        return None
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8-sig")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        document.issues.append(
            Issue(
                document.file,
                line,
                column,
                Text(
                    "ce caractère n'est pas en UTF-8 : enregistrez le fichier en UTF-8",
                    "this character is not UTF-8: save the file as UTF-8",
                ),
            )
        )
        return None


def _is_plain(document: Document) -> bool:
    """Whether the file is free of anchors, aliases, tags and absurd depth; else says where."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(document.source):
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        has_extra = getattr(event, "anchor", None) or getattr(event, "tag", None)
        if has_extra or depth > DEPTH_LIMIT:
            mark = event.start_mark
            document.issues.append(
                Issue(
                    document.file,
                    mark.line + 1,
                    mark.column + 1,
                    Text(
                        "ancres (&, *), étiquettes (!) et imbrications profondes ne sont pas "
                        "admises : écrivez la valeur en clair",
                        "anchors (&, *), tags (!) and deep nesting are not allowed: "
                        "write the value out",
                    ),
                )
            )
            return False
    return True


_UNREADABLE = Text(
    "ce caractère est invisible ou interdit : supprimez-le et écrivez-le à nouveau",
    "this character is invisible or not allowed: delete it and type it again",
)
_NEVER_CLOSED = Text("guillemet jamais fermé", "this quote is never closed")

# What the parser says → what to do about it.
_MISTAKES = {
    "mapping values are not allowed": Text(
        "deux-points inattendu : mettez le texte entre guillemets, ou alignez cette ligne avec "
        "ses voisines",
        "unexpected colon: put the text in quotes, or align this line with its neighbours",
    ),
    "cannot start any token": Text(
        "un texte ne peut pas commencer ainsi : mettez-le entre guillemets",
        "a text can't begin like this: put it in quotes",
    ),
    "expected ',' or": Text(
        "il manque une virgule, ou un crochet ou une accolade qui ferme",
        "a comma, or a closing bracket or brace, is missing",
    ),
    "expected <block end>": Text(
        "cette ligne n'est pas alignée avec ses voisines, ou il lui manque un tiret",
        "this line is not aligned with its neighbours, or its dash is missing",
    ),
    "could not find expected ':'": Text(
        "il manque un deux-points : écrivez « clé: valeur »",
        "a colon is missing: write 'key: value'",
    ),
    "another document": Text(
        "« --- » commence un autre document : écrivez un fichier pour chacun",
        "'---' begins another document: write one file for each",
    ),
}


def _syntax(document: Document, error: MarkedYAMLError) -> Issue:
    """An error of the parser as a sentence, at the place to mend."""
    problem = str(error.problem or error.context)
    mark = error.problem_mark or error.context_mark
    text = next(
        (sentence for words, sentence in _MISTAKES.items() if words in problem), _not_yaml(problem)
    )
    if "quoted scalar" in str(error.context) and "end of stream" in problem:
        mark, text = error.context_mark, _NEVER_CLOSED
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    here = [*document.source.split("\n"), ""][line - 1]
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        text = Text(
            "tabulation : YAML s'indente avec des espaces, remplacez-la",
            "tab: YAML is indented with spaces, replace it",
        )
    return Issue(document.file, line, column, text)


def _not_yaml(problem: str) -> Text:
    return Text(
        f"ce n'est pas du YAML valide ({problem}) : vérifiez l'indentation, les guillemets et les "
        "deux-points",
        f"this is not valid YAML ({problem}): check indentation, quotes and colons",
    )


def _build(document: Document, node: Node, path: Path, place: Place) -> Data:
    document.places[path] = _place(node, place)
    match node:
        case MappingNode():
            return _build_mapping(document, node, path)
        case SequenceNode():
            return [
                _build(document, child, (*path, index), document.places[path])
                for index, child in enumerate(node.value)
            ]
        case ScalarNode():
            return _build_text(document, node, path)
    raise AssertionError(node)


def _place(node: Node, key: Place) -> Place:
    """Where a value stands; nothing at all stands at its key."""
    if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index:
        return Place(key.key_line, key.key_column, key.key_line, key.key_column)
    mark = node.start_mark
    return Place(mark.line + 1, mark.column + 1, key.key_line, key.key_column)


def _build_text(document: Document, node: ScalarNode, path: Path) -> str | None:
    value: str = node.value
    if node.style is None and value in {"", "~"}:
        return None
    document.texts[path] = Written(node.start_mark.index, node.style, value)
    for offset, character in enumerate(value):
        # Escapes of a quoted text can write what no database holds.
        if _is_unreadable(character):
            document.complain(path, _UNREADABLE, offset=offset)
    return value


def _is_unreadable(character: str) -> bool:
    return (character < " " and character not in "\t\n") or "\ud800" <= character <= "\udfff"


def _build_mapping(document: Document, node: MappingNode, path: Path) -> Data:
    data: dict[str, Data] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        place = Place(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 1)
        if not isinstance(key_node, ScalarNode) or any(map(_is_unreadable, key_node.value)):
            text = Text(
                "il faut ici un nom : mettez entre guillemets un texte qui commence par { ou [",
                "a name is needed here: put in quotes a text that begins with { or [",
            )
        elif key_node.value in data:
            text = Text(
                f"la clé « {key_node.value} » est écrite deux fois",
                f"key '{key_node.value}' is written twice",
            )
        else:
            key: str = key_node.value
            data[key] = _build(document, value_node, (*path, key), place)
            continue
        document.issues.append(Issue(document.file, place.line, place.column, text))
    return data


def nearest(word: str, words: Iterator[str] | Sequence[str]) -> Text:
    """` (did you mean 'x'?)` or nothing, to append to a message."""
    close = get_close_matches(word, list(words), n=1, cutoff=0.6)
    if not close:
        return Text("", "")
    return Text(f" (vouliez-vous dire « {close[0]} » ?)", f" (did you mean '{close[0]}'?)")


Model = TypeVar("Model", bound=BaseModel)


def model_of(document: Document, model: type[Model], path: Path = ()) -> Model | None:
    """What stands at a path as a model; every misfit becomes an issue at its place."""
    data = document.data
    for step in path:
        data = data[step]
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        for detail in error.errors():
            _complain_of(document, path, detail, model)
        return None


def _complain_of(document: Document, path: Path, detail: ErrorDetails, model: type[Model]) -> None:
    location = (*path, *detail["loc"])
    last = str(location[-1]) if location else ""
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _keys_of(model, detail["loc"][:-1])
        hint = nearest(last, known)
        text = Text(f"clé inconnue « {last} »{hint.fr}", f"unknown key '{last}'{hint.en}")
        if not hint.en and known:
            text = Text(
                f"{text.fr} (clés admises : {', '.join(known)})",
                f"{text.en} (known keys: {', '.join(known)})",
            )
        document.complain(location, text, at_key=True)
    elif kind == "missing":
        document.complain(
            location, Text(f"il manque la clé « {last} »", f"the key '{last}' is missing")
        )
    else:
        cause = detail.get("ctx", {}).get("error")
        text = cause.text if isinstance(cause, Misfit) else _translated(detail)
        document.complain(location, text)


def _keys_of(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that a model admits at a location, as far as its annotations tell."""
    current: Any = model
    for step in location:
        if _is_model(current):
            fields = {found.alias or name: found for name, found in current.model_fields.items()}
            current = fields[str(step)].annotation if str(step) in fields else None
        else:
            current = next(iter(get_args(current)[::-1]), None)
        if get_origin(current) in {Union, UnionType}:
            current = next(filter(_is_model, get_args(current)), None)
    if not _is_model(current):
        return []
    return [found.alias or name for name, found in current.model_fields.items()]


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


class Misfit(ValueError):  # noqa: N818 - it is a value that does not fit
    """A value that a reader refuses, with a sentence in both languages.

    `offset` is where in the text, where the reader knows.
    """

    def __init__(self, fr: str, en: str, *, offset: int | None = None) -> None:
        super().__init__(en)
        self.text = Text(fr, en)
        self.offset = offset


_SHAPES = {dict: "{…}", list: "[…]", type(None): "~"}


def _translated(detail: ErrorDetails) -> Text:
    given = detail.get("input")
    shown = f"'{given}'" if isinstance(given, str) else _SHAPES.get(type(given), "?")
    match detail["type"]:
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            return Text(
                "il faut ici des lignes « clé: valeur »", "lines of 'key: value' are needed here"
            )
        case "list_type" | "tuple_type":
            return Text("il faut ici une liste", "a list is needed here")
        case "string_type":
            return Text("il faut ici un texte", "a text is needed here")
        case "enum" | "literal_error":
            allowed = re.findall(r"'(.*?)'", detail.get("ctx", {}).get("expected", ""))
            hint, listed = nearest(str(given), allowed), ", ".join(allowed)
            return Text(
                f"{shown} n'est pas admis ici{hint.fr} (valeurs : {listed})",
                f"{shown} is not allowed here{hint.en} (values: {listed})",
            )
        case _:
            return Text(f"{shown} : {detail['msg']}", f"{shown}: {detail['msg']}")
