"""The emulated CRMs by name. The only place of the sandbox that knows them all."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from connectors.sandbox.emulated import Emulated


class NotKeptError(Exception):
    """This emulated CRM lives in memory only: no state file can keep it."""


def open_emulated(
    vendor: str,
    *,
    now: datetime | None,
    time_zone: str,
    currency: str,
    state_file: Path | None = None,
) -> Emulated:
    """An emulated CRM that is not served yet, empty unless its state file holds something.

    `now` is its present (None: the machine's), `time_zone` and `currency` are the company's.
    KeyError for a vendor that is not in `EMULATED`; NotKeptError where it can't be kept in a file;
    BrokenStateFileError.
    """
    return EMULATED[vendor](now, time_zone, currency, state_file)


def _hubspot(
    now: datetime | None, time_zone: str, currency: str, state_file: Path | None
) -> Emulated:
    from connectors.sandbox.hubspot import HubSpotSandbox  # noqa: PLC0415 - loaded when used

    return HubSpotSandbox(
        state_file=state_file, now=now, portal_timezone=time_zone, company_currency=currency
    )


def _salesforce(
    now: datetime | None, time_zone: str, currency: str, state_file: Path | None
) -> Emulated:
    from connectors.sandbox.salesforce import SalesforceSandbox  # noqa: PLC0415 - loaded when used

    if state_file is not None:
        raise NotKeptError
    return SalesforceSandbox(now=now, time_zone=time_zone, company_currency=currency)


def _zoho(now: datetime | None, time_zone: str, currency: str, state_file: Path | None) -> Emulated:
    from connectors.sandbox.zoho import ZohoSandbox  # noqa: PLC0415 - loaded when used

    if state_file is not None:
        raise NotKeptError
    return ZohoSandbox(now=now, time_zone=time_zone, company_currency=currency)


_Maker = Callable[[datetime | None, str, str, Path | None], Emulated]

# The first is what a demo shows unless another is asked for.
EMULATED: Mapping[str, _Maker] = MappingProxyType(
    {"hubspot": _hubspot, "salesforce": _salesforce, "zoho": _zoho}
)
DEFAULT = next(iter(EMULATED))
