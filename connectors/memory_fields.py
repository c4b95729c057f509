"""What one own field needs in the CRM in dictionaries: decisions as the real ones take them."""

from collections.abc import Collection
from dataclasses import replace

from connectors.base import OwnField, Provision, Provisioned, Removal, Removed
from rules.language import Text

ADDED = frozenset({Provision.CREATED, Provision.REVIVED})


def decide(wanted: OwnField, existing: OwnField | None, deleted: Collection[str]) -> Provisioned:
    """What a field needs, given the one that exists and the names of those that were deleted."""
    crm_field, note = f"arpent_{wanted.name}", None
    if existing is None and wanted.name in deleted:
        state = Provision.REVIVED
        note = Text(
            f"{crm_field} avait été supprimé : ses valeurs reviennent avec lui.",
            f"{crm_field} had been deleted: its values come back with it.",
        )
    elif existing is None:
        state = Provision.CREATED
    elif existing.type is not wanted.type:
        state = Provision.CONFLICT
        note = Text(
            f"{crm_field} est de type {existing.type}, pas {wanted.type} : renommez-le.",
            f"{crm_field} is a {existing.type}, not a {wanted.type}: rename it.",
        )
    elif len(widened(existing, wanted).options) > len(existing.options):
        state = Provision.UPDATED
    else:
        state = Provision.PRESENT
    return Provisioned(field=wanted.name, crm_field=crm_field, state=state, note=note)


def widened(existing: OwnField, wanted: OwnField) -> OwnField:
    """A field with the options that it has, then those that are missing."""
    known = {value for value, _ in existing.options}
    missing = [option for option in wanted.options if option[0] not in known]
    return replace(existing, options=(*existing.options, *missing))


def without_room(decided: Provisioned, room: int) -> Provisioned:
    """What becomes of a field when those that are missing do not all fit."""
    if decided.state not in ADDED:
        return decided
    note = Text(
        f"Le CRM ne prend que {room} champs : libérez de la place.",
        f"The CRM takes only {room} fields: make room.",
    )
    return replace(decided, state=Provision.NO_ROOM, note=note)


def leave(wanted: OwnField, existing: OwnField | None) -> Removed:
    """What becomes of a field that is to go, given the one that exists."""
    crm_field, note = f"arpent_{wanted.name}", None
    if existing is None:
        state = Removal.ABSENT
    elif existing.type is wanted.type:
        state = Removal.REMOVED
    else:
        state = Removal.FOREIGN
        note = Text(
            f"{crm_field} n'est pas celui d'Arpent : il reste.",
            f"{crm_field} is not Arpent's: it stays.",
        )
    return Removed(field=wanted.name, crm_field=crm_field, state=state, note=note)
