"""YAML read with positions: every value is text that knows its line and column.

No YAML typing takes place (`NO` stays text, `010` stays `010`): the models that read a document
decide what a text means, so an error can always point at the place it came from. Anchors,
aliases, tags, duplicate keys and documents over 256 KB are refused.
"""

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from rules import yaml_commas
from rules.language import Text
from rules.located import Data, Document, Issue, Path, Place, Written

SIZE_LIMIT = 256 * 1024


DEPTH_LIMIT = 20
# A playbook and its plans. One process reads the same files again: to check, preview and publish.
_FILES_KEPT = 16


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
    """The tree of the file, which nobody changes; None where it is empty or not plain."""
    root, extra = tree_of(document.source)
    if extra is not None:
        line, column = extra
        document.issues.append(Issue(document.file, line, column, _NOT_PLAIN))
    return root


@lru_cache(maxsize=_FILES_KEPT)
def tree_of(source: str) -> tuple[Node | None, tuple[int, int] | None]:
    """What a source says, or the line and column where it is not plain; errors are not kept."""
    heard: list[Event] = []
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(source):
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        has_extra = getattr(event, "anchor", None) or getattr(event, "tag", None)
        if has_extra or depth > DEPTH_LIMIT:
            mark = event.start_mark
            return None, (mark.line + 1, mark.column + 1)
        heard.append(event)
    composing = YAML(typ="safe", pure=True)
    composing.Parser = lambda loader: _Heard(heard)  # noqa: ARG005 - called by this name
    return composing.compose(""), None


class _Heard:
    """What a parser has said, given again: parsing is most of what reading takes."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = deque(events)

    def check_event(self, *choices: type[Event]) -> bool:
        return isinstance(self._events[0], choices)

    def peek_event(self) -> Event:
        return self._events[0]

    def get_event(self) -> Event:
        return self._events.popleft()

    def dispose(self) -> None:
        self._events.clear()


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


_NOT_PLAIN = Text(
    "ancres (&, *), étiquettes (!) et imbrications profondes ne sont pas "
    "admises : écrivez la valeur en clair",
    "anchors (&, *), tags (!) and deep nesting are not allowed: write the value out",
)


_UNREADABLE = Text(
    "ce caractère est invisible ou interdit : supprimez-le et écrivez-le à nouveau",
    "this character is invisible or not allowed: delete it and type it again",
)


_NEVER_CLOSED = Text("guillemet jamais fermé", "this quote is never closed")


_AFTER_QUOTE = Text(
    "texte inattendu : un guillemet ou une accolade se ferme trop tôt avant lui",
    "unexpected text: a quote or a brace before it closes too early",
)


_UNMERGED = Text(
    "marque d'un conflit de git : choisissez l'une des deux versions et retirez les marques",
    "mark of a git conflict: choose one of the two versions and remove the marks",
)


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
    "expected the node content": Text(
        "il manque une valeur ici, ou le fichier s'arrête trop tôt",
        "a value is missing here, or the file ends too early",
    ),
    "unknown escape character": Text(
        "\\ a un sens entre guillemets doubles : doublez-le, ou mettez le texte entre apostrophes",
        "\\ has a meaning in double quotes: double it, or put the text in single quotes",
    ),
    "another document": Text(
        "« --- » commence un autre document : écrivez un fichier pour chacun",
        "'---' begins another document: write one file for each",
    ),
}


# What escapes of a quoted text can write and no database holds.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})", re.MULTILINE)


def _syntax(document: Document, error: MarkedYAMLError) -> Issue:
    """An error of the parser as a sentence, at the place to mend."""
    if conflict := _CONFLICT.search(document.source):
        return document._at(conflict.start(), _UNMERGED)  # noqa: SLF001 - of this module
    problem = str(error.problem or error.context)
    mark = error.problem_mark or error.context_mark
    text = next(
        (sentence for words, sentence in _MISTAKES.items() if words in problem), _not_yaml(problem)
    )
    if "quoted scalar" in str(error.context) and "end of stream" in problem:
        mark, text = error.context_mark, _NEVER_CLOSED
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    here = [*document.source.split("\n"), ""][line - 1]
    if "expected <block end>" in problem and here[: column - 1].strip(" -"):
        text = _AFTER_QUOTE
    opened = error.context_mark.line + 1 if error.context_mark else line
    if "expected ',' or" in problem and opened < line:
        text = Text(
            f"{text.fr} (ce qui s'ouvre à la ligne {opened})",
            f"{text.en} (what opens on line {opened})",
        )
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
    for found in _NO_TEXT.finditer(value):
        document.complain(path, _UNREADABLE, offset=found.start())
    return value


def _build_mapping(document: Document, node: MappingNode, path: Path) -> Data:
    data: dict[str, Data] = {}
    before: tuple[str, Node] | None = None
    for key_node, value_node in node.value:
        if before and (whole := yaml_commas.cut_in_two(node, before[1], key_node, value_node)):
            # Read as it was meant, so that nothing else is told of it.
            data[before[0]] = whole
            document.complain((*path, before[0]), yaml_commas.told(whole))
            before = None
            continue
        before = None
        mark = key_node.start_mark
        place = Place(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 1)
        if not isinstance(key_node, ScalarNode) or _NO_TEXT.search(key_node.value):
            text = Text(
                "il faut ici un nom : mettez entre guillemets un texte qui commence par { ou [",
                "a name is needed here: put in quotes a text that begins with { or [",
            )
        elif key_node.value in data:
            text = Text(
                f"la clé « {key_node.value} » est écrite deux fois : gardez-en une",
                f"key '{key_node.value}' is written twice: keep one",
            )
        else:
            key: str = key_node.value
            data[key] = _build(document, value_node, (*path, key), place)
            before = (key, value_node)
            continue
        document.issues.append(Issue(document.file, place.line, place.column, text))
    return data
