"""A digest as an adaptive card, in the envelope that a workflow webhook of Teams takes.

A message may have 28 kB; whether as UTF-8 or as UTF-16 is not said: the longer one counts.
Everything is in text runs (`RichTextBlock`, version 1.2): Markdown is not read in them, so a name
can be neither a link nor bold; mentions need an `entities` that the card does not have.
Source: Microsoft's reference of Adaptive Cards (TextRun) and the limits of Teams webhooks.
"""

from collections.abc import Sequence
from dataclasses import replace
from json import dumps
from typing import Any

from rules.digest.digest import Digest, Line, Piece, Section, is_address, left_out, pieces

BYTES = 28_000

Payload = dict[str, Any]


def message(digest: Digest) -> Payload:
    """The message in at most 28 kB: each section loses its last lines, and they are counted."""
    found = _enveloped(digest)
    while (share := BYTES / size(found)) < 1 and any(each.lines for each in digest.sections):
        sections = [_shortened(each, share) for each in digest.sections]
        digest = replace(digest, sections=sections)
        found = _enveloped(digest)
    return found


def size(payload: Payload) -> int:
    """How many bytes the message has, in UTF-8 or in UTF-16, whichever is more."""
    raw = written(payload)
    return max(len(raw), len(raw.decode().encode("utf-16-le")))


def written(payload: Payload) -> bytes:
    """The message on the wire."""
    return dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _shortened(section: Section, share: float) -> Section:
    """A section with such a share of its lines, one line less at least."""
    keep = max(0, min(int(len(section.lines) * share), len(section.lines) - 1))
    gone = len(section.lines) - keep
    return replace(section, lines=section.lines[:keep], more=section.more + gone)


def _enveloped(digest: Digest) -> Payload:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": digest.language.value,
        "fallbackText": digest.subject,
        "body": _body(digest),
        "msteams": {"width": "Full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(digest: Digest) -> list[Payload]:
    blocks = [_block([_run(digest.subject, weight="Bolder", size="Large")])]
    if digest.intro:
        blocks.append(_block([_run(digest.intro)]))
    for section in digest.sections:
        blocks += _section(section, digest)
    for number, text in enumerate(digest.foot):
        block = _block([_run(text, size="Small", isSubtle=True)])
        blocks.append({**block, "separator": number == 0})
    return blocks


def _section(section: Section, digest: Digest) -> list[Payload]:
    title = _block([_run(section.title, weight="Bolder")])
    blocks = [{**title, "separator": True, "spacing": "Medium"}]
    blocks += [{**_block(_runs(line, digest)), "spacing": "Small"} for line in section.lines]
    if more := left_out(section, digest.language):
        blocks.append(_block([_run(more, isSubtle=True)]))
    return blocks


def _runs(line: Line, digest: Digest) -> list[Payload]:
    return [_run("• "), *(_piece(piece) for piece in pieces(line, digest.language))]


def _piece(piece: Piece) -> Payload:
    looks: Payload = {"weight": "Bolder"} if piece.is_strong else {}
    if is_address(piece.link):
        looks["selectAction"] = {"type": "Action.OpenUrl", "url": piece.link}
    return _run(piece.text, **looks)


def _run(text: str, **looks: object) -> Payload:
    return {"type": "TextRun", "text": text, **looks}


def _block(runs: Sequence[Payload]) -> Payload:
    return {"type": "RichTextBlock", "inlines": list(runs)}
