"""The pack in Markdown and in HTML: whatever a CRM holds stays a text."""

from html.parser import HTMLParser

import pytest

from rules.language import Language
from rules.review.pack import Pack, Part, markdown, page

HOSTILE = [
    "<script>alert(1)</script>", "a | b | c", "`code` *gras* _x_", "[lien](https://x.example)",
    "![image](x)", "ligne\n# titre", "\u202egauche", "&lt;b&gt;", '"><img src=x onerror=1>',
    "1. un", "- deux", "<!-- x -->",
]  # fmt: skip


def pack(name: str) -> Pack:
    return Pack(
        language=Language.FR, title=name, intro=name,
        parts=[Part(title=name, sentences=[name], head=[name, "B"], rows=[[name, "1"]],
                    points=[name])],
        foot=[name],
    )  # fmt: skip


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {sorted(name for name, _ in attrs)}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Seen:
    seen = Seen()
    seen.feed(text)
    return seen


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_text_in_html(name: str) -> None:
    seen, plain = read(page(pack(name))), read(page(pack("x")))
    assert seen.tags == plain.tags
    shown = name.replace("\n", " ").replace("\u202e", "")
    assert shown in seen.texts


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_changes_nothing_of_markdown(name: str) -> None:
    told, plain = markdown(pack(name)), markdown(pack("x"))
    assert len(told.splitlines()) == len(plain.splitlines())
    (row,) = [line for line in told.splitlines() if line.endswith("| 1 |")]
    assert row.replace("\\|", "").count("|") == 3
    for mark in ("<", "[", "`", "*"):
        assert f"{mark}" not in told.replace(f"\\{mark}", "")


def test_the_page_needs_nothing_else_and_can_be_printed() -> None:
    told = page(pack("x"))
    assert "http" not in told
    assert "@media print" in told
    assert '<html lang="fr">' in told
