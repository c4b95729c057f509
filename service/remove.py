"""Remove: leave a CRM. Our own fields are archived there, and nothing of anybody else's.

What was decided stays in the store, so that `fields ensure` brings the fields back with their
values; until then they are known to be gone, and a push says so instead of being refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Connector, OwnField, Removal, Removed
from rules.owned import DESCRIPTIONS, LABELS, TYPES, Owned
from service import preflight
from service.app import App
from service.store import overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One own field: what becomes, or would become, of it, and how many accounts hold a value."""

    removed: Removed
    accounts: int


def look(app: App, connector: Connector, connection_id: int) -> list[Loss]:
    """Exactly what would be lost. Writes nothing."""
    return _with_counts(app, connection_id, connector.remove(own_fields(), dry_run=True))


def run(app: App, connector: Connector, connection_id: int) -> list[Loss]:
    """Archive our own fields in the CRM; those that are gone already are no failure."""
    app.require_writable()
    losses = _with_counts(app, connection_id, connector.remove(own_fields(), dry_run=False))
    called = {each.removed.field: each.removed.crm_field for each in losses}
    lost = {name: called[name] for name in gone(losses)}
    preflight.park_own(app.store, connector.vendor, lost, app.clock())
    return losses


def gone(losses: Sequence[Loss]) -> list[str]:
    """The names of the fields that a run took away."""
    return [each.removed.field for each in losses if each.removed.state is Removal.REMOVED]


def counts(losses: Sequence[Loss]) -> dict[str, int]:
    """The counts of a run: fields by what became of them, and the values that went with them."""
    states = [each.removed.state for each in losses]
    lost = sum(each.accounts for each in losses if each.removed.state is Removal.REMOVED)
    return {"in": len(states), **{each.value: states.count(each) for each in Removal}, "lost": lost}


def own_fields() -> list[OwnField]:
    """Every field that Arpent may ever have made, also those that a playbook no longer asks for."""
    return [
        OwnField(
            name=each.value, type=TYPES[each], label=LABELS[each].fr,
            description=DESCRIPTIONS[each].fr,
        )
        for each in Owned
    ]  # fmt: skip


def _with_counts(app: App, connection_id: int, found: Sequence[Removed]) -> list[Loss]:
    with app.store.read() as connection:
        held = overview.own_values(connection, connection_id)
    return [
        Loss(
            removed=each,
            accounts=held[Owned(each.field)] if each.state is not Removal.ABSENT else 0,
        )
        for each in found
    ]
