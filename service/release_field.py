"""Release a field: a person says that it was emptied on purpose, and rules may see it so."""

from rules.language import Text
from rules.located import nearest
from rules.records import Kind
from service.app import App
from service.store import blanks, notices
from service.store.engine import MistakenError
from service.store.notices import OWN, FieldState, Notice


class NotHeldError(MistakenError):
    """There is nothing to release under this name; the message says what there is."""


def run(app: App, vendor: str, name: str) -> int:
    """Empty the values that the CRM has emptied; returns of how many records.

    Their accounts are evaluated next. Raises `NotHeldError`, also for a field that is parked: it
    comes back once the CRM has it, or the playbook does without it.
    """
    crm = app.connection(vendor)
    with app.store.write() as connection:
        known = notices.load(connection, vendor)
        held = [each for each in known if each.name == name and each.state is FieldState.EMPTIED]
        if not held:
            raise NotHeldError(_refusal(vendor, name, known))
        released = 0
        for each in held:
            released += blanks.take_over(connection, crm.id, Kind(each.kind), name, app.clock())
            notices.remove(connection, vendor, each.kind, [name], FieldState.EMPTIED)
        return released


def _refusal(vendor: str, name: str, known: list[Notice]) -> Text:
    """Why a field can't be released."""
    parked = [each for each in known if each.name == name and each.kind != OWN]
    if parked:
        told = notices.told(parked[0])
        return Text(
            f"Le champ « {name} » ne se libère pas : {told.fr}",
            f"The field '{name}' can't be released: {told.en}",
        )
    emptied = [each.name for each in known if each.state is FieldState.EMPTIED]
    hint = nearest(name, emptied)
    listed = ", ".join(emptied)
    return Text(
        f"Aucun champ « {name} » n'est retenu dans {vendor}{hint.fr}. Retenus : {listed or '–'}.",
        f"No field '{name}' is held in {vendor}{hint.en}. Held: {listed or '–'}.",
    )
