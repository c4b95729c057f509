"""The CRMs by name. The only place that knows them all, and that loads one only when it is used.

A vendor's SDK takes a noticeable time to import: a command that needs no CRM pays nothing.
"""

from connectors.base import Access, Connector, Misconfigured
from rules.language import Text

VENDORS = ("hubspot",)


def open_connector(
    vendor: str,
    *,
    token: Access,
    base_url: str | None = None,
    expected_account_id: str | None = None,
    api_version: str | None = None,
) -> Connector:
    """The connector of a vendor; what is None is the vendor's own default.

    `token` is a key, two keys, or an OAuth grant.

    Raises:
        Misconfigured: There is no such vendor, or a setting is unusable.
    """
    match vendor:
        case "hubspot":
            from connectors.hubspot import connector, objects  # noqa: PLC0415 - loaded when used

            return connector.HubSpot(
                token,
                base_url=base_url or connector.BASE_URL,
                expected_account_id=expected_account_id,
                api_version=api_version or objects.API_VERSION,
            )
        case _:
            known = ", ".join(VENDORS)
            raise Misconfigured(
                Text(
                    fr=f"« {vendor} » n'est pas un CRM connu : écrivez l'un de {known} dans les "
                    "réglages.",
                    en=f"“{vendor}” is not a known CRM: write one of {known} in the settings.",
                )
            )
