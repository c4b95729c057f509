"""Values as CRMs send them, read once: a canonical value, None for empty, or `Unreadable`.

Shared by every connector, so that a number, a day or a text means the same whichever CRM it came
from. Parsers take anything that JSON can hold and never raise anything but `Unreadable`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from hashlib import blake2s

from rules.records import NAMELESS, FieldType, Kind, Quarantine, Value
from rules.time import Day, Instant, day_number, instant_of

Parser = Callable[[object], Value]

# In bytes of UTF-8.
LONGEST_TEXT = 4_000
LONGEST_RAW = 200
# In characters. An index of PostgreSQL takes keys of 2,704 bytes at most.
LONGEST_KEY = 200
# 2**53 - 1 minor units are exact in every format on the way (JSON, SQLite, a float), and a
# thousand such amounts still add up within 64 bits.
LARGEST_MINOR = 2**53 - 1
# Numbers are floats in the store: beyond, whole ones would soon not be exact any more.
LARGEST_NUMBER = 10**15
FIRST_DAY = day_number(date(1990, 1, 1))
LAST_DAY = day_number(date(2100, 12, 31))

_DAY_MILLISECONDS = 86_400_000
_ISO_DATE_LENGTH = 10
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ISO_DASH = 4
_NUMERIC = (str, int, float)
# So few digits are far from every limit: most numbers can do without `Decimal`.
_SHORT = 12
_CENTS = 2


class Unreadable(ValueError):  # noqa: N818 - reads as the outcome of a parser
    """A value that does not mean what its field should hold; the message says why."""


def clean_text(value: str) -> str:
    """Text without NUL and lone surrogates, in NFC, at most 4,000 bytes of UTF-8."""
    # Printable text has neither, and this tells it ten times as fast as the pattern.
    if not value.isprintable():
        value = _UNSTORABLE.sub("", value)
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    # No character takes more than four bytes.
    return value if len(value) * 4 <= LONGEST_TEXT else _cut(value)


def _cut(value: str) -> str:
    written = value.encode()
    if len(written) <= LONGEST_TEXT:
        return value
    return written[:LONGEST_TEXT].decode("utf-8", "ignore")


def text(raw: object) -> str | None:
    """Text, cleaned; numbers and booleans are taken as their text."""
    if isinstance(raw, str):
        return clean_text(raw) or None
    if raw is None:
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(raw)
    raise Unreadable("not a text")


def domain(raw: object) -> str | None:
    """The domain of a website, however it was typed: `www.Acme.ca/contact` is `acme.ca`."""
    written = text(raw)
    if written is None:
        return None
    host = written.strip().lower().rpartition("://")[2]
    for end in "/?#":
        host = host.partition(end)[0]
    host = host.rpartition("@")[2].partition(":")[0].rstrip(".").removeprefix("www.")
    return host or None


def key(raw: object) -> str | None:
    """The id of a record: a short printable text, or a whole number."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw) if abs(raw) < LARGEST_MINOR else None
    elif raw is None or raw == "":
        return None
    if not isinstance(raw, str) or len(raw) > LONGEST_KEY or not raw.isprintable():
        raise Unreadable("not a usable record id")
    return raw


def number(raw: object) -> int | float | None:
    """A finite number, at most 10**15 either way; whole ones are integers."""
    if isinstance(raw, str) and raw.isdecimal() and len(raw) <= _SHORT:
        return int(raw)
    decimal = _decimal(raw)
    if decimal is None:
        return None
    # Before any arithmetic: a whole number of a million digits would take a while.
    if decimal.adjusted() > len(str(LARGEST_NUMBER)) or abs(decimal) > LARGEST_NUMBER:
        raise Unreadable("too large a number")
    if decimal == decimal.to_integral_value():
        return int(decimal)
    return float(decimal)


