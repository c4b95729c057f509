"""The documents tell the truth: their examples compile, their commands exist, their links lead on.

The playbook has a page in each language, with the same examples. An example is tried within the
shipped playbook: a first line such as `# fields.yaml` names its file, else it is `segments.yaml`.
One that is shown as wrong (`yaml broken`) is a whole file, and what the command line says of it is
what stands below it.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from rules.examples import FILE
from rules.rulebook import compile_rulebook
from service.cli.commands import app
from service.examples import run as outcomes
from service.settings import Settings
from tests.acceptance.shell import Shell
from tests.playbooks import shipped

TODAY = 20_000
PROGRAM = get_command(app)
ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PAGES = {"en": ROOT / "docs" / "playbook.md", "fr": ROOT / "docs" / "playbook.fr.md"}
TRUTHS = {
    "true": "yes", "false": "no", "unknown": "unknown",
    "vraie": "yes", "fausse": "no", "inconnue": "unknown",
}  # fmt: skip
# What the command line answers to these is compared with what the page shows.
ANSWERED = ("rules check", "rules test", "rules export")
MERGED = "fields.yaml"
RULES = "segments.yaml"
SKIPPED = "…"

FENCE = re.compile(r"^ *(?:\d+\. )?```([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
NAMED = re.compile(r"\A# (\S+\.yaml)\n")
TOP_LEVEL = re.compile(r"^(\w+):", re.MULTILINE)
COMMENT = re.compile(r"(?m)(?:^|\s+)#.*$")
CONDITION = re.compile(rf"^\| `(.+?)` \| `(.+?)` \| ({'|'.join(TRUTHS)}) \|", re.MULTILINE)
COMMAND = re.compile(r"(?:^|&&) *(?:\$ |\S*/)?arpent ((?:(?!&&).)+)", re.MULTILINE)
SPOKEN = re.compile(r"`arpent ([^`]+)`|« arpent ([^»]+?) »")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what stands after the fence, and its lines."""

    kind: str
    text: str


def text_of(language: str) -> str:
    return PAGES[language].read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [Block(kind.strip(), body) for kind, body in FENCE.findall(text)]


def examples(kind: str = "yaml", language: str = "en") -> list[str]:
    return [block.text for block in blocks(text_of(language)) if block.kind == kind]


def file_of(example: str) -> str:
    found = NAMED.match(example)
    return found[1] if found else RULES


def without_comments(example: str) -> tuple[str, list[str]]:
    lines = (line.rstrip() for line in COMMENT.sub("", example).splitlines())
    return file_of(example), [line for line in lines if line]


def with_example(example: str) -> dict[str, str]:
    """The shipped playbook in which what an example defines replaces what has the same name."""
    name, body = file_of(example), NAMED.sub("", example)
    files = dict(shipped())
    if name == FILE:
        return {**files, FILE: body}
    # The shipped examples hold for the shipped rules.
    del files[FILE]
    if name == MERGED:
        files[name] = merged(files[name], body)
    elif name == RULES:
        files[name] = f"{dropped(files[name], TOP_LEVEL.findall(body))}\n{body}"
    else:
        assert name in files
        files[name] = body
    return files


def dropped(text: str, names: list[str], indent: str = "") -> str:
    """A text without the keys of these names at an indentation, and all that is under them."""
    for name in names:
        text = re.sub(rf"(?ms)^{indent}{name}:.*?(?=^{indent}\w|^\w|\Z)", "", text)
    return text


def merged(text: str, example: str) -> str:
    """`fields.yaml` with the entries of an example in each of its sections."""
    keys = TOP_LEVEL.findall(example)
    bodies = re.split(r"(?m)^\w+:.*\n", example)[1:]
    for key, body in zip(keys, bodies, strict=True):
        if key == "write":
            text = f"{dropped(text, [key])}\n{key}:\n{body}"
            continue
        names = re.findall(r"(?m)^  (\w+):", body)
        found = re.search(rf"(?ms)^{key}:\n(.*?)(?=^\w|\Z)", text)
        assert found is not None
        kept = dropped(found[1], names, "  ")
        text = f"{text[: found.start()]}{key}:\n{body}{kept}\n{text[found.end() :]}"
    return text


def test_both_pages_of_the_playbook_have_the_same_parts() -> None:
    english, french = (parts(text_of(language)) for language in PAGES)
    assert len(english) > 150
    assert english == french


def parts(text: str) -> list[str]:
    """The headings' levels, the kinds of blocks, and of each row of a table its code, in order."""
    found = []
    for line in FENCE.sub(r"```\1", text).splitlines():
        if line.startswith("#"):
            found.append(line.split(" ")[0])
        elif line.startswith("```"):
            found.append(line)
        elif line.startswith("|"):
            first = re.match(r"\| (`[^|]*`) \|", line)
            found.append(first[1] if first else "|")
    return found


@pytest.mark.parametrize("kind", ["yaml", "yaml broken", "text"])
def test_both_pages_of_the_playbook_have_the_same_examples(kind: str) -> None:
    assert [without_comments(each) for each in examples(kind, "en")] == [
        without_comments(each) for each in examples(kind, "fr")
    ]


def test_both_pages_of_the_playbook_ask_the_same_of_the_command_line() -> None:
    asked = {
        language: [line for line in text_of(language).splitlines() if line.startswith("$ ")]
        for language in PAGES
    }
    assert asked["en"] == asked["fr"]
    assert len(asked["en"]) > 10


def test_every_file_of_a_playbook_has_an_example() -> None:
    named = {file_of(example) for example in examples()}
    assert named == set(shipped())


@pytest.mark.parametrize("example", [each for each in examples() if file_of(each) != FILE])
def test_an_example_of_the_playbook_page_compiles(example: str) -> None:
    compile_rulebook(with_example(example))


