"""The fields that Arpent owns on an account: what they are, and how their values are written.

Values are text and language-neutral (`gold`, `2026-07-13`); labels are in the team's language.
"""

from collections.abc import Mapping
from enum import StrEnum

from rules.language import Text
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
    IMPOSED_TIER = "imposed_tier"
    IMPOSED_UNTIL = "imposed_until"


class DriftPolicy(StrEnum):
    """What becomes of a person's edit of a field of ours.

    `CHALLENGE`: it waits for a person. `REASSERT`: our value is written again, three times in seven
    days at most, then it is a challenge. `RESPECT`: it stands until the computed value changes.
    """

    CHALLENGE = "challenge"
    REASSERT = "reassert"
    RESPECT = "respect"


CORE = (Owned.TIER, Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY, Owned.CHALLENGE)
OPTIONAL = (
    Owned.SEGMENT,
    Owned.QUADRANT,
    Owned.CONTACT_STATUS,
    Owned.IMPOSED_TIER,
    Owned.IMPOSED_UNTIL,
)
BY_PEOPLE = (Owned.CHALLENGE, Owned.IMPOSED_TIER, Owned.IMPOSED_UNTIL)
"""The fields that people write: never computed; only an answered challenge is emptied."""

TYPES = {
    Owned.TIER: FieldType.CHOICE,
    Owned.PRIORITY: FieldType.CHOICE,
    Owned.NEXT_CONTACT: FieldType.DATE,
    Owned.WHY: FieldType.TEXT,
    Owned.CHALLENGE: FieldType.CHOICE,
    Owned.SEGMENT: FieldType.TEXT,
    Owned.QUADRANT: FieldType.CHOICE,
    Owned.CONTACT_STATUS: FieldType.CHOICE,
    Owned.IMPOSED_TIER: FieldType.CHOICE,
    Owned.IMPOSED_UNTIL: FieldType.DATE,
}

DAYS = frozenset(owned.value for owned, kind in TYPES.items() if kind is FieldType.DATE)
"""The names of those that hold days, written `2026-07-13`."""

WHY_LENGTH = 250

LABELS: Mapping[Owned, Text] = {
    Owned.TIER: Text("Niveau", "Tier"),
    Owned.PRIORITY: Text("Priorité", "Priority"),
    Owned.NEXT_CONTACT: Text("Prochain contact", "Next contact"),
    Owned.WHY: Text("Pourquoi", "Why"),
    Owned.CHALLENGE: Text("Contester", "Challenge"),
    Owned.SEGMENT: Text("Segment", "Segment"),
    Owned.QUADRANT: Text("Quadrant", "Quadrant"),
    Owned.CONTACT_STATUS: Text("Suivi", "Contact status"),
    Owned.IMPOSED_TIER: Text("Niveau imposé", "Imposed tier"),
    Owned.IMPOSED_UNTIL: Text("Imposé jusqu'au", "Imposed until"),
}

DESCRIPTIONS: Mapping[Owned, Text] = {
    Owned.TIER: Text(
        "Calculé par Arpent selon les règles de l'équipe. Pour contester : champ Contester.",
        "Computed by Arpent from the team's rules. To object, use the Challenge field.",
    ),
    Owned.PRIORITY: Text("Calculée par Arpent.", "Computed by Arpent."),
    Owned.NEXT_CONTACT: Text(
        "Dernier contact consigné plus la cadence du niveau.",
        "Last logged contact plus the cadence of the tier.",
    ),
    Owned.WHY: Text("La raison du niveau, en une phrase.", "Why this tier, in one sentence."),
    Owned.CHALLENGE: Text(
        "À remplir si le niveau vous semble faux ; parlez-en à votre gestionnaire.",
        "Fill in if the tier seems wrong to you, and tell your manager.",
    ),
    Owned.SEGMENT: Text("Groupe du compte selon les règles.", "The account's group by the rules."),
    Owned.QUADRANT: Text("Matrice potentiel / effort.", "Potential / effort matrix."),
    Owned.CONTACT_STATUS: Text(
        "Le contact est-il à jour selon la cadence du niveau ?",
        "Is contact up to date with the cadence of the tier?",
    ),
    Owned.IMPOSED_TIER: Text(
        "Décision d'un gestionnaire, qui l'emporte sur les règles ; à vider pour y mettre fin. Du "
        "responsable du compte, c'est une contestation.",
        "A manager's decision, which goes before the rules; empty it to end it. From the owner of "
        "the account, it is a challenge.",
    ),
    Owned.IMPOSED_UNTIL: Text(
        "Dernier jour du niveau imposé ; vide, la durée habituelle de l'équipe.",
        "Last day of the imposed tier; empty: the team's usual duration.",
    ),
}

CHALLENGES: Mapping[str, Text] = {
    "tier_too_low": Text("Niveau trop bas", "Tier too low"),
    "tier_too_high": Text("Niveau trop haut", "Tier too high"),
    "wrong_potential": Text("Potentiel erroné", "Wrong potential"),
    "not_mine": Text("Pas mon compte", "Not my account"),
}
