"""The documents tell the truth: their examples compile, their links lead somewhere."""

import re
from pathlib import Path

import pytest

from rules.rulebook import compile_rulebook
from service.settings import Settings
from tests.playbooks import shipped

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TOP_LEVEL = re.compile(r"^(\w+):", re.MULTILINE)


def examples() -> list[str]:
    return YAML.findall((ROOT / "docs" / "playbook.md").read_text(encoding="utf-8"))


def with_example(example: str) -> dict[str, str]:
    """The shipped playbook in which the rules of an example replace those of the same name."""
    files = dict(shipped())
    name = "fields.yaml" if example.startswith(("account:", "write:")) else "segments.yaml"
    text = files[name]
    for key in TOP_LEVEL.findall(example):
        text = re.sub(rf"(?ms)^{key}:.*?(?=^\w|\Z)", "", text)
    files[name] = f"{text}\n{example}"
    return files


def test_the_playbook_page_has_examples() -> None:
    assert len(examples()) >= 5


@pytest.mark.parametrize("example", [each for each in examples() if "account:" not in each])
def test_an_example_of_the_playbook_page_compiles(example: str) -> None:
    compile_rulebook(with_example(example))


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"`ARPENT_{name.upper()}`" not in page]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_to_what_exists(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert missing == []
