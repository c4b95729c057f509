"""The weekly digest: what a rep, a manager or a channel reads on Monday, as plain values.

A digest is made of sections of lines. A line has a rank: the lower, the longer it stays when the
digest must be shortened. What was left out is counted, with where to see it. Renderings
(`service.delivery`) escape; here a text of the CRM is only put on one line and cut to a length.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from json import dumps, loads
from typing import Any, Self

from rules.language import Language, Text, shown

REP_WORDS = 250
"""How long a rep's digest may be, its titles and its foot counted."""
NAME_LENGTH = 60
TEXT_LENGTH = 220
_SUBJECT_LENGTH = 120
_LEAD = (140, 20)
_NAME_WORDS = 8
_RECORD = (48, 6)
_COLON = Text(" : ", ": ")
# Without `&`, quotes, brackets, bars and spaces; a CRM's pages have none of them. One that is
# emulated on this machine has no address that lasts.
_ADDRESS = re.compile(r"https://[a-z0-9][a-z0-9.-]*(?::\d+)?(?:/[A-Za-z0-9._~%#!@-]*)*")
_TEXT_WORDS = 32


class Audience(StrEnum):
    """Whom a digest is written for; one of a team names nobody beside a deviation."""

    REP = "rep"
    MANAGER = "manager"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of the CRM by its name, and the address of its page there; empty where unknown."""

    name: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: a name or a label that stands out, and what is said of it; either may be empty.

    `link` is the address of the page that the lead names. `records` are the first of those that
    the text speaks of, `others` how many more there are.
    """

    lead: str = ""
    text: str = ""
    rank: int = 0
    link: str = ""
    records: Sequence[Record] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line as it is shown: what is `is_ours` is no name and no text of anybody's."""

    text: str
    link: str = ""
    is_strong: bool = False
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines under a title. `more` were left out; `where` says where these are to be seen."""

    title: str
    lines: Sequence[Line] = ()
    more: int = 0
    where: str = ""
    stands_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest in the recipient's language. `recipient` is a rep's key, or `team`."""

    audience: Audience
    recipient: str
    language: Language
    period: str
    subject: str
    intro: str
    sections: Sequence[Section]
    foot: Sequence[str] = ()

    def to_json(self) -> str:
        """As a JSON text, its keys in order."""
        return dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Self:
        """The digest that `to_json` wrote."""
        data = loads(text)
        sections = [
            Section(lines=tuple(_line_of(line) for line in section.pop("lines")), **section)
            for section in data.pop("sections")
        ]
        return cls(
            audience=Audience(data.pop("audience")), language=Language(data.pop("language")),
            foot=tuple(data.pop("foot")), sections=tuple(sections), **data,
        )  # fmt: skip


def _line_of(data: dict[str, Any]) -> Line:
    """A line as kept; those of before records were told have none."""
    records = tuple(Record(**record) for record in data.pop("records", ()))
    return Line(records=records, **data)


def named(name: str) -> str:
    """A name as a digest shows it: on one line, nothing hidden in it, not endless."""
    return cut(name, NAME_LENGTH, _NAME_WORDS)


def recorded(name: str, link: str = "") -> Record:
    """A record behind a line: several stand on one, so that each name is shorter than alone."""
    return Record(name=cut(name, *_RECORD), link=link)


def said(text: str) -> str:
    """A sentence as a digest shows it."""
    return cut(text, TEXT_LENGTH, _TEXT_WORDS)


def headed(subject: str) -> str:
    """A subject as a digest shows it."""
    return cut(subject, _SUBJECT_LENGTH, _TEXT_WORDS)


def cut(text: str, length: int, words: int) -> str:
    """A text on one line, of at most so many characters and words; an ellipsis where it ends."""
    # What has no place in UTF-8 could not be sent.
    line = shown(text).encode("utf-8", "replace").decode().strip()
    found = line.split()
    if len(line) <= length and len(found) <= words:
        return line
    kept = " ".join(found[:words])[: length - 1].rstrip()
    # A mark that joins what follows would join the ellipsis.
    return f"{kept.rstrip(chr(0x200D))}…"


def is_address(link: str) -> bool:
    """Whether a link may be shown as one: of a page of the web, of signs that no format reads."""
    return _ADDRESS.fullmatch(link) is not None


