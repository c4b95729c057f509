"""Parking: a CRM that asks to be left alone for long is left alone, by every command, until then.

Short waits are kept inside a connector. A long one (the day's calls used up, an account on its way
to another data centre) is written on the connection, so that nobody asks again before its end.
"""

from zoneinfo import ZoneInfo

from connectors.base import Retriable
from rules.language import Text
from rules.time import Instant, moment_of
from service.store import connections
from service.store.connections import CrmConnection
from service.store.engine import Store

# What a connector does not wait for itself, and what no CRM has a reason to ask for, in seconds.
LEAST_SECONDS = 60.0
LONGEST_SECONDS = 24 * 3_600.0


def heed(store: Store, vendor: str, error: Retriable, now: Instant) -> None:
    """Remember how long a CRM asks to be left alone, where it is long."""
    if error.retry_after is None or error.retry_after < LEAST_SECONDS:
        return
    until = now + round(min(error.retry_after, LONGEST_SECONDS) * 1_000)
    with store.write() as connection:
        connections.park(connection, vendor, until)


def respect(crm: CrmConnection, now: Instant, zone: ZoneInfo) -> None:
    """Raise `Retriable` while a CRM is to be left alone; `zone` is that of the hour to tell."""
    until = crm.not_before_at
    if until is None or until <= now:
        return
    hour = f"{moment_of(until, zone):%Y-%m-%d %H:%M} ({zone.key})"
    raise Retriable(
        Text(
            f"{crm.vendor} a demandé qu'on ne le sollicite plus avant le {hour} : rien ne lui a "
            "été demandé. La synchronisation reprend d'elle-même ; d'ici là, « arpent preview » "
            "et « arpent status » fonctionnent.",
            f"{crm.vendor} asked to be left alone until {hour}: nothing was asked. Syncing "
            "resumes by itself; until then, `arpent preview` and `arpent status` work.",
        ),
        retry_after=(until - now) / 1_000,
    )