def test_the_examples_of_the_playbook_page_hold() -> None:
    (tests,) = [each for each in examples() if file_of(each) == FILE]
    rulebook = compile_rulebook(with_example(tests))
    assert len(rulebook.examples) >= 3
    assert outcomes(rulebook, TODAY) == []


@pytest.mark.parametrize("language", PAGES)
def test_the_truths_of_the_playbook_page_are_those_of_the_rules(language: str) -> None:
    told = CONDITION.findall(text_of(language))
    assert len(told) > 25
    files = shipped()
    files[RULES] += "".join(
        f'asked_{number}: {{when: "{condition}"}}\n'
        for number, (condition, _, _) in enumerate(told)
    )
    files[FILE] = "examples:\n" + "".join(
        f"  {number}: {{given: {{{given}}}, expect: {{asked_{number}: {TRUTHS[truth]}}}}}\n"
        for number, (_, given, truth) in enumerate(told)
    )
    assert outcomes(compile_rulebook(files), TODAY) == []


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a page shows it, with its answer, over the playbook that stands before it."""

    language: str
    words: list[str]
    answer: list[str]
    files: Mapping[str, str]


def broken(before: Block) -> dict[str, str]:
    """The playbook with a wrong file in the place of its own; else the shipped one."""
    files = dict(shipped())
    if before.kind != "yaml broken":
        return files
    name = file_of(before.text)
    if name != FILE:
        del files[FILE]
    # A file of rules is shown from its first line, so that places are those of the page.
    files[name] = before.text
    if name == RULES:
        # Its rules are few: the shipped cut by segment is by a rule that is not among them.
        files["kpis.yaml"] = files["kpis.yaml"].replace("  segment: industry ", "  # ")
    return files


def conversations() -> Iterator[Shown]:
    for language in PAGES:
        for before, block in pairwise(blocks(text_of(language))):
            if block.kind != "console":
                continue
            for part in re.split(r"(?m)^\$ arpent ", block.text)[1:]:
                asked, *answer = part.splitlines()
                if asked.startswith(ANSWERED):
                    yield Shown(language, shlex.split(asked), answer, broken(before))


ANSWERS = list(conversations())


def test_answers_are_shown_for_what_is_compared() -> None:
    asked = {(shown.language, " ".join(shown.words[:2])) for shown in ANSWERS}
    assert asked == {(language, command) for language in PAGES for command in ANSWERED}


@pytest.mark.parametrize("shown", ANSWERS, ids=lambda each: f"{each.language} {each.words[1]}")
def test_the_command_line_answers_what_the_page_shows(shown: Shown, tmp_path: Path) -> None:
    for name, text in shown.files.items():
        path = tmp_path / "playbook" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    shell = Shell(tmp_path, {"playbook": "playbook", "language": shown.language})
    said = shell.say(*shown.words)
    assert shown_as(shown.answer, spoken(said.out or said.err)), said.out or said.err


def spoken(text: str) -> list[str]:
    """What was said, without the line of a shipped file, which moves with every edit of it."""
    plain = re.sub(rf"({RULES}):\d+\)", r"\1:…)", text.replace("\u00a0", " "))
    return plain.rstrip().splitlines()


def shown_as(shown: list[str], said: list[str]) -> bool:
    """Whether lines are those that were said, `…` standing for any number of them."""
    if not shown:
        return not said
    if shown[0] == SKIPPED:
        return any(shown_as(shown[1:], said[start:]) for start in range(len(said) + 1))
    return bool(said) and shown[0] == said[0] and shown_as(shown[1:], said[1:])


def commands_of(document: Path) -> list[str]:
    """Every command line of a document, in a block or between its lines."""
    text = document.read_text(encoding="utf-8")
    in_blocks = [line for block in blocks(text) for line in COMMAND.findall(block.text)]
    between = [first or second for first, second in SPOKEN.findall(FENCE.sub("", text))]
    return [*in_blocks, *between]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_commands_that_exist(document: Path) -> None:
    wrong = [line for line in commands_of(document) if not exists(line)]
    assert wrong == []


def exists(line: str) -> bool:
    """Whether each word of a command line is a command, or an option of it."""
    command, rest = PROGRAM, shlex.split(line, comments=True)
    while isinstance(command, TyperGroup) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    if isinstance(command, TyperGroup):
        # `fields suggest|remove`, or a group as such: every one of its words is a command.
        names = rest[0].split("|") if rest else []
        return all(name in command.commands for name in names) and len(rest) < 2
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return all(word.split("=")[0] in options for word in rest if word.startswith("-"))


@pytest.mark.parametrize("language", PAGES)
def test_a_command_of_the_playbook_page_takes_what_it_is_given(language: str) -> None:
    for line in re.findall(r"(?m)^\$ arpent (.+)$", text_of(language)):
        command, rest = PROGRAM, shlex.split(line)
        while isinstance(command, TyperGroup):
            command, rest = command.commands[rest[0]], rest[1:]
        # Reads the words, and runs nothing; what does not fit is an exception.
        command.make_context("arpent", rest)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"`ARPENT_{name.upper()}`" not in page]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_to_what_exists(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    targets = [(document.parent / name if name else document, anchor) for name, anchor in links]
    assert [target for target, _ in targets if not target.exists()] == []
    anchored = [(target, anchor) for target, anchor in targets if anchor]
    assert [each for each in anchored if each[1] not in anchors(each[0])] == []


def anchors(document: Path) -> set[str]:
    """What a link may point to in a document: its headings, as a page of GitHub names them."""
    headings = re.findall(r"(?m)^#+ (.+)$", FENCE.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
