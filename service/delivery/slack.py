"""A digest as the message of a Slack incoming webhook.

Limits as Slack documents them: 50 blocks in a message, 150 characters in a header, 3,000 in the
text of a section. `&`, `<` and `>` are Slack's only control characters, written as entities: no
mention, no link and no address can be written without them. `verbatim` keeps Slack from making
some of plain words. The signs of bold, italic, struck and code can't be escaped there: what is
not ours has look-alikes instead.
Source: Slack's reference of Block Kit and of formatting text for app surfaces.
"""

from collections.abc import Iterator
from typing import Any

from rules.digest.digest import Digest, Line, Piece, Section, is_address, left_out, pieces
from rules.language import Text

BLOCKS = 50
HEADER = 150
SECTION = 3_000
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOK_ALIKES = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ"})

Payload = dict[str, Any]


def message(digest: Digest) -> Payload:
    """The message, within all limits: what is too long is left out, and said to be."""
    blocks = [_header(digest.subject), *_paragraphs([escaped(digest.intro)])]
    for section in digest.sections:
        blocks += _section(section, digest)
    foot = [escaped(text) for text in digest.foot]
    closing: list[Payload] = [{"type": "divider"}, *_paragraphs(foot)] if foot else []
    room = BLOCKS - len(closing)
    if len(blocks) > room:
        cut_short = Text("… la suite : « arpent digest show »", "… the rest: `arpent digest show`")
        blocks = [*blocks[: room - 1], *_paragraphs([escaped(cut_short.to(digest.language))])]
    # What a notification shows, and what a client without blocks does.
    return {"text": _cut(escaped(digest.subject), SECTION), "blocks": [*blocks, *closing]}


def escaped(text: str) -> str:
    """A text that Slack shows as it is."""
    return text.translate(_LOOK_ALIKES).translate(_ENTITIES)


def _section(section: Section, digest: Digest) -> Iterator[Payload]:
    yield _header(section.title)
    lines = [_line(line, digest) for line in section.lines]
    if more := left_out(section, digest.language):
        lines.append(escaped(more))
    yield from _paragraphs(lines)


def _line(line: Line, digest: Digest) -> str:
    return "• " + "".join(_piece(piece) for piece in pieces(line, digest.language))


def _piece(piece: Piece) -> str:
    """A name is a link where its page is known: between its bars no sign has a meaning."""
    shown = escaped(piece.text)
    if is_address(piece.link):
        shown = f"<{piece.link.translate(_ENTITIES)}|{shown.replace('|', '¦')}>"
    return f"*{shown}*" if piece.is_strong else shown


def _header(text: str) -> Payload:
    # Plain text with neither emoji nor markup; its length counts what Slack makes of entities too.
    shortened = _cut(text.translate(_ENTITIES), HEADER) or "–"
    return {"type": "header", "text": {"type": "plain_text", "text": shortened, "emoji": False}}


def _paragraphs(lines: list[str]) -> Iterator[Payload]:
    """Sections that hold as many lines each as fit."""
    held = ""
    for line in (_cut(each, SECTION) for each in lines if each):
        if held and len(held) + 1 + len(line) > SECTION:
            yield _paragraph(held)
            held = ""
        held = f"{held}\n{line}" if held else line
    if held:
        yield _paragraph(held)


def _paragraph(text: str) -> Payload:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _cut(text: str, length: int) -> str:
    """A text of entities cut to a length, never within an entity nor within a link."""
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    opened = kept.rfind("<")
    if opened >= 0 and ">" not in kept[opened:]:
        kept = kept[:opened]
    begun = kept.rfind("&")
    if begun >= 0 and ";" not in kept[begun:]:
        kept = kept[:begun]
    return f"{kept}…"
