"""The pack of a territory review, as plain values, in Markdown and in HTML.

Sections of paragraphs, lists and tables in one language; `service.review` fills them. Whatever
comes from a CRM is escaped in both, and stands on one line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from rules.language import Language, shown

# What Markdown, or HTML within it, could take for its own.
_MARKED = re.compile(r"([\\`*_\[\]<>#|~&])")
# What begins a list where it begins a line.
_LISTS = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))")
_STYLE = """\
body{font:16px/1.45 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;max-width:46rem;
margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #8a8a8a77;vertical-align:top}
th{white-space:nowrap}td{overflow-wrap:break-word}td+td{font-variant-numeric:tabular-nums}
p{margin:.4rem 0}ul{margin:.4rem 0;padding-left:1.2rem}.faint{font-size:.85rem;opacity:.8}
@page{margin:18mm}@media print{body{margin:0;max-width:none;font-size:11pt}
h2{break-after:avoid}tr,li{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section: sentences, then a table under its head, then a list."""

    title: str
    sentences: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    points: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A whole pack; `foot` says how its figures are made."""

    language: Language
    title: str
    intro: str
    parts: Sequence[Part]
    foot: Sequence[str] = ()


def markdown(pack: Pack) -> str:
    """The pack as Markdown, with tables as GitHub and most editors read them."""
    return "\n".join(_markdown(pack)) + "\n"


def _markdown(pack: Pack) -> Iterator[str]:
    yield f"# {_marked(pack.title)}"
    yield f"\n{_marked(pack.intro)}"
    for part in pack.parts:
        yield f"\n## {_marked(part.title)}\n"
        for sentence in part.sentences:
            yield f"{_marked(sentence)}\n"
        if part.rows:
            yield _row(part.head)
            yield _row(["---"] * len(part.head), is_rule=True)
            for row in part.rows:
                yield _row(row)
            yield ""
        for point in part.points:
            yield f"- {_marked(point)}"
    for sentence in pack.foot:
        yield f"\n{_marked(sentence)}"


def _row(cells: Sequence[str], *, is_rule: bool = False) -> str:
    return f"| {' | '.join(each if is_rule else _marked(each) for each in cells)} |"


def _marked(text: str) -> str:
    return _LISTS.sub(_unlisted, _MARKED.sub(r"\\\1", shown(text)))


def _unlisted(found: re.Match[str]) -> str:
    """A bullet that is none; the number of a list, with a point that is none."""
    return f"{found[1]}\\{found[2]}" if found[2] in "-+" else f"{found[1]}{found[2]}\u200a"


def page(pack: Pack) -> str:
    """The pack as one HTML page that needs nothing else, for a screen or paper."""
    return "\n".join(_html(pack)) + "\n"


def _html(pack: Pack) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{pack.language.value}"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{_plain(pack.title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{_plain(pack.title)}</h1><p>{_plain(pack.intro)}</p>"
    for part in pack.parts:
        yield f"<h2>{_plain(part.title)}</h2>"
        yield from (f"<p>{_plain(sentence)}</p>" for sentence in part.sentences)
        if part.rows:
            head = "".join(f'<th scope="col">{_plain(each)}</th>' for each in part.head)
            yield f"<table><thead><tr>{head}</tr></thead><tbody>"
            for row in part.rows:
                yield f"<tr>{''.join(f'<td>{_isolated(each)}</td>' for each in row)}</tr>"
            yield "</tbody></table>"
        if part.points:
            points = "".join(f"<li>{_isolated(each)}</li>" for each in part.points)
            yield f"<ul>{points}</ul>"
    yield from (f'<p class="faint">{_plain(sentence)}</p>' for sentence in pack.foot)
    yield "</body></html>"


def _plain(text: str) -> str:
    return escape(shown(text))


def _isolated(text: str) -> str:
    """A text that may be a name written from right to left: it turns nothing around it."""
    return f"<bdi>{_plain(text)}</bdi>"
