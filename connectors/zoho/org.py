"""Which organization this is, what its edition allows, and in which currencies it counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Fatal, Identity
from connectors.crm_clock import zone_of
from connectors.zoho.answers import listing, objects
from connectors.zoho.client import Client
from connectors.zoho.error_words import NO_ORG, wrong_account
from connectors.zoho.ledger import Edition, edition_of
from connectors.zoho.rates import Rates, rates_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """An organization: who it is and its edition."""

    identity: Identity
    edition: Edition


def ask(client: Client, expected: str | None) -> Org:
    """Ask Zoho which organization this is; refuse another than the expected one.

    Its edition sets how many calls may be under way and how many credits there are.

    Raises:
        Fatal: It is another one, or doesn't tell who it is.
    """
    listed = objects(client.must("org"), "org")
    row: Mapping[str, object] = listed[0] if listed else {}
    key = str(row.get("zgid") or "")
    if not key.isalnum():
        raise Fatal(NO_ORG)
    if expected is not None and key != expected:
        raise Fatal(wrong_account(key, expected))
    told = row.get("license_details")
    details: Mapping[str, object] = told if isinstance(told, Mapping) else {}
    # A trial is of the edition that is tried, whatever is paid for.
    is_trial = details.get("paid") is False and details.get("trial_type")
    edition = edition_of(str(details.get("trial_type" if is_trial else "paid_type") or ""))
    users = details.get("users_license_purchased")
    zone = zone_of(str(row.get("time_zone") or "UTC"))
    client.account = key
    client.pace.resize(edition.calls)
    client.ledger.zone = zone
    client.ledger.set_limit(edition.credits_of(users if isinstance(users, int) else 0))
    identity = Identity(
        vendor="zoho",
        account_id=key,
        name=str(row.get("company_name") or f"Zoho {key}"),
        time_zone=zone.key,
        currency=str(row.get("iso_code") or "USD"),
    )
    return Org(identity=identity, edition=edition)


def rates(client: Client, home: str) -> Rates:
    """The rates of an organization with several currencies; records keep their own besides."""
    return rates_of(home, listing(client.find("org/currencies") or {}, "currencies"))
