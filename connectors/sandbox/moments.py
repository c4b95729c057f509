"""Dates of a folder, which belong to the portal's zone, as the instants that HubSpot keeps."""

from datetime import UTC, date, datetime

from connectors.sandbox.clock import PortalClock, stamp


def instant_of(moment: date | datetime, clock: PortalClock) -> datetime:
    """Return the instant of a day (its midnight) or time in the portal's zone, in UTC."""
    if not isinstance(moment, datetime):
        return clock.midnight(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=clock.zone)
    return moment.astimezone(UTC)


def as_property(moment: date | datetime, type_name: str, clock: PortalClock) -> str:
    """Print a moment for a `date` property (a day) or a `datetime` one (an instant in UTC)."""
    if type_name == "date":
        return moment.isoformat()[:10]
    return stamp(instant_of(moment, clock))
