"""Values set aside, as people read them: which record, which field, what came, and why.

The store keeps each reason in English, as the pull found it; here it gets its French.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rules.language import Text
from rules.records import Kind, Quarantine
from service.store import quarantines
from service.store.engine import Transaction

_REASONS: Mapping[str, str] = {
    "not a number": "ce n'est pas un nombre",
    "not a finite number": "ce n'est pas un nombre fini",
    "too large a number": "nombre trop grand",
    "too large an amount": "montant trop grand",
    "a number too large to be kept exactly": "nombre trop grand pour être gardé exactement",
    "not an amount in minor units": "ce n'est pas un montant",
    "not a date": "ce n'est pas une date",
    "not a day": "ce n'est pas une date",
    "a date outside 1990–2100": "date hors de 1990–2100",
    "a date outside the years 1 to 9999": "date hors des années 1 à 9999",
    "not a text": "ce n'est pas un texte",
    "neither true nor false": "ni vrai ni faux",
    "neither yes nor no": "ni oui ni non",
    "not a usable record id": "identifiant inutilisable",
    "a record without an id or properties": "fiche sans identifiant ou sans propriétés",
    "an owner without an id": "propriétaire sans identifiant",
    "a pipeline without an id": "pipeline sans identifiant",
    "a stage without an id": "étape sans identifiant",
}
# Reasons that quote what came.
_QUOTING: Sequence[tuple[re.Pattern[str], Callable[[str], str]]] = (
    (
        re.compile(r"the option “(.*)” has no meaning in the playbook", re.DOTALL),
        lambda option: f"l'option « {option} » n'a pas de sens dans le playbook",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A value that could not be read; without a `field`, a whole record."""

    kind: Kind
    external_id: str
    field: str
    raw: str
    reason: Text


def run(connection: Transaction, connection_id: int, *, limit: int = 20) -> list[SetAside]:
    """What of a CRM can't be read at present, by kind, record and field."""
    return [told(each) for each in quarantines.found(connection, connection_id, limit=limit)]


def told(found: Quarantine) -> SetAside:
    """A note of the store, in both languages."""
    return SetAside(
        kind=found.kind,
        external_id=found.external_id,
        field=found.field,
        raw=found.raw,
        reason=Text(fr=_in_french(found.reason), en=found.reason),
    )


def _in_french(reason: str) -> str:
    """A reason in French; that of a bound field begins with its name in the CRM."""
    if reason in _REASONS:
        return _REASONS[reason]
    for pattern, said in _QUOTING:
        if (quoted := pattern.fullmatch(reason)) is not None:
            return said(quoted[1])
    name, colon, rest = reason.partition(": ")
    return f"{name} : {_in_french(rest)}" if colon else reason
