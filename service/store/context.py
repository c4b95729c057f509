"""What a page needs to know to become rows: the team's zone and money, slots, rates, reps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from rules.language import Text
from rules.owned import Owned
from rules.records import Kind
from rules.time import Day, Instant
from service.store import notices, reps
from service.store.bindings import Slots, guarded, readable_slots
from service.store.engine import StoreError
from service.store.tables import connection as crm
from service.store.tables import fx_rate, team

# By currency, from the oldest: the day a rate starts to hold, and the team currency per unit.
Rates = Mapping[str, Sequence[tuple[Day, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorContext:
    """The settings of a pull. `reps` are keys of reps by e-mail address (`store.reps`).

    `home_currency` is the one of the CRM account; `own_fields` are those of our fields that the
    pages carry, so that the others keep what was observed earlier. `slots` are those of the fields
    that are read; of those in `guarded`, read in full since an instant, a blank does not
    empty a value at once (`store.blanks`), and changes are kept (`store.history`).
    """

    connection_id: int
    run_id: int | None
    now: Instant
    zone: ZoneInfo
    team_currency: str
    home_currency: str
    slots: Slots
    rates: Rates
    reps: Mapping[str, str]
    own_fields: Sequence[str] = tuple(Owned)
    guarded: Mapping[Kind, Mapping[str, Instant]] = field(default_factory=dict)

    def rep_of(self, email: str | None) -> str | None:
        """The rep with an e-mail address, in whatever case it is written."""
        return reps.rep_of(self.reps, email)


def load_context(
    connection: Connection,
    connection_id: int,
    *,
    run_id: int | None,
    now: Instant,
    own_fields: Sequence[str] = tuple(Owned),
) -> MirrorContext:
    """The context of a CRM connection as the store knows it. Raises `StoreError` without team."""
    us = connection.execute(select(team.c.zone, team.c.currency)).one_or_none()
    home = connection.execute(
        select(crm.c.currency, crm.c.vendor).where(crm.c.id == connection_id)
    ).one_or_none()
    if us is None or home is None:
        raise StoreError(
            Text(
                "L'espace de travail ne connaît pas encore l'équipe ou ce CRM. Lancez "
                "« arpent rules publish ».",
                "The workspace does not know the team or this CRM yet. Run `arpent rules publish`.",
            )
        )
    lost = notices.parked(connection, home.vendor, notices.OWN)
    return MirrorContext(
        connection_id=connection_id,
        run_id=run_id,
        now=now,
        zone=ZoneInfo(us.zone),
        team_currency=us.currency,
        home_currency=home.currency,
        slots=readable_slots(connection, home.vendor),
        rates=load_rates(connection),
        reps=reps.load(connection),
        own_fields=[name for name in own_fields if name not in lost],
        guarded=guarded(connection, home.vendor),
    )


def load_rates(connection: Connection) -> Rates:
    """The dated exchange rates, by currency, oldest first."""
    rates: dict[str, list[tuple[Day, float]]] = {}
    for row in connection.execute(select(fx_rate).order_by(fx_rate.c.valid_from_on)):
        rates.setdefault(row.currency, []).append((row.valid_from_on, row.rate))
    return rates
