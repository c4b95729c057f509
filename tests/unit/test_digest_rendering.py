"""Each rendering is parsed as its reader would: forty hostile names are only ever text."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from itertools import count
from typing import Any

import pytest

from rules.alert.lines import LineKind
from rules.digest.digest import Digest, Line, Section, named, plain
from rules.digest.manager import manager_digest
from rules.digest.rep import rep_digest
from rules.language import shown
from rules.records import Kind
from service import mail
from service.delivery import slack, teams
from service.delivery.apprise_addresses import inert
from service.delivery.page import page
from service.mail import Letter
from tests.unit import digests
from tests.unit.hostile_names import HOSTILE

OURS = {"html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "h2", "p", "div",
        "strong", "bdi"}  # fmt: skip
BIDI = set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Parsed(HTMLParser):
    """The elements and the text of a page, as a browser finds them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def all_of(name: str) -> Iterator[Digest]:
    """The digests in which a name stands everywhere where one can."""
    lines = [digests.line(kind, name) for kind in LineKind]
    rep = digests.rep(name, names=[name], lines=lines)
    week = digests.week(name)
    yield rep_digest(rep, week)
    yield manager_digest(rep, [rep], week, own=lines)


def test_there_are_forty_of_them() -> None:
    assert len(set(HOSTILE)) == 40


@pytest.mark.parametrize("name", HOSTILE)
def test_html_shows_it_and_obeys_nothing(name: str) -> None:
    for digest in all_of(name):
        found = Parsed(page(digest))
        assert {tag for tag, _ in found.elements} <= OURS
        for _, attributes in found.elements:
            assert attributes.keys() <= {
                "lang", "charset", "name", "content", "style", "role", "width", "cellpadding",
                "cellspacing", "border", "align",
            }  # fmt: skip
        assert found.comments == []
        assert "".join(each for each in found.texts if each == named(name)) != ""
        assert not BIDI & set(page(digest))


@pytest.mark.parametrize("name", HOSTILE)
def test_html_is_the_same_but_for_the_name(name: str) -> None:
    tags = [[tag for tag, _ in Parsed(page(each)).elements] for each in all_of(name)]
    assert tags[1] == [tag for tag, _ in Parsed(page(list(all_of("Nordet"))[1])).elements]


def strings(found: Any) -> Iterator[str]:
    match found:
        case dict():
            for each in found.values():
                yield from strings(each)
        case list():
            for each in found:
                yield from strings(each)
        case str():
            yield found


@pytest.mark.parametrize("name", HOSTILE)
def test_slack_finds_no_mention_link_nor_markup(name: str) -> None:
    for digest in all_of(name):
        payload = slack.message(digest)
        for text in strings(payload):
            assert "<" not in text
            assert ">" not in text
            assert all(rest.startswith(("amp;", "lt;", "gt;")) for rest in text.split("&")[1:])
            assert not BIDI & set(text)
        assert_slack_limits(payload)
        said = [block["text"] for block in payload["blocks"] if block["type"] == "section"]
        assert all(each == {"type": "mrkdwn", "text": each["text"], "verbatim": True}
                   for each in said)  # fmt: skip
        # A header is plain text; everywhere else the signs of markup are ours alone.
        for text in (payload["text"], *(each["text"] for each in said)):
            assert not set("_~`") & set(text)
        # Bold is ours: an even number of stars in each line, around the lead alone.
        for each in said:
            assert all(row.count("*") in (0, 2) for row in each["text"].split("\n"))


def assert_slack_limits(payload: dict[str, Any]) -> None:
    assert payload.keys() == {"text", "blocks"}
    assert 1 <= len(payload["blocks"]) <= 50
    for block in payload["blocks"]:
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            assert 1 <= len(block["text"]["text"]) <= 150
        elif block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3_000
        else:
            assert block == {"type": "divider"}


@pytest.mark.parametrize("name", HOSTILE)
def test_teams_reads_no_markdown_in_it(name: str) -> None:
    for digest in all_of(name):
        payload = teams.message(digest)
        card = assert_envelope(payload)
        for block in card["body"]:
            # Markdown is read in a TextBlock; in the runs of a RichTextBlock it is not.
            assert block["type"] == "RichTextBlock"
            assert block.keys() <= {"type", "inlines", "separator", "spacing"}
            for run in block["inlines"]:
                assert run["type"] == "TextRun"
                assert run.keys() <= {"type", "text", "weight", "size", "isSubtle"}
                assert not BIDI & set(run["text"])
        assert len(teams.written(payload)) <= 28_000


