"""The weekly digest: what a rep, a manager or a channel reads on Monday, as plain values.

A digest is made of sections of lines. A line has a rank: the lower, the longer it stays when the
digest must be shortened. What was left out is counted, with where to see it. Renderings
(`service.delivery`) escape; here a text of the CRM is only put on one line and cut to a length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from json import dumps, loads
from typing import Self

from rules.language import Language, Text, shown

REP_WORDS = 250
"""How long a rep's digest may be, its titles and its foot counted."""
NAME_LENGTH = 60
TEXT_LENGTH = 220
_SUBJECT_LENGTH = 120
_LEAD = (140, 20)
_NAME_WORDS = 8
_TEXT_WORDS = 32


class Audience(StrEnum):
    """Whom a digest is written for; one of a team names nobody beside a deviation."""

    REP = "rep"
    MANAGER = "manager"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: a name or a label that stands out, and what is said of it; either may be empty."""

    lead: str = ""
    text: str = ""
    rank: int = 0


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
            Section(lines=tuple(Line(**line) for line in section.pop("lines")), **section)
            for section in data.pop("sections")
        ]
        return cls(
            audience=Audience(data.pop("audience")), language=Language(data.pop("language")),
            foot=tuple(data.pop("foot")), sections=tuple(sections), **data,
        )  # fmt: skip


def named(name: str) -> str:
    """A name as a digest shows it: on one line, nothing hidden in it, not endless."""
    return cut(name, NAME_LENGTH, _NAME_WORDS)


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
    """`Nordet inc. : pour mardi`."""
    if not (line.lead and line.text):
        return line.lead or line.text
    return f"{line.lead}{Text(' : ', ': ').to(language)}{line.text}"


def words_in(text: str) -> int:
    """How many words a text has: whatever stands between spaces."""
    return len(text.split())


def fitted(digest: Digest, words: int = REP_WORDS) -> Digest:
    """The digest in at most so many words (50 or more): lines go, those of the highest rank first.

    Of two of a rank, the later goes. Then whole sections go, the last first.
    """
    found = digest if words_in(plain(digest)) <= words else _without_long(digest)
    while words_in(plain(found)) > words:
        found = _shortened(found)
    return found


def _without_long(digest: Digest) -> Digest:
    """The digest with each of its texts cut, so that no single one fills it."""
    sections = [
        replace(
            section, title=named(section.title), where=said(section.where),
            lines=[
                replace(line, lead=cut(line.lead, *_LEAD), text=said(line.text))
                for line in section.lines
            ],
        )
        for section in digest.sections
    ]  # fmt: skip
    foot = [said(each) for each in digest.foot]
    return replace(digest, intro=said(digest.intro), sections=sections, foot=foot)


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
