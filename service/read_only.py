"""Read-only: while nothing may be written, a CRM is opened through this guard.

With `ARPENT_READ_ONLY`, and after a restore until a person has seen the difference.
Whatever command opens it: a push, a release, an undo, the creation of fields. What is not known
to read is refused, so that nothing that a connector learns to do can slip through.
"""

from collections.abc import Sequence
from typing import cast

from connectors.base import Connector, Fatal, OwnField, Provisioned, Removed
from rules.language import Text

READS = frozenset(
    {
        "vendor", "senders", "readers", "identify", "fields", "pull", "edits", "find_task",
        "read_tasks",
        "setup_steps", "record_url", "close", "remarks", "allowance", "calls", "headroom",
        "batch_for",
    }
)  # fmt: skip
"""What of a connector only reads; besides, `ensure` and `remove` do in a dry run."""


class ReadOnly(Fatal):
    """Nothing may be written now; the message says why."""


def switched_off() -> Text:
    """Why nothing may be written: the setting."""
    return Text(
        "ARPENT_READ_ONLY est activé : rien n'est écrit dans le CRM. Retirez la variable pour "
        "écrire ; « arpent preview » montre ce qui le serait.",
        "ARPENT_READ_ONLY is set: nothing is written to the CRM. Remove the variable to write; "
        "`arpent preview` shows what would be.",
    )


def restored(file: str) -> Text:
    """Why nothing may be written: the store was replaced by a backup."""
    return Text(
        f"La base a été restaurée ({file}) : rien n'est écrit dans les CRM. Lisez-les (« arpent "
        "pull » et « arpent tag »), regardez la différence (« arpent preview »), puis « arpent "
        "schedule resume ».",
        f"The store was restored ({file}): nothing is written to the CRMs. Read them (`arpent "
        "pull` and `arpent tag`), look at the difference (`arpent preview`), then `arpent schedule "
        "resume`.",
    )


class _Guarded:
    """A CRM of which only what reads can be reached."""

    def __init__(self, connector: Connector, why: Text) -> None:
        self._connector = connector
        self._why = why

    def __getattr__(self, name: str) -> object:
        if name not in READS:
            raise ReadOnly(self._why)
        return getattr(self._connector, name)

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """What `ensure` would do; raises `ReadOnly` where it is to be done."""
        if not dry_run:
            raise ReadOnly(self._why)
        return self._connector.ensure(group_label, fields, dry_run=True)

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """What `remove` would do; raises `ReadOnly` where it is to be done."""
        if not dry_run:
            raise ReadOnly(self._why)
        return self._connector.remove(fields, dry_run=True)


def guarded(connector: Connector, why: Text) -> Connector:
    """This CRM, which raises `ReadOnly` instead of writing."""
    return cast("Connector", _Guarded(connector, why))
