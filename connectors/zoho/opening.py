"""Opening Zoho CRM: its settings, and how they give an access; no HTTP is loaded before."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from connectors.address import AddressSetting, read_address
from connectors.base import Connector, Misconfigured
from connectors.vendor import PREFIX, Keeping, Vendor
from connectors.zoho import filters
from rules.crm_filter import Filter, FilterText, NoFilter
from rules.language import Text
from rules.located import Misfit

_NAMES = f"{PREFIX}ZOHO_"
# An account's page: with the organization before it or not, in the sandbox too.
_PAGE = re.compile(r"/tab/Accounts/(\d+)")
_ORG = re.compile(r"\d{1,20}")


class ZohoSettings(BaseModel):
    """What an installation decides of Zoho CRM. See `docs/zoho.md`."""

    model_config = ConfigDict(frozen=True)

    zoho_client_id: str | None = None
    zoho_client_secret: SecretStr | None = None
    zoho_refresh_token: SecretStr | None = None
    zoho_refresh_token_file: Path | None = None
    zoho_data_center: Literal["ca", "us", "eu", "in", "au", "jp", "cn", "sa", "uk"] | None = None
    zoho_url: AddressSetting | None = None
    zoho_account_id: str | None = None

    @field_validator("zoho_refresh_token_file")
    @classmethod
    def _zoho_file_may_start_at_home(cls, path: Path | None) -> Path | None:
        return path and path.expanduser()

    @field_validator("zoho_url")
    @classmethod
    def _zoho_url_is_only_an_address(cls, url: str | None) -> str | None:
        return url and read_address(url)

    @field_validator("zoho_account_id")
    @classmethod
    def _zoho_account_is_an_organization(cls, given: str | None) -> str | None:
        found = (given or "").strip().removeprefix("org")
        if found and not _ORG.fullmatch(found):
            raise Misfit(
                "il faut le numéro d'une organisation Zoho (celui de l'adresse, après « org »)",
                "the number of a Zoho organization is needed (that of its address, after “org”)",
            )
        return found or None


class _ZohoVendor:
    """Zoho CRM among the CRMs."""

    name = "zoho"
    title = "Zoho CRM"
    how_to_open = Text(
        "Créez un « Self Client » dans la console d'API de Zoho (api-console.zohocloud.ca au "
        "Canada), faites un code avec les portées de docs/zoho.md, échangez-le contre un jeton "
        "d'actualisation, puis réglez ARPENT_ZOHO_DATA_CENTER, ARPENT_ZOHO_CLIENT_ID, "
        "ARPENT_ZOHO_CLIENT_SECRET et ARPENT_ZOHO_REFRESH_TOKEN.",
        "Create a Self Client in Zoho's API console (api-console.zohocloud.ca in Canada), make a "
        "code with the scopes of docs/zoho.md, exchange it for a refresh token, then set "
        "ARPENT_ZOHO_DATA_CENTER, ARPENT_ZOHO_CLIENT_ID, ARPENT_ZOHO_CLIENT_SECRET and "
        "ARPENT_ZOHO_REFRESH_TOKEN.",
    )

    def is_set(self, settings: ZohoSettings) -> bool:
        """Whether there is a client, and a refresh token."""
        return bool(settings.zoho_client_id and _has_token(settings))

    def problems(self, settings: ZohoSettings) -> Iterator[Text]:
        """Zoho is opened by the whole of a client, at a known place."""
        parts = {
            "CLIENT_ID": bool(settings.zoho_client_id),
            "CLIENT_SECRET": _holds(settings.zoho_client_secret),
            "REFRESH_TOKEN": _has_token(settings),
            "DATA_CENTER": bool(settings.zoho_data_center or settings.zoho_url),
        }
        missing = [_NAMES + name for name, is_there in parts.items() if not is_there]
        if 0 < len(missing) < len(parts):
            listed = ", ".join(missing)
            yield Text(
                f"L'accès à Zoho est incomplet, il manque : {listed}. Le centre de données du "
                "Canada est « ca ».",
                f"{listed}: the access to Zoho lacks this setting. Canada's data centre is “ca”.",
            )
        if settings.zoho_data_center and settings.zoho_url:
            yield _TWO_PLACES

    def private_files(self, settings: ZohoSettings) -> Sequence[Path]:
        """The file of the refresh token."""
        file = settings.zoho_refresh_token_file
        return [] if file is None else [file]

    def open(
        self, settings: ZohoSettings, *, keeping: Keeping, account_id: str | None
    ) -> Connector:
        """The connector of the organization; Misconfigured when there is no client."""
        from connectors.zoho.centres import accounts_url  # noqa: PLC0415 - loads the HTTP stack
        from connectors.zoho.connector import Zoho  # noqa: PLC0415 - loaded when used

        place = settings.zoho_url or (
            settings.zoho_data_center and accounts_url(settings.zoho_data_center)
        )
        if not self.is_set(settings) or not place:
            raise Misconfigured(self.how_to_open)
        access = keeping(
            client_id=settings.zoho_client_id or "",
            client_secret=settings.zoho_client_secret or SecretStr(""),
            given=settings.zoho_refresh_token,
            file=settings.zoho_refresh_token_file,
            setting=f"{_NAMES}REFRESH_TOKEN_FILE",
        )
        return Zoho(
            access,
            accounts=place,
            expected_account_id=settings.zoho_account_id or account_id,
        )

    def account_in(self, text: str) -> str | None:
        """The id of the account whose page has this address."""
        found = _PAGE.search(text)
        return found and found[1]

    def filter_text(self, wanted: Filter) -> FilterText | NoFilter:
        """The list of a filter, as `filters` makes it."""
        return filters.filter_text(wanted)


_TWO_PLACES = Text(
    "ARPENT_ZOHO_DATA_CENTER et ARPENT_ZOHO_URL disent tous deux où se connecter. Retirez l'un : "
    "l'adresse ne sert qu'au CRM émulé.",
    "ARPENT_ZOHO_DATA_CENTER and ARPENT_ZOHO_URL both say where to log in. Remove one: the address "
    "serves the emulated CRM only.",
)


def _has_token(settings: ZohoSettings) -> bool:
    return _holds(settings.zoho_refresh_token) or settings.zoho_refresh_token_file is not None


def _holds(part: SecretStr | None) -> bool:
    return part is not None and bool(part.get_secret_value().strip())


VENDOR: Vendor[ZohoSettings] = _ZohoVendor()