def money(raw: object) -> int | None:
    """An amount in minor units, rounded half to even, at most 2**53 - 1 either way."""
    if isinstance(raw, str):
        whole, _, cents = raw.partition(".")
        if (whole + cents).isdecimal() and len(whole) <= _SHORT and len(cents) <= _CENTS:
            return int(whole + cents.ljust(_CENTS, "0"))
    decimal = _decimal(raw)
    if decimal is None:
        return None
    if decimal.adjusted() > len(str(LARGEST_MINOR)):
        raise Unreadable("too large an amount")
    minor = int((decimal * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    if abs(minor) > LARGEST_MINOR:
        raise Unreadable("too large an amount")
    return minor


def _decimal(raw: object) -> Decimal | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, _NUMERIC):
        raise Unreadable("not a number")
    written = raw.strip() if isinstance(raw, str) else str(raw)
    if not written:
        return None
    if "_" in written:
        raise Unreadable("not a number")
    try:
        decimal = Decimal(written)
    except InvalidOperation as error:
        raise Unreadable("not a number") from error
    if not decimal.is_finite():
        raise Unreadable("not a finite number")
    return decimal


def instant(raw: object) -> Instant | None:
    """An instant from an ISO date or time (UTC unless it says otherwise) or epoch milliseconds."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and raw.find("-") == _ISO_DASH:
        try:
            moment = datetime.fromisoformat(raw)
            return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:
            raise Unreadable("not a date") from error
    try:
        decimal = _decimal(raw)
    except Unreadable as error:
        raise Unreadable("not a date") from error
    if decimal is None or decimal.adjusted() > len(str(LARGEST_MINOR)):
        raise Unreadable("not a date")
    return int(decimal)


def business_instant(raw: object) -> Instant | None:
    """An instant between 1990 and 2100, the range in which business dates make sense."""
    found = instant(raw)
    if found is not None and not FIRST_DAY <= found // _DAY_MILLISECONDS <= LAST_DAY:
        raise Unreadable("a date outside 1990–2100")
    return found


def day(raw: object) -> Day | None:
    """A calendar day between 1990 and 2100, never shifted by a zone."""
    if isinstance(raw, str) and len(raw) == _ISO_DATE_LENGTH and raw.find("-") == _ISO_DASH:
        try:
            found = day_number(date.fromisoformat(raw))
        except ValueError as error:
            raise Unreadable("not a date") from error
    else:
        moment = instant(raw)
        if moment is None:
            return None
        found = moment // _DAY_MILLISECONDS
    if not FIRST_DAY <= found <= LAST_DAY:
        raise Unreadable("a date outside 1990–2100")
    return found


def yes_no(raw: object) -> bool | None:
    """A yes or no, as a boolean or as the text `true` or `false`."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        return raw
    match raw.strip().lower() if isinstance(raw, str) else None:
        case "true":
            return True
        case "false":
            return False
    raise Unreadable("neither true nor false")


def choice(values: Mapping[str, str]) -> Parser:
    """A parser of options: each mapped by `values`, or taken as it is when `values` is empty."""
    if not values:
        return text

    def parse(raw: object) -> str | None:
        if isinstance(raw, str) and raw in values:
            return values[raw]
        option = text(raw)
        if option is None:
            return None
        if option not in values:
            raise Unreadable(f"the option “{option[:LONGEST_RAW]}” has no meaning in the playbook")
        return values[option]

    return parse


def parser(kind: FieldType, values: Mapping[str, str]) -> Parser:
    """The parser of a bound field."""
    match kind:
        case FieldType.NUMBER:
            return number
        case FieldType.MONEY:
            return money
        case FieldType.TEXT:
            return text
        case FieldType.CHOICE:
            return choice(values)
        case FieldType.DATE:
            return day
        case FieldType.YES_NO:
            return yes_no


def quarantined(
    kind: Kind, external_id: str, field: str, raw: object, reason: Unreadable | str
) -> Quarantine:
    """The note that a value could not be read; `raw` is cut at 200 characters."""
    written = raw if isinstance(raw, str) else repr(raw)
    return Quarantine(
        kind=kind,
        external_id=external_id,
        field=field,
        raw=clean_text(written[:LONGEST_RAW]),
        reason=str(reason),
    )


def unusable(kind: Kind, external_id: object, raw: object, reason: str) -> Quarantine:
    """The note that a whole record could not be read.

    Without a usable id, it goes by a name of its own, so that none hides another.
    """
    try:
        name = key(external_id)
    except Unreadable:
        name = None
    if name is None:
        name = NAMELESS + blake2s(repr(raw).encode("utf-8", "replace"), digest_size=4).hexdigest()
    return quarantined(kind, name, "", raw, reason)
