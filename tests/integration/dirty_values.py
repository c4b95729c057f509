"""Dirty values as people, imports and other tools leave them in a CRM, and what becomes of each.

Each row: the field, the value as HubSpot answers it (any JSON), and what the mirror then holds,
worked out by hand: a clean value, or `Aside` with the reason for which it is set aside.
"""

from dataclasses import dataclass
from datetime import date

from rules.records import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field is: in HubSpot, in the notes of what is set aside, in the mirror."""

    kind: Kind
    crm_name: str
    name: str
    column: str
    good: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A value that is set aside."""

    reason: str


@dataclass(frozen=True, slots=True)
class Of:
    """A reference to the record with an external id, seen or not."""

    external_id: str


def day(year: int, month: int, number: int) -> int:
    """Days since 1970-01-01."""
    return (date(year, month, number) - date(1970, 1, 1)).days


MONEY = Field(Kind.OPPORTUNITY, "amount", "amount", "amount", "100")
POTENTIAL = Field(Kind.ACCOUNT, "potentiel", "potential", "potential", "1200")
SIZE = Field(Kind.ACCOUNT, "effectif", "size", "size", "12")
SECTOR = Field(Kind.ACCOUNT, "secteur", "sector", "sector", "Bois")
FAMILY = Field(Kind.ACCOUNT, "famille", "family", "family", "FAB")
SINCE = Field(Kind.ACCOUNT, "depuis", "since", "since", "2026-07-13")
ACTIVE = Field(Kind.ACCOUNT, "actif", "active", "active", "true")
NAME = Field(Kind.ACCOUNT, "name", "name", "name", "Ferblanterie Nordet")
CREATED = Field(Kind.ACCOUNT, "createdate", "created_at", "created_on", "")
OWNER = Field(Kind.ACCOUNT, "hubspot_owner_id", "owner_id", "owner_id", "501")
STAGE = Field(Kind.OPPORTUNITY, "dealstage", "stage_id", "stage_id", "appointmentscheduled")
CLOSES = Field(Kind.OPPORTUNITY, "closedate", "closes_at", "closes_on", "2026-07-13T16:00:00Z")

NOT_A_NUMBER = Aside("not a number")
NOT_FINITE = Aside("not a finite number")
TOO_LARGE = Aside("too large an amount")
NOT_A_DATE = Aside("not a date")
OUTSIDE = Aside("a date outside 1990–2100")
NOT_A_TEXT = Aside("not a text")
NOT_AN_ID = Aside("not a usable record id")