def assert_envelope(payload: dict[str, Any]) -> dict[str, Any]:
    assert payload.keys() == {"type", "attachments"}
    assert payload["type"] == "message"
    (attachment,) = payload["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card: dict[str, Any] = attachment["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["version"] == "1.4"
    assert "entities" not in card["msteams"]
    return card


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_has_its_headers_and_no_other(name: str) -> None:
    for digest in all_of(name):
        letter = Letter(
            sender="arpent@arpent.example", to="elise@arpent.example", subject=f"{name} – semaine",
            body=plain(digest), html=page(digest), key="k", at=1_782_730_800_000,
        )  # fmt: skip
        raw = mail.written(letter).as_bytes()
        found = message_from_bytes(raw, policy=default)
        assert isinstance(found, EmailMessage)
        assert set(found.keys()) == {
            "From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "MIME-Version",
            "Content-Type",
        }  # fmt: skip
        assert max(map(len, raw.splitlines())) <= 998
        text, html = found.iter_parts()
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert text.get_content() == plain(digest)
        assert html.get_content() == page(digest)


@pytest.mark.parametrize("name", HOSTILE)
def test_plain_text_keeps_each_line_one_line(name: str) -> None:
    expected = [len(plain(each).split("\n")) for each in all_of("Nordet")]
    assert len(plain(list(all_of(name))[1]).split("\n")) == expected[1]
    for digest in all_of(name):
        assert not BIDI & set(plain(digest))
        assert not set("@<>#`") & set(inert(plain(digest)))


def test_a_long_digest_stays_within_slack_and_teams() -> None:
    names = count()
    sections = [
        Section(
            title=f"Section {place}",
            lines=[Line(lead=f"Compte {next(names)}", text="&é" * 90) for _ in range(80)],
        )
        for place in range(40)
    ]
    digest = Digest(
        **{
            **{name: getattr(rep_digest(digests.rep(), digests.week()), name)
               for name in Digest.__slots__},
            "sections": sections,
        }
    )  # fmt: skip
    payload = slack.message(digest)
    assert_slack_limits(payload)
    assert len(payload["blocks"]) == 50
    assert any("arpent digest show" in text for text in strings(payload))
    card = teams.message(digest)
    assert_envelope(card)
    assert 5_000 < teams.size(card) <= 28_000
    assert any(text.startswith("et ") for text in strings(card))


def test_an_entity_is_never_cut_in_two() -> None:
    assert slack._cut("ab&amp;cd", 6) == "ab…"
    assert slack._cut("ab&amp;cd", 8) == "ab&amp;…"


def test_a_hidden_mark_is_taken_out_of_a_name() -> None:
    assert named("Nor\u202etedroN") == shown("Nor\u202etedroN") == "NortedroN"


def test_a_page_loads_nothing_and_sets_no_colour_of_text_or_ground() -> None:
    for digest in all_of("Nordet"):
        text = page(digest)
        assert "http" not in text
        assert "url(" not in text
        assert "background" not in text
        assert ";color:" not in text
        assert '"color:' not in text
        assert '<meta name="color-scheme" content="light dark">' in text
        assert len(text.encode()) < 100_000


PAGE = "https://app.hubspot.com/contacts/1/record/0-2/7"
BAD = (
    "javascript:alert(1)", "http://crm.example/7", "https://crm.example/7|x", "memory://account/7",
    'https://crm.example/"onclick=', "https://crm.example/<b>", "https://crm.example/ 7", "",
)  # fmt: skip


def linked(name: str, link: str) -> Digest:
    week = replace(digests.week(), pages={(Kind.ACCOUNT, 0): link})
    return rep_digest(digests.rep(names=[name]), week)


@pytest.mark.parametrize("name", [*HOSTILE, "A|B> & <C"])
def test_a_name_is_a_link_to_its_page_and_to_nothing_else(name: str) -> None:
    digest = linked(name, PAGE)
    found = [attributes for tag, attributes in Parsed(page(digest)).elements if tag == "a"]
    assert {each["href"] for each in found} == {PAGE}
    texts = "\n".join(strings(slack.message(digest)))
    assert texts.count("<") == texts.count(f"<{PAGE}|") >= 1
    assert texts.count(">") == texts.count("<")
    assert all("|" not in link.split(">")[0] for link in texts.split(f"<{PAGE}|")[1:])
    runs = [run for block in assert_envelope(teams.message(digest))["body"]
            for run in block["inlines"] if "selectAction" in run]  # fmt: skip
    assert [run["text"] for run in runs] == [named(name)] * len(found)
    assert all(run["selectAction"] == {"type": "Action.OpenUrl", "url": PAGE} for run in runs)
    assert PAGE not in plain(digest)


@pytest.mark.parametrize("link", BAD)
def test_what_is_no_address_of_a_page_is_no_link(link: str) -> None:
    digest = linked("Nordet inc.", link)
    assert "<a " not in page(digest)
    assert "<" not in "".join(strings(slack.message(digest)))
    assert "selectAction" not in str(teams.message(digest))


def test_a_link_is_never_cut_in_two() -> None:
    assert slack._cut(f"ab <{PAGE}|Nordet>", 20) == "ab …"
