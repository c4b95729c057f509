"""The words of people who sell, in English and in French, and what they are taken for. Pure.

Each CRM lets an organization write its own words for the kind of an activity, for what became of it
and for the role of a contact. They stand here once, so that a word means the same whichever CRM it
comes from. A connector adds only the words that its CRM itself comes with. Words are compared
without accents nor case, however they are spaced.
"""

import unicodedata
from collections.abc import Iterable, Mapping

from rules.records import ActivityKind, ContactRole


def plain(raw: object) -> str:
    """A word as words are compared: no accents, no case, single spaces for all that parts it.

    Nothing, and a ticked box, are no word: "".
    """
    if raw is True:
        return ""
    text = str(raw or "")
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(text.casefold().replace("_", " ").split())


def _each(*words: str) -> frozenset[str]:
    return frozenset(plain(word) for word in words)


# As people write them, so that a CRM's own query can name them too.
KIND_WORDS: Mapping[ActivityKind, tuple[str, ...]] = {
    ActivityKind.CALL: ("call", "appel"),
    ActivityKind.EMAIL: ("email", "e-mail", "send email", "courriel"),
    ActivityKind.MEETING: ("meeting", "réunion", "rencontre", "visite"),
}
_KINDS: Mapping[str, ActivityKind] = {
    word: kind for kind, words in KIND_WORDS.items() for word in _each(*words)
}
# An e-mail that the customer wrote, told from those of reps.
RECEIVED_WORDS = (
    *("incoming email", "inbound email", "email received", "received email"),
    *("courriel reçu", "courriel entrant", "e-mail reçu", "e-mail entrant"),
)
NOT_HELD_WORDS = (
    *("no show", "no-show", "canceled", "cancelled", "rescheduled"),
    *("absent", "absence", "annulé", "annulée", "reporté", "reportée"),
)
# How people say of a to-do that it waits, as the first words of its status.
PUT_OFF_WORDS = (
    *("deferred", "waiting", "postponed", "on hold", "snoozed"),
    *("différé", "différée", "reporté", "reportée", "en attente", "en pause"),
)
CANCELLED_WORDS = (
    *("canceled", "cancelled", "not applicable"),
    *("annulé", "annulée", "abandonné", "abandonnée", "sans objet"),
)
# The results of a call in which nobody was reached.
NOT_REACHED_WORDS = (
    *("no answer", "no response", "unanswered", "busy", "wrong number", "invalid number"),
    *("left voicemail", "voicemail"),
    *("pas de réponse", "occupé", "ligne occupée", "mauvais numéro", "numéro non valide"),
    *("message vocal", "boîte vocale"),
)
_RECEIVED = _each(*RECEIVED_WORDS)
_NOT_HELD = _each(*NOT_HELD_WORDS)
_PUT_OFF = _each(*PUT_OFF_WORDS)
_CANCELLED = _each(*CANCELLED_WORDS)
_NOT_REACHED = _each(*NOT_REACHED_WORDS)
# Who holds the budget decides; a champion, a sponsor, a blocker or a lawyer weighs on it.
_DECIDING = _each(
    *("decision maker", "economic decision maker", "economic buyer", "purchasing", "approver"),
    *("budget holder", "décideur", "décideur économique", "décisionnaire"),
    *("approbateur", "acheteur"),
)
_WEIGHING = _each(
    *("influencer", "evaluator", "technical buyer", "executive sponsor", "champion"),
    *("blocker", "legal and compliance"),
    *("influenceur", "prescripteur", "évaluateur", "parrain exécutif"),
)
_ROLES: Mapping[str, ContactRole] = {
    **dict.fromkeys(_DECIDING, ContactRole.DECISION_MAKER),
    **dict.fromkeys(_WEIGHING, ContactRole.INFLUENCER),
}
_STRONGEST_FIRST = (ContactRole.DECISION_MAKER, ContactRole.INFLUENCER, ContactRole.OTHER)
_NO_ROLES: Mapping[str, ContactRole] = {}


def kind_of(raw: object) -> ActivityKind | None:
    """The kind of activity that a word tells of; None when it tells of none."""
    word = plain(raw)
    return ActivityKind.EMAIL if word in _RECEIVED else _KINDS.get(word)


def is_received(raw: object) -> bool:
    """Whether a word tells of an e-mail that the customer wrote."""
    return plain(raw) in _RECEIVED


def is_not_held(raw: object) -> bool:
    """Whether a word tells of a meeting that was not held."""
    return plain(raw) in _NOT_HELD


def is_not_reached(raw: object, own: frozenset[str] = frozenset()) -> bool:
    """Whether the result of a call says that nobody was reached.

    `own` are the results that the CRM itself comes with, as `plain` writes them.
    """
    word = plain(raw)
    return word in _NOT_REACHED or word in own


def is_put_off(raw: object) -> bool:
    """Whether the status of a to-do says that it waits for another time or for somebody."""
    return _begins(raw, _PUT_OFF)


def is_cancelled(raw: object) -> bool:
    """Whether the status of a to-do says that it is not to be done any more."""
    return _begins(raw, _CANCELLED)


def _begins(raw: object, words: Iterable[str]) -> bool:
    said = f"{plain(raw)} "
    return any(said.startswith(f"{word} ") for word in words)


def strongest(
    roles: Iterable[object], own: Mapping[str, ContactRole] = _NO_ROLES
) -> ContactRole | None:
    """The strongest of a contact's roles, None without any; unknown ones weigh none.

    `own` are the roles that the CRM itself comes with, by their names as `plain` writes them.
    """
    words = [word for role in roles if (word := plain(role))]
    held = {_ROLES.get(word) or own.get(word, ContactRole.OTHER) for word in words}
    return next((role for role in _STRONGEST_FIRST if role in held), None)
