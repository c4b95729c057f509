"""The CRMs by name. The only place that knows them all, and that loads one only when it is used.

A vendor's SDK takes a noticeable time to import: a command that needs no CRM pays nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from connectors.base import Connector, Misconfigured
from connectors.hubspot import opening as hubspot
from connectors.salesforce import opening as salesforce
from connectors.vendor import Keeping, Vendor
from connectors.zoho import opening as zoho
from rules.language import Text


class CrmSettings(hubspot.HubSpotSettings, salesforce.SalesforceSettings, zoho.ZohoSettings):
    """The settings of all CRMs, each with its vendor's name in front."""


VENDORS: Mapping[str, Vendor[CrmSettings]] = MappingProxyType(
    {each.name: each for each in (hubspot.VENDOR, salesforce.VENDOR, zoho.VENDOR)}
)


def open_connector(
    vendor: str, settings: CrmSettings, *, keeping: Keeping, account_id: str | None
) -> Connector:
    """The connector of a vendor; `account_id` is the CRM account that was opened before, if any.

    Raises:
        Misconfigured: There is no such vendor, nothing opens it, or a setting is unusable.
    """
    found = VENDORS.get(vendor)
    if found is None:
        known = ", ".join(VENDORS)
        raise Misconfigured(
            Text(
                fr=f"« {vendor} » n'est pas un CRM connu : écrivez l'un de {known} dans les "
                "réglages.",
                en=f"“{vendor}” is not a known CRM: write one of {known} in the settings.",
            )
        )
    if not found.is_set(settings):
        raise Misconfigured(_not_set(found))
    return found.open(settings, keeping=keeping, account_id=account_id)


def title_of(vendor: str) -> str:
    """How a CRM is called before people; a name that is none of them, as it is."""
    found = VENDORS.get(vendor)
    return vendor if found is None else found.title


def named(vendor: str | None, text: Text) -> Text:
    """A sentence after the name of the CRM that it concerns, where it concerns one."""
    if vendor is None:
        return text
    title = title_of(vendor)
    return Text(f"{title} : {text.fr}", f"{title}: {text.en}")


def account_in(text: str) -> str | None:
    """The id of the account whose page has the pasted address; None when it is none."""
    found = (vendor.account_in(text) for vendor in VENDORS.values())
    return next((each for each in found if each is not None), None)


def none_is_set() -> Text:
    """What is said where no CRM can be opened: how to open each."""
    ways = [(vendor.title, vendor.how_to_open) for vendor in VENDORS.values()]
    fr = "\n".join(f"- {title} : {way.fr}" for title, way in ways)
    en = "\n".join(f"- {title}: {way.en}" for title, way in ways)
    return Text(
        f"Aucun CRM n'est réglé. Réglez-en un :\n{fr}\n{_TRIAL.fr}",
        f"No CRM is set. Set one:\n{en}\n{_TRIAL.en}",
    )


def _not_set(vendor: Vendor[CrmSettings]) -> Text:
    how = vendor.how_to_open
    return Text(
        f"{vendor.title} n'est pas réglé. {how.fr} {_TRIAL.fr}",
        f"{vendor.title} is not set. {how.en} {_TRIAL.en}",
    )


_TRIAL = Text("Pour essayer sans CRM : « arpent demo ».", "To try without a CRM: `arpent demo`.")
