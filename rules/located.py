"""YAML read with positions: every value is text that knows its line and column.

No YAML typing takes place (`NO` stays text, `010` stays `010`): the models that read a document
decide what a text means, so an error can always point at the place it came from. Anchors,
aliases, tags, duplicate keys and documents over 256 KB are refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

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


@dataclass(slots=True)
class Document:
    """A file as plain data (dict, list, str, None) with the place of every path in it."""

    file: str
    data: Data = None
    places: dict[Path, Place] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def complain(self, path: Path, text: Text, *, at_key: bool = False, offset: int = 0) -> None:
        """Add an issue at a path, or at its nearest parent that exists in the file."""
        self.issues.append(self.issue(path, text, at_key=at_key, offset=offset))

    def issue(self, path: Path, text: Text, *, at_key: bool = False, offset: int = 0) -> Issue:
        """An issue at a path; `offset` counts characters into a text on one line."""
        while path not in self.places and path:
            path, at_key, offset = path[:-1], False, 0
        place = self.places.get(path, Place(1, 1, 1, 1))
        if at_key:
            return Issue(self.file, place.key_line, place.key_column, text)
        return Issue(self.file, place.line, place.column + offset, text)


def read(file: str, text: str | bytes) -> Document:
    """Parse a YAML file; what is wrong with its syntax is in `issues` and `data` is then None."""
    document = Document(file)
    source = _decoded(document, text)
    if source is None:
        return document
    try:
        root = YAML(typ="safe", pure=True).compose(source) if _is_plain(document, source) else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.issues.append(Issue(file, line, column, _syntax(source, line, error)))
        return document
    except (YAMLError, RecursionError) as error:
        document.issues.append(Issue(file, 1, 1, _not_yaml(str(error).splitlines()[0])))
        return document
    if root is not None:
        document.data = _build(document, root, (), Place(1, 1, 1, 1), 0)
    return document


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
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - text.rfind(b"\n", 0, error.start)
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


def _is_plain(document: Document, source: str) -> bool:
    """Whether the file is free of anchors, aliases, tags and absurd depth; else says where."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(source):
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        has_extra = getattr(event, "anchor", None) or (
            getattr(event, "tag", None) and name in {"ScalarEvent", "MappingStartEvent"}
        )
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


def _syntax(source: str, line: int, error: MarkedYAMLError) -> Text:
    lines = source.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in str(error.problem):
        return Text(
            "tabulation : YAML s'indente avec des espaces, remplacez-la",
            "tab: YAML is indented with spaces, replace it",
        )
    return _not_yaml(str(error.problem or error.context))


def _not_yaml(problem: str) -> Text:
    return Text(
        f"ce n'est pas du YAML valide ({problem}) : vérifiez l'indentation, les guillemets et les "
        "deux-points",
        f"this is not valid YAML ({problem}): check indentation, quotes and colons",
    )


def _build(document: Document, node: Node, path: Path, place: Place, depth: int) -> Data:
    mark = node.start_mark
    document.places[path] = Place(mark.line + 1, mark.column + 1, place.key_line, place.key_column)
    match node:
        case MappingNode():
            return _build_mapping(document, node, path, depth)
        case SequenceNode():
            return [
                _build(document, child, (*path, index), document.places[path], depth + 1)
                for index, child in enumerate(node.value)
            ]
        case ScalarNode():
            return None if node.style is None and node.value in {"", "~"} else node.value
    raise AssertionError(node)


def _build_mapping(document: Document, node: MappingNode, path: Path, depth: int) -> Data:
    data: dict[str, Data] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        key_place = Place(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 1)
        key = key_node.value if isinstance(key_node, ScalarNode) else str(key_node.value)
        if key in data:
            document.issues.append(
                Issue(
                    document.file,
                    key_place.line,
                    key_place.column,
                    Text(f"la clé « {key} » est écrite deux fois", f"key '{key}' is written twice"),
                )
            )
            continue
        data[key] = _build(document, value_node, (*path, key), key_place, depth + 1)
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
        if isinstance(current, type) and issubclass(current, BaseModel):
            found = current.model_fields.get(str(step))
            current = found.annotation if found else None
        else:
            arguments = get_args(current)
            current = arguments[-1] if arguments else None
        candidates = [current, *get_args(current)]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        current = models[0] if models else current
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [found.alias or name for name, found in current.model_fields.items()]
    return []


class Misfit(ValueError):  # noqa: N818 - it is a value that does not fit
    """A value that a validator refuses, with a sentence in both languages."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(fr, en)


def _translated(detail: ErrorDetails) -> Text:
    given = detail.get("input")
    shown = f"'{given}'" if isinstance(given, str) else type(given).__name__
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
            expected = detail.get("ctx", {}).get("expected", "")
            return Text(
                f"{shown} n'est pas admis ici : {expected}", f"{shown} is not allowed: {expected}"
            )
        case _:
            return Text(f"{shown} : {detail['msg']}", f"{shown}: {detail['msg']}")
