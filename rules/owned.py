"""The fields that Arpent owns on an account: what they are, and how their values are written.

Values are text and language-neutral (`gold`, `2026-07-13`); labels are in the team's language.
"""

from enum import StrEnum

from rules.records import FieldType


class Owned(StrEnum):
    """The own fields of an account; a CRM prefixes their names with `arpent_`."""

    TIER = "tier"
    PRIORITY = "priority"
    NEXT_CONTACT = "next_contact"
    WHY = "why"
    CHALLENGE = "challenge"
    SEGMENT = "segment"
    QUADRANT = "quadrant"
    CONTACT_STATUS = "contact_status"


CORE = (Owned.TIER, Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY, Owned.CHALLENGE)
OPTIONAL = (Owned.SEGMENT, Owned.QUADRANT, Owned.CONTACT_STATUS)

TYPES = {
    Owned.TIER: FieldType.CHOICE,
    Owned.PRIORITY: FieldType.CHOICE,
    Owned.NEXT_CONTACT: FieldType.DATE,
    Owned.WHY: FieldType.TEXT,
    Owned.CHALLENGE: FieldType.TEXT,
    Owned.SEGMENT: FieldType.TEXT,
    Owned.QUADRANT: FieldType.CHOICE,
    Owned.CONTACT_STATUS: FieldType.CHOICE,
}

WHY_LENGTH = 250
