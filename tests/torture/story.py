"""The whole story told once without a death: each stage as it begins, and how it should end."""

from collections.abc import Iterator
from contextlib import contextmanager

from babel.numbers import format_decimal

from service import provision
from service.app import App
from service.store import rulebooks
from tests.torture import places, serving, world
from tests.torture.crashing import CALM, Ready, Run, prepared
from tests.torture.places import Place


def _settle_in(app: App) -> None:
    """`arpent rules publish` and `arpent fields ensure`."""
    with app.store.write() as connection:
        rulebooks.publish(
            connection, world.shipped_rulebook(), author="ops", reason="essai", now=app.clock()
        )
    with app.connector(world.VENDOR) as connector:
        provision.run(connector, app.published().rulebook, dry_run=False)


@contextmanager
def told(server: str | None = None) -> Iterator[dict[str, Ready]]:
    """The stages by name, on SQLite or on this PostgreSQL server."""
    world.shipped_rulebook()
    world.other_rulebook()
    format_decimal(1.5, locale="fr_CA")
    with places.new(server) as place:
        yield _told(place)


def _told(place: Place) -> dict[str, Ready]:
    portal = world.portal()
    run = Run(world.STAGES[0], portal, place, CALM)
    with run.begun() as served:
        process = run.start(served, _settle_in)
        assert process.wait() == 0, "the installation failed"
        state = served.ask("state")
    serving.take_over(portal, state)
    found: dict[str, Ready] = {}
    for stage in world.STAGES:
        ready, portal, place = prepared(stage, portal, place)
        found[stage.name] = ready
    return found
