"""A small territory in an emulated CRM, the people around it, and what Arpent does there.

Four stages, each with the present at which it begins and what people have changed before it:

1. `first`: everything is read, tagged and reviewed; the values and a task are written.
2. `later`: records came, changed and went, a rep has edited a value of ours.
3. `overtaken`: the next weekly look; while a batch is on its way, another playbook is published.
4. `undone`: what the first cycle wrote is taken back and its task closed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from rules.rulebook import Rulebook, compile_rulebook
from service import lease, owe, tag, undo, worker
from service.app import App, read_playbook
from service.cli.commands.options import recorded
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks
from service.store.tables import push_journal
from tests.torture.in_hubspot import InHubSpot
from tests.torture.in_salesforce import InSalesforce
from tests.torture.in_zoho import InZoho
from tests.torture.portal import HIGH, Portal, at

# The CRMs in which the story is told, each by a new one that is as Arpent finds it.
PORTALS: Mapping[str, type[InHubSpot | InSalesforce | InZoho]] = {
    each.vendor: each for each in (InHubSpot, InSalesforce, InZoho)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the story: `work` is what a process of Arpent does, alone with the store."""

    name: str
    changed_at: datetime
    change: Callable[[Portal], None]
    begins_at: datetime
    work: Callable[[App], None]
    # What another command does while a batch of values is on its way.
    meanwhile: Callable[[App], None] | None = None


def _nobody(portal: Portal) -> None:
    """Nobody has changed anything."""
    del portal


def _days_later(portal: Portal) -> None:
    """Records come, change and go; a rep edits a value of ours."""
    portal.add_company("Nouveau compte", HIGH)
    portal.set_potential(portal.number_of(1), HIGH)
    portal.set_potential(portal.number_of(3), "")
    portal.set_tier(portal.number_of(5), "bronze")
    portal.archive(portal.number_of(8))
    portal.log_call(portal.number_of(2))
    portal.win_a_deal()


def _a_week_later(portal: Portal) -> None:
    """Accounts turn out to be larger; for the other playbook, the second one is large."""
    portal.set_potential(portal.number_of(7), HIGH)
    portal.set_potential(portal.number_of(2), "400000")


def vendor_of(app: App) -> str:
    """The CRM that an installation of the story works with."""
    (vendor,) = app.vendors()
    return vendor


def cycle(app: App) -> None:
    """What the worker does at a tick."""
    worker.tick(app, app.vendors())


def take_back(app: App) -> None:
    """`arpent undo` of the first run that wrote something."""
    with app.store.read() as connection:
        undone = connection.execute(select(func.min(push_journal.c.run_id))).scalar_one()
    vendor = vendor_of(app)
    with (
        app.connector(vendor) as connector,
        lease.held(app, vendor) as renew,
        recorded(app, "undo") as (run_id, counts),
    ):
        app.connect(connector)
        report = undo.run(app, connector, app.published().rulebook, undone, run_id, renew=renew)
        counts.update(report.counts())


def publish_another(app: App) -> None:
    """`arpent rules publish` of the other playbook and `arpent tag`, by somebody else."""
    with app.store.write() as connection:
        is_new = rulebooks.publish(
            connection, other_rulebook(), author="ops", reason="essai", now=app.clock()
        )
    if is_new:
        published = app.published()
        tag.run(app.store, published, app.clock())
        owe.run(app.store, published.rulebook, app.connection(vendor_of(app)).id)


def _compiled(changed: Mapping[bytes, bytes]) -> Rulebook:
    files = read_playbook(SHIPPED_PLAYBOOK)
    for before, after in changed.items():
        assert before in files["segments.yaml"]
        files["segments.yaml"] = files["segments.yaml"].replace(before, after)
    compiled = compile_rulebook(files)
    # Whoever reads it from a store finds it compiled, in each process made of this one.
    return rulebooks._compiled(json.dumps(dict(compiled.source), ensure_ascii=False))


_BOOKS: dict[str, Rulebook] = {}


def shipped_rulebook() -> Rulebook:
    """The playbook that is in force at first."""
    return _BOOKS.setdefault("shipped", _BOOKS.get("shipped") or _compiled({}))


def other_rulebook() -> Rulebook:
    """The playbook that is published on the way: accounts are larger in it."""
    changed = {b'"> 500k"': b'"> 300k"', b'"100k..500k"': b'"100k..300k"'}
    return _BOOKS.setdefault("other", _BOOKS.get("other") or _compiled(changed))


STAGES = (
    Stage(
        name="first", changed_at=at(29, 7, month=6), change=_nobody,
        begins_at=at(29, 8, month=6), work=cycle,
    ),
    Stage(
        name="later", changed_at=at(1, 9), change=_days_later, begins_at=at(1, 10), work=cycle
    ),
    Stage(
        name="overtaken", changed_at=at(6, 8), change=_a_week_later, begins_at=at(6, 9),
        work=cycle, meanwhile=publish_another,
    ),
    Stage(
        name="undone", changed_at=at(7, 9), change=_nobody, begins_at=at(7, 10), work=take_back
    ),
)  # fmt: skip
