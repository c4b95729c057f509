"""Which org this is, and in which currencies it counts."""

from collections.abc import Mapping

from babel import Locale, UnknownLocaleError
from babel.numbers import get_territory_currencies

from connectors.base import Fatal, Identity
from connectors.crm_clock import zone_of
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.error_words import NO_CURRENCY, NO_ORG
from connectors.salesforce.errors import Forbidden, Refused, unreadable, wrong_account
from connectors.salesforce.objects import full_id, is_id
from connectors.salesforce.rates import Rates, corporate, rates_of


def identify(client: Client, expected: str | None) -> Identity:
    """Ask Salesforce which org this is; refuse another than the expected one.

    Raises:
        Fatal: It is another org, or one that doesn't tell who it is.
    """
    try:
        rows = client.query(soql.organization())["records"]
    except Refused as refused:
        raise unreadable(refused, "Organization") from refused
    row: Mapping[str, object] = rows[0] if rows and isinstance(rows[0], dict) else {}
    key = full_id(str(row.get("Id") or ""))
    if not is_id(key):
        raise Fatal(NO_ORG)
    if expected is not None and key != full_id(expected):
        is_sandbox = row.get("IsSandbox")
        raise wrong_account(
            key, expected, is_sandbox=is_sandbox if isinstance(is_sandbox, bool) else None
        )
    return Identity(
        vendor="salesforce",
        account_id=key,
        name=str(row.get("Name") or f"Salesforce {key}"),
        time_zone=zone_of(str(row.get("TimeZoneSidKey") or "UTC")).key,
        currency=_home_currency(client, str(row.get("DefaultLocaleSidKey") or "")),
        user_id=client.gateway.user_at_hand,
    )


def rates(client: Client, home: str) -> Rates:
    """The rates of an org with several currencies; those by period where it has them."""
    current = _rows(client, soql.currencies())
    return rates_of(home, current, _rows(client, soql.dated_rates()))


def _home_currency(client: Client, locale: str) -> str:
    """The home currency: as the org says, else that of the country of its locale."""
    found = corporate(_rows(client, soql.currencies()))
    if found is None:
        told = client.find("connect/organization") or {}
        features = told.get("features")
        if isinstance(features, dict) and features.get("defaultCurrencyIsoCode"):
            found = str(features["defaultCurrencyIsoCode"])
    found = found or _of_country(locale)
    if found is None:
        raise Fatal(NO_CURRENCY)
    return found


def _of_country(locale: str) -> str | None:
    """The currency of `fr_CA` is that of Canada; some locales name it (`en_US_USD`)."""
    parts = locale.split("_")
    try:
        territory = Locale.parse("_".join(parts[:2])).territory
    except (ValueError, UnknownLocaleError):
        return None
    listed = get_territory_currencies(territory) if territory else []
    return str(listed[-1]) if listed else None


def _rows(client: Client, text: str) -> list[Json]:
    """The rows of an object that an org may lack."""
    try:
        return client.rows(text)
    except (Refused, Forbidden):
        return []
