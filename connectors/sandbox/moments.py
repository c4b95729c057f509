"""Dates of a folder, which belong to the portal's zone, as instants."""

from datetime import UTC, date, datetime

from connectors.sandbox.clock import PortalClock


def instant_of(moment: date | datetime, clock: PortalClock) -> datetime:
    """Return the instant of a day (its midnight) or time in the portal's zone, in UTC."""
    if not isinstance(moment, datetime):
        return clock.midnight(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=clock.zone)
    return moment.astimezone(UTC)
