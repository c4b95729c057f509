"""A digest as the HTML of a mail: inline styles, no image, legible on light and on dark.

No colour is set for text nor for the ground, so that a reader's dark mode decides both; what is
set (lines, a bar) is seen on either. Everything that is not ours is escaped, and names stand in
`bdi`, so that one written from right to left turns nothing around it.
"""

from collections.abc import Iterator
from html import escape

from rules.digest.digest import Digest, Line, Piece, Section, is_address, left_out, pieces

_FONT = (
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;"
    "line-height:1.45"
)
_BREAKS = "overflow-wrap:anywhere;word-break:break-word"
_HEAD = "margin:0 0 12px;font-size:21px;line-height:1.3"
_TITLE = "margin:0 0 8px;font-size:18px;line-height:1.3;font-weight:600"
_ROW = f"padding:6px 0;border-top:1px solid #8a8a8a55;vertical-align:top;{_BREAKS}"
# The colour of the text around it, underlined: legible on any ground.
_LINK = "color:inherit;text-decoration:underline"
_FAINT = f"font-size:13px;opacity:.8;{_BREAKS}"


def page(digest: Digest) -> str:
    """The whole document, its lines short enough for any mail server."""
    return "\n".join(_parts(digest)) + "\n"


def _parts(digest: Digest) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{digest.language.value}">'
    yield '<head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="supported-color-schemes" content="light dark">'
    yield f"<title>{escape(digest.subject)}</title></head>"
    yield f'<body style="margin:0;padding:0;{_FONT}">'
    # Outlook knows no greatest width, but one of a table.
    yield '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">'
    yield '<tr><td align="center" style="padding:16px 12px">'
    yield '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
    yield f'style="max-width:600px;text-align:left;{_FONT}"><tr><td>'
    yield f'<h1 style="{_HEAD}">{escape(digest.subject)}</h1>'
    yield f'<p style="margin:0 0 20px;{_BREAKS}">{escape(digest.intro)}</p>'
    for section in digest.sections:
        yield from _section(section, digest)
    for text in digest.foot:
        yield f'<p style="margin:0 0 6px;{_FAINT}">{escape(text)}</p>'
    yield "</td></tr></table></td></tr></table></body></html>"


def _section(section: Section, digest: Digest) -> Iterator[str]:
    bar = "border-left:4px solid #c77700;padding:2px 0 2px 12px;" if section.stands_out else ""
    yield f'<div style="margin:0 0 24px;{bar}">'
    yield f'<h2 style="{_TITLE}">{escape(section.title)}</h2>'
    yield '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
    yield f'style="{_FONT}">'
    for line in section.lines:
        yield f'<tr><td style="{_ROW}">{_line(line, digest)}</td></tr>'
    if more := left_out(section, digest.language):
        yield f'<tr><td style="{_ROW};{_FAINT}">{escape(more)}</td></tr>'
    yield "</table></div>"


def _line(line: Line, digest: Digest) -> str:
    return "".join(_piece(piece) for piece in pieces(line, digest.language))


def _piece(piece: Piece) -> str:
    if piece.is_ours:
        return escape(piece.text)
    shown = f"<bdi>{escape(piece.text)}</bdi>"
    if is_address(piece.link):
        shown = f'<a href="{escape(piece.link)}" style="{_LINK}">{shown}</a>'
    return f"<strong>{shown}</strong>" if piece.is_strong else shown
