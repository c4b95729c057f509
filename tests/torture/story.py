"""The whole story told once without a death: each stage as it begins, and how it should end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from babel.numbers import format_decimal
from sqlalchemy import Engine

from service import provision
from service.app import App
from service.store import rulebooks
from tests.torture import places, world
from tests.torture.crashing import CALM, Ready, Run, opened, prepared
from tests.torture.places import Place
from tests.torture.portal import HIGH, Portal


def _settle_in(app: App) -> None:
    """`arpent rules publish` and `arpent fields ensure`."""
    with app.store.write() as connection:
        rulebooks.publish(
            connection, world.shipped_rulebook(), author="ops", reason="essai", now=app.clock()
        )
    with app.connector(world.vendor_of(app)) as connector:
        provision.run(connector, app.published().rulebook, dry_run=False)


@contextmanager
def told(vendor: str, server: str | None = None, *, until: str = "") -> Iterator[dict[str, Ready]]:
    """The stages of a CRM by name, on SQLite or on this PostgreSQL server; `until` is the last."""
    world.shipped_rulebook()
    world.other_rulebook()
    format_decimal(1.5, locale="fr_CA")
    with places.new(server) as place:
        yield _told(world.PORTALS[vendor](), place, until)


def _warmed(portal: Portal, place: Place) -> Engine:
    """An engine that has done, in this very process, what the others will do."""
    scratch, patch = place.copied("warm"), pytest.MonkeyPatch()
    with Run(world.STAGES[0], portal, scratch, CALM).begun() as served:
        app = opened(portal, scratch, served, CALM, patch)
        world.cycle(app)
        served.ask("set_potential", portal.number_of(1), HIGH)
        served.set_clock(world.STAGES[1].begins_at)
        world.cycle(app)
        world.take_back(app)
    app.store.close()
    patch.undo()
    scratch.remove()
    return app.store.engine


def _told(portal: Portal, place: Place, until: str) -> dict[str, Ready]:
    run = Run(world.STAGES[0], portal, place, CALM)
    with run.begun() as served:
        # So long before the first stage that its token is over by then.
        served.set_clock(run.stage.changed_at)
        process = run.start(served, _settle_in)
        assert process.wait() == 0, "the installation failed"
        state = served.ask("state")
    portal.take_over(state)
    place = replace(place, warm=_warmed(portal, place))
    found: dict[str, Ready] = {}
    for stage in world.STAGES:
        ready, portal, place = prepared(stage, portal, place)
        found[stage.name] = ready
        if stage.name == until:
            break
    # A collection in a child would otherwise copy all that it shares with this process.
    gc.collect()
    gc.freeze()
    return found
