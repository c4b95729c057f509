"""A workspace where a playbook is in force, with the pages of a CRM in it."""

from collections.abc import Iterable
from pathlib import Path

from connectors.base import Identity, Page
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant
from service import tag
from service.app import read_playbook
from service.store import bindings, connections, mirror, rulebooks
from service.store.context import load_context
from service.store.engine import Store

_VENDOR = "hubspot"


def compiled(folder: Path, **changed: str) -> Rulebook:
    """A playbook; `kpis="…"` stands instead of its `kpis.yaml`, and so on."""
    files = read_playbook(folder)
    return compile_rulebook(
        {**files, **{f"{name}.yaml": text.encode() for name, text in changed.items()}}
    )


def install(store: Store, book: Rulebook, *, now: Instant) -> None:
    """Put a playbook in force, and connect a CRM whose currency and zone are the team's."""
    with store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="essai", now=now)
        connections.save(
            connection,
            Identity(
                vendor=_VENDOR, account_id="1", name="CRM", time_zone=book.team.zone.key,
                currency=book.team.currency,
            ),
        )  # fmt: skip
        bindings.mark_backfilled(
            connection, _VENDOR, bindings.load_bindings(connection, _VENDOR), now
        )


def write(store: Store, pages: Iterable[Page], *, now: Instant) -> None:
    """What the CRM tells, then the tags that follow from it."""
    with store.read() as connection:
        crm = connections.find_all(connection)[0]
    for page in pages:
        with store.write() as connection:
            context = load_context(connection, crm.id, run_id=None, now=now)
            mirror.write_page(connection, context, page)
    with store.read() as connection:
        published = rulebooks.load(connection)
    assert published is not None
    tag.run(store, published, now)