def left_out(section: Section, language: Language) -> str:
    """`et 7 autres : dans le CRM`; empty where everything is shown."""
    if not section.more:
        return ""
    is_one = section.more == 1
    told = Text(
        f"et {section.more} {'autre' if is_one else 'autres'}", f"and {section.more} more"
    ).to(language)
    colon = Text(" : ", ": ").to(language)
    return f"{told}{colon}{section.where}" if section.where else told


def plain(digest: Digest) -> str:
    """The digest as plain text, its lines ended by one line feed each."""
    return "\n".join(_lines_of(digest)) + "\n"


def _lines_of(digest: Digest) -> Iterable[str]:
    if digest.intro:
        yield digest.intro
    for section in digest.sections:
        yield ""
        yield section.title.upper()
        for line in section.lines:
            yield f"- {one_line(line, digest.language)}"
        if more := left_out(section, digest.language):
            yield f"  {more}"
    if digest.foot:
        yield ""
        yield "--"
        yield from digest.foot


def one_line(line: Line, language: Language) -> str:
    """`Nordet inc. : pour mardi`; `Sans contact : 5 (Nordet inc., Acier Roy et 3 de plus)`."""
    return "".join(piece.text for piece in pieces(line, language))


def pieces(line: Line, language: Language) -> Iterator[Piece]:
    """The parts of a line in their order, none of them empty."""
    if line.lead:
        yield Piece(line.lead, line.link, is_strong=True)
    if line.lead and (line.text or line.records):
        yield Piece(_COLON.to(language), is_ours=True)
    if line.text:
        yield Piece(line.text)
    if line.records:
        yield from _recorded(line, language)


def _recorded(line: Line, language: Language) -> Iterator[Piece]:
    """`(Nordet inc., Acier Roy et 3 de plus)`, each name apart."""
    if line.text:
        yield Piece(" (", is_ours=True)
    last = Text(" et ", " and ").to(language)
    for place, record in enumerate(line.records):
        if place:
            is_last = place == len(line.records) - 1 and not line.others
            yield Piece(last if is_last else ", ", is_ours=True)
        yield Piece(record.name, record.link)
    if line.others:
        more = Text(f"{line.others} de plus", f"{line.others} more").to(language)
        yield Piece(f"{last}{more}", is_ours=True)
    if line.text:
        yield Piece(")", is_ours=True)


def words_in(text: str) -> int:
    """How many words a text has: whatever stands between spaces."""
    return len(text.split())


def fitted(digest: Digest, words: int = REP_WORDS) -> Digest:
    """The digest in at most so many words (50 or more): lines go, those of the highest rank first.

    Of two of a rank, the later goes. Then whole sections go, the last first. Before any line, of
    the records that a line names all but the first go.
    """
    found = digest if words_in(plain(digest)) <= words else _without_long(digest)
    if words_in(plain(found)) > words:
        found = _with_first_records(found)
    while words_in(plain(found)) > words:
        found = _shortened(found)
    return found


def _without_long(digest: Digest) -> Digest:
    """The digest with each of its texts cut, so that no single one fills it."""
    sections = [
        replace(
            section, title=named(section.title), where=said(section.where),
            lines=[
                replace(
                    line, lead=cut(line.lead, *_LEAD), text=said(line.text),
                    records=[recorded(each.name, each.link) for each in line.records],
                )
                for line in section.lines
            ],
        )
        for section in digest.sections
    ]  # fmt: skip
    foot = [said(each) for each in digest.foot]
    return replace(digest, intro=said(digest.intro), sections=sections, foot=foot)


def _with_first_records(digest: Digest) -> Digest:
    """The digest with one record on each line that names some; the others are counted."""
    sections = [
        replace(
            section,
            lines=[
                replace(
                    line, records=line.records[:1],
                    others=line.others + max(len(line.records) - 1, 0),
                )
                for line in section.lines
            ],
        )
        for section in digest.sections
    ]  # fmt: skip
    return replace(digest, sections=sections)


def _shortened(digest: Digest) -> Digest:
    """Without one line; without a section where no line is left; at last without the foot."""
    places = [
        (line.rank, place, number)
        for place, section in enumerate(digest.sections)
        for number, line in enumerate(section.lines)
    ]
    sections = list(digest.sections)
    if places:
        _, place, number = max(places)
        section = sections[place]
        lines = [line for at, line in enumerate(section.lines) if at != number]
        sections[place] = replace(section, lines=lines, more=section.more + 1)
        return replace(digest, sections=sections)
    if sections:
        return replace(digest, sections=sections[:-1])
    return replace(digest, foot=list(digest.foot)[:-1])
