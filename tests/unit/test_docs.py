"""The documents tell the truth: their examples compile, their links lead somewhere."""

import re
from pathlib import Path

import pytest

from rules.examples import FILE
from rules.rulebook import compile_rulebook
from service.examples import run as outcomes
from service.settings import Settings
from tests.playbooks import shipped

TODAY = 20_000
ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TOP_LEVEL = re.compile(r"^(\w+):", re.MULTILINE)


CONDITION = re.compile(r"^\| `(.+?)` \| `(.+?)` \| (true|false|unknown) \|", re.MULTILINE)


def page() -> str:
    return (ROOT / "docs" / "playbook.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    return YAML.findall(page())


def with_example(example: str) -> dict[str, str]:
    """The shipped playbook in which the rules of an example replace those of the same name."""
    files = dict(shipped())
    # The shipped examples hold for the shipped rules.
    del files[FILE]
    name = "fields.yaml" if example.startswith(("account:", "write:")) else "segments.yaml"
    text = files[name]
    for key in TOP_LEVEL.findall(example):
        text = re.sub(rf"(?ms)^{key}:.*?(?=^\w|\Z)", "", text)
    files[name] = f"{text}\n{example}"
    return files


def test_the_playbook_page_has_examples() -> None:
    assert len(examples()) >= 5


RULES = [each for each in examples() if not each.startswith(("account:", "always:"))]


@pytest.mark.parametrize("example", RULES)
def test_an_example_of_the_playbook_page_compiles(example: str) -> None:
    compile_rulebook(with_example(example))


def test_the_examples_of_the_playbook_page_hold() -> None:
    (tests,) = [each for each in examples() if each.startswith("always:")]
    assert outcomes(compile_rulebook({**shipped(), FILE: tests}), TODAY) == []


def test_the_truths_of_the_playbook_page_are_those_of_the_rules() -> None:
    told = CONDITION.findall(page())
    assert len(told) > 25
    files = shipped()
    words = {"true": "yes", "false": "no", "unknown": "unknown"}
    files["segments.yaml"] += "".join(
        f'asked_{number}: {{when: "{condition}"}}\n'
        for number, (condition, _, _) in enumerate(told)
    )
    files[FILE] = "examples:\n" + "".join(
        f"  {number}: {{given: {{{given}}}, expect: {{asked_{number}: {words[truth]}}}}}\n"
        for number, (_, given, truth) in enumerate(told)
    )
    assert outcomes(compile_rulebook(files), TODAY) == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"`ARPENT_{name.upper()}`" not in page]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_to_what_exists(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert missing == []
