"""The lists that give a figure again in each connected CRM: what a person enters, and a query."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.registry import VENDORS
from rules.crm_filter import FilterText, NoFilter
from rules.kpi.figures import Figure
from rules.kpi.filters import Place, filters_of
from rules.rulebook import Rulebook
from rules.time import Instant
from service.store import places
from service.store.engine import Store

Found = Mapping[str, FilterText | NoFilter] | NoFilter


@dataclass(frozen=True, slots=True)
class Finder:
    """Tells, for any figure of a rulebook, the lists of each CRM."""

    book: Rulebook
    places: Mapping[str, Place]

    def lists(self, figure: Figure) -> Mapping[str, Found]:
        """By vendor: the list of each part (`value`, `numerator`, `denominator`), or why not."""
        return {vendor: self._found(vendor, place, figure) for vendor, place in self.places.items()}

    def _found(self, vendor: str, place: Place, figure: Figure) -> Found:
        wanted = filters_of(figure, self.book.kpis, place)
        if isinstance(wanted, NoFilter):
            return wanted
        return {part: VENDORS[vendor].filter_text(each) for part, each in wanted.items()}


def finder(store: Store, book: Rulebook, *, now: Instant) -> Finder:
    """Reads what the CRMs have; `now` is the instant at which the figures were measured."""
    with store.read() as connection:
        return Finder(book, places.load(connection, book, now))