ROWS: list[tuple[Field, object, object]] = [
    # Amounts: minor units, half to even; unknown is not zero.
    (MONEY, None, None),
    (MONEY, "", None),
    (MONEY, "   ", None),
    (MONEY, "0", 0),
    (MONEY, "0.00", 0),
    (MONEY, "-0", 0),
    (MONEY, "-1500.25", -150_025),
    (MONEY, " 1200 ", 120_000),
    (MONEY, "+1200", 120_000),
    (MONEY, "1e3", 100_000),
    (MONEY, "1234.5678901234", 123_457),
    (MONEY, "0.005", 0),
    (MONEY, "0.015", 2),
    (MONEY, 1200, 120_000),
    (MONEY, 1200.5, 120_050),
    # Another script's digits are digits; a superscript is none.
    (MONEY, "٣٤", 3_400),
    (MONEY, "²", NOT_A_NUMBER),
    # The largest amount that is exact everywhere, and one cent more.
    (MONEY, "90071992547409.91", 2**53 - 1),
    (MONEY, "90071992547409.92", TOO_LARGE),
    (MONEY, "1000000000000000000", TOO_LARGE),
    (MONEY, "92233720368547758.08", TOO_LARGE),
    (MONEY, "-9223372036854775809", TOO_LARGE),
    (MONEY, 10**18, TOO_LARGE),
    (MONEY, "1e400", TOO_LARGE),
    (MONEY, "N/A", NOT_A_NUMBER),
    (MONEY, "à confirmer", NOT_A_NUMBER),
    # Nobody knows whether "1,234" is a thousand or one and a bit.
    (MONEY, "1,234.56", NOT_A_NUMBER),
    (MONEY, "1 234,56", NOT_A_NUMBER),
    (MONEY, "1\u202f234,56 $", NOT_A_NUMBER),
    (MONEY, "12,5", NOT_A_NUMBER),
    (MONEY, "$1200", NOT_A_NUMBER),
    (MONEY, "1_200", NOT_A_NUMBER),
    (MONEY, "NaN", NOT_FINITE),
    (MONEY, "-Infinity", NOT_FINITE),
    # What JSON has no word for, and some tools print all the same.
    (MONEY, float("nan"), NOT_FINITE),
    (MONEY, float("inf"), NOT_FINITE),
    (MONEY, True, NOT_A_NUMBER),
    (MONEY, ["1200"], NOT_A_NUMBER),
    (MONEY, {"value": "1200"}, NOT_A_NUMBER),
    (POTENTIAL, "-1500.25", -150_025),
    (POTENTIAL, "500 000", NOT_A_NUMBER),
    (POTENTIAL, {"amount": 1}, NOT_A_NUMBER),
    # Numbers: floats, so that 10^15 is where whole ones stop being safe.
    (SIZE, "12.5", 12.5),
    (SIZE, "1e-400", 0.0),
    (SIZE, "1e15", 1e15),
    (SIZE, "1000000000000001", Aside("too large a number")),
    (SIZE, "-1e16", Aside("too large a number")),
    (SIZE, "1e999999999", Aside("too large a number")),
    (SIZE, "Infinity", NOT_FINITE),
    (SIZE, "0x10", NOT_A_NUMBER),
    (SIZE, False, NOT_A_NUMBER),
    (SIZE, "", None),
    # Days: never shifted by a zone, between 1990 and 2100.
    (SINCE, "1990-01-01", day(1990, 1, 1)),
    (SINCE, "2100-12-31", day(2100, 12, 31)),
    (SINCE, "2026-07-13T00:00:00Z", day(2026, 7, 13)),
    (SINCE, "1783900800000", day(2026, 7, 13)),
    (SINCE, "1989-12-31", OUTSIDE),
    (SINCE, "2101-01-01", OUTSIDE),
    (SINCE, "0001-01-01", OUTSIDE),
    (SINCE, "1970-01-01", OUTSIDE),
    (SINCE, "9999-12-31", OUTSIDE),
    (SINCE, "0", OUTSIDE),
    (SINCE, "infinity", NOT_A_DATE),
    (SINCE, "2026-02-30", NOT_A_DATE),
    (SINCE, "13/07/2026", NOT_A_DATE),
    (SINCE, "hier", NOT_A_DATE),
    (SINCE, True, NOT_A_DATE),
    (SINCE, ["2026-07-13"], NOT_A_DATE),
    # Instants: the day they fall on in Montréal.
    (CLOSES, "2026-11-01T03:59:59Z", day(2026, 10, 31)),
    # 1:30 comes twice that night, and 2:30 never comes in March.
    (CLOSES, "2026-11-01T05:30:00Z", day(2026, 11, 1)),
    (CLOSES, "2026-11-01T06:30:00Z", day(2026, 11, 1)),
    (CLOSES, "2026-11-02T04:59:59.999Z", day(2026, 11, 1)),
    (CLOSES, "2026-03-08T02:30:00-05:00", day(2026, 3, 8)),
    # A day alone is its midnight in UTC, as in HubSpot's own pages: the evening before here.
    (CLOSES, "2026-07-13", day(2026, 7, 12)),
    (CLOSES, "0001-01-01T00:00:00Z", OUTSIDE),
    (CLOSES, "9999-12-31T23:59:59.999Z", OUTSIDE),
    (CLOSES, "253402300800000", OUTSIDE),
    (CLOSES, "-62135596800000", OUTSIDE),
    (CLOSES, "9" * 40, NOT_A_DATE),
    (CLOSES, "-infinity", NOT_A_DATE),
    (CLOSES, {"day": 1}, NOT_A_DATE),
    (CREATED, "0001-01-01T00:00:00Z", OUTSIDE),
    (CREATED, "9999-12-31T00:00:00Z", OUTSIDE),
    # Texts: what both databases can hold, in one form, at most 4,000 bytes.
    (NAME, "Café 🍁 👩\u200d👩\u200d👧", "Café 🍁 👩\u200d👩\u200d👧"),
    (NAME, "\u202eمرحبا\u202c", "\u202eمرحبا\u202c"),
    (NAME, "a\x00b", "ab"),
    (NAME, "\x00", None),
    (NAME, "\ud800x\udfff", "x"),
    (NAME, "E\u0301rablie\u0300re", "Érablière"),
    (NAME, "x" * 65_536, "x" * 4_000),
    (NAME, "é" * 65_536, "é" * 2_000),
    (NAME, "🍁" * 30_000, "🍁" * 1_000),
    (NAME, "\\N\t'\"%s{}$$", "\\N\t'\"%s{}$$"),
    (NAME, "", None),
    (NAME, None, None),
    (NAME, 12, "12"),
    (NAME, True, "true"),
    (NAME, ["Ferblanterie"], NOT_A_TEXT),
    (NAME, {"fr": "Ferblanterie"}, NOT_A_TEXT),
    (SECTOR, "Bois;Métal", "Bois;Métal"),
    (SECTOR, [["Bois"]], NOT_A_TEXT),
    # Options: those that the playbook gives a meaning.
    (FAMILY, "DET", "retail"),
    (FAMILY, "", None),
    (FAMILY, "det", Aside("the option “det” has no meaning in the playbook")),
    (FAMILY, "FAB;DET", Aside("the option “FAB;DET” has no meaning in the playbook")),
    (FAMILY, True, Aside("the option “true” has no meaning in the playbook")),
    (FAMILY, ["FAB"], NOT_A_TEXT),
    (ACTIVE, "FALSE", False),
    (ACTIVE, True, True),
    (ACTIVE, "oui", Aside("neither true nor false")),
    (ACTIVE, 1, Aside("neither true nor false")),
    # References: one that was never seen joins when it comes.
    (OWNER, "999999", Of("999999")),
    (OWNER, 501, Of("501")),
    (OWNER, "", None),
    (OWNER, "50\x001", NOT_AN_ID),
    (OWNER, "5" * 70_000, NOT_AN_ID),
    (OWNER, ["501"], NOT_AN_ID),
    (STAGE, "une-autre-étape", Of("une-autre-étape")),
    (STAGE, {"id": "won"}, NOT_AN_ID),
]
