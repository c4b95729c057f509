"""Opening HubSpot: its settings, and how they give an access. Loads no SDK before it is opened."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from connectors.address import AddressSetting, read_address
from connectors.base import Access, Connector, Misconfigured, Rotation
from connectors.hubspot import filters
from connectors.vendor import PREFIX, Keeping, Vendor
from rules.crm_filter import Filter, FilterText, NoFilter
from rules.language import Text

_REFRESH_TOKEN_FILE = f"{PREFIX}HUBSPOT_REFRESH_TOKEN_FILE"
# A company's page in today's interface (0-2 is its type), in earlier ones, and in the sandbox.
_PAGE = re.compile(r"/(?:0-2|companies|company)/(\d+)")


class HubSpotSettings(BaseModel):
    """What an installation decides of HubSpot. See `docs/operations.md`."""

    model_config = ConfigDict(frozen=True)

    hubspot_token: SecretStr | None = None
    hubspot_token_next: SecretStr | None = None
    hubspot_client_id: str | None = None
    hubspot_client_secret: SecretStr | None = None
    hubspot_refresh_token: SecretStr | None = None
    hubspot_refresh_token_file: Path | None = None
    hubspot_url: AddressSetting = "https://api.hubapi.com"
    hubspot_account_id: str | None = None

    @field_validator("hubspot_refresh_token_file")
    @classmethod
    def _hubspot_file_may_start_at_home(cls, path: Path | None) -> Path | None:
        return path and path.expanduser()

    @field_validator("hubspot_url")
    @classmethod
    def _hubspot_url_is_only_an_address(cls, url: str) -> str:
        return read_address(url)


def access_of(settings: HubSpotSettings, keeping: Keeping) -> Access | None:
    """How HubSpot is opened: a key, two keys, an OAuth grant; None when nothing is set.

    Raises:
        Misconfigured: The file of the refresh token can't be read.
    """
    if settings.hubspot_client_id:
        return keeping(
            client_id=settings.hubspot_client_id,
            client_secret=settings.hubspot_client_secret or SecretStr(""),
            given=settings.hubspot_refresh_token,
            file=settings.hubspot_refresh_token_file,
            setting=_REFRESH_TOKEN_FILE,
        )
    token, following = settings.hubspot_token, settings.hubspot_token_next
    if token is None or not token.get_secret_value().strip():
        return None
    if following is None or not following.get_secret_value().strip():
        return token
    return Rotation(current=token, following=following)


class _HubSpotVendor:
    """HubSpot among the CRMs."""

    name = "hubspot"
    title = "HubSpot"
    how_to_open = Text(
        "Créez une clé de service dans HubSpot (Développement → Clés → Clés de service) et "
        "mettez-la dans ARPENT_HUBSPOT_TOKEN.",
        "Create a service key in HubSpot (Development → Keys → Service keys) and put it in "
        "ARPENT_HUBSPOT_TOKEN.",
    )

    def is_set(self, settings: HubSpotSettings) -> bool:
        """Whether there is a key or an application."""
        return bool(settings.hubspot_token or settings.hubspot_client_id)

    def problems(self, settings: HubSpotSettings) -> Iterator[Text]:
        """HubSpot is opened by a key or by OAuth, and by the whole of either."""
        token = settings.hubspot_refresh_token or settings.hubspot_refresh_token_file
        parts = {
            "CLIENT_ID": settings.hubspot_client_id,
            "CLIENT_SECRET": settings.hubspot_client_secret,
            "REFRESH_TOKEN": token,
        }
        missing = [f"{PREFIX}HUBSPOT_{name}" for name, part in parts.items() if not part]
        if 0 < len(missing) < len(parts):
            listed = ", ".join(missing)
            yield Text(
                f"L'accès OAuth à HubSpot est incomplet, il manque : {listed}. Complétez-le, ou "
                "retirez les autres réglages et donnez une clé dans ARPENT_HUBSPOT_TOKEN.",
                f"{listed}: HubSpot's OAuth access lacks this setting. Add it, or remove the "
                "others and give a key in ARPENT_HUBSPOT_TOKEN.",
            )
        if settings.hubspot_client_id and settings.hubspot_token:
            yield _TWO_WAYS
        if settings.hubspot_token_next and not settings.hubspot_token:
            yield _NO_KEY_IN_PLACE

    def private_files(self, settings: HubSpotSettings) -> Sequence[Path]:
        """The file of the refresh token."""
        file = settings.hubspot_refresh_token_file
        return [] if file is None else [file]

    def open(
        self, settings: HubSpotSettings, *, keeping: Keeping, account_id: str | None
    ) -> Connector:
        """The connector of the portal; Misconfigured when there is no key."""
        from connectors.hubspot.connector import HubSpot  # noqa: PLC0415 - loaded when used

        access = access_of(settings, keeping)
        if access is None:
            raise Misconfigured(self.how_to_open)
        return HubSpot(
            access,
            base_url=settings.hubspot_url,
            expected_account_id=settings.hubspot_account_id or account_id,
        )

    def account_in(self, text: str) -> str | None:
        """The id of the company whose page has this address."""
        found = _PAGE.search(text)
        return found and found[1]

    def filter_text(self, wanted: Filter) -> FilterText | NoFilter:
        """The list of a filter, as `filters` makes it."""
        return filters.filter_text(wanted)


_TWO_WAYS = Text(
    "ARPENT_HUBSPOT_TOKEN et ARPENT_HUBSPOT_CLIENT_ID : HubSpot s'ouvre par une clé ou par OAuth, "
    "pas par les deux. Retirez l'un.",
    "ARPENT_HUBSPOT_TOKEN and ARPENT_HUBSPOT_CLIENT_ID: HubSpot is opened by a key or by OAuth, "
    "not by both. Remove one.",
)
_NO_KEY_IN_PLACE = Text(
    "ARPENT_HUBSPOT_TOKEN_NEXT : il n'y a pas de clé en place. Mettez celle-ci dans "
    "ARPENT_HUBSPOT_TOKEN.",
    "ARPENT_HUBSPOT_TOKEN_NEXT: there is no key in place. Put this one in ARPENT_HUBSPOT_TOKEN.",
)

VENDOR: Vendor[HubSpotSettings] = _HubSpotVendor()
