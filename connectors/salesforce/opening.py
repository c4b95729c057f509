"""Opening Salesforce: its settings, and which login they give. Loads no SDK before it is opened."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from connectors.address import Address, AddressSetting, read_address
from connectors.base import Connector, Misconfigured
from connectors.salesforce import filters
from connectors.salesforce import opening_words as words
from connectors.salesforce.access import (
    ClientCredentials,
    PasswordLogin,
    SalesforceAccess,
    SignedLogin,
)
from connectors.salesforce.objects import full_id
from connectors.vendor import PREFIX, Keeping, Vendor
from rules.crm_filter import Filter, FilterText, NoFilter
from rules.language import Text, cause
from rules.located import Misfit

_NAMES = f"{PREFIX}SALESFORCE_"
# An account's page, Lightning or Classic, or its id alone: of 15 or 18 characters.
_ACCOUNT = r"(001(?:[0-9A-Za-z]{15}|[0-9A-Za-z]{12}))"
_PAGE = re.compile(rf"(?:/Account/|\.com/){_ACCOUNT}\b")
_ID = re.compile(_ACCOUNT)
_ORG = re.compile(r"00D(?:[0-9A-Za-z]{15}|[0-9A-Za-z]{12})")
_MY_DOMAIN = ".my.salesforce.com"
# Addresses of an org in a browser, whose first part is the same.
_IN_BROWSERS = (".lightning.force.com", ".my.salesforce-setup.com", ".vf.force.com")
_PEM = "PRIVATE KEY-----"


class SalesforceSettings(BaseModel):
    """What an installation decides of Salesforce. See `docs/operations.md`."""

    model_config = ConfigDict(frozen=True)

    salesforce_url: AddressSetting | None = None
    salesforce_client_id: str | None = None
    salesforce_client_secret: SecretStr | None = None
    salesforce_username: str | None = None
    salesforce_private_key: SecretStr | None = None
    salesforce_private_key_file: Path | None = None
    salesforce_audience: Literal["login", "test"] | None = None
    salesforce_refresh_token: SecretStr | None = None
    salesforce_refresh_token_file: Path | None = None
    salesforce_password: SecretStr | None = None
    salesforce_security_token: SecretStr | None = None
    salesforce_account_id: str | None = None

    @field_validator("salesforce_private_key_file", "salesforce_refresh_token_file")
    @classmethod
    def _salesforce_file_may_start_at_home(cls, path: Path | None) -> Path | None:
        return path and path.expanduser()

    @field_validator("salesforce_url")
    @classmethod
    def _salesforce_url_is_of_an_org(cls, url: str | None) -> str | None:
        return url and _org_address(url)

    @field_validator("salesforce_account_id")
    @classmethod
    def _salesforce_account_is_an_org(cls, given: str | None) -> str | None:
        if given and not _ORG.fullmatch(given.strip()):
            raise Misfit(
                "il faut l'identifiant d'une organisation (15 ou 18 caractères, 00D…)",
                "the id of an org is needed (15 or 18 characters, 00D…)",
            )
        return given.strip() if given else None


def access_of(settings: SalesforceSettings, keeping: Keeping) -> SalesforceAccess | None:
    """The login that the settings give; None when they give none.

    Raises:
        Misconfigured: The private key can't be read.
    """
    client_id = settings.salesforce_client_id or ""
    secret = settings.salesforce_client_secret or SecretStr("")
    match _ways(settings):
        case ["PRIVATE_KEY", *_]:
            return SignedLogin(
                client_id=client_id, username=settings.salesforce_username or "",
                private_key=_private_key(settings), audience=settings.salesforce_audience,
            )  # fmt: skip
        case ["REFRESH_TOKEN", *_]:
            return keeping(
                client_id=client_id, client_secret=secret,
                given=settings.salesforce_refresh_token,
                file=settings.salesforce_refresh_token_file,
                setting=f"{_NAMES}REFRESH_TOKEN_FILE",
            )  # fmt: skip
        case ["PASSWORD", *_]:
            return PasswordLogin(
                username=settings.salesforce_username or "",
                password=settings.salesforce_password or SecretStr(""),
                security_token=settings.salesforce_security_token or SecretStr(""),
            )
        case _ if client_id:
            return ClientCredentials(client_id=client_id, client_secret=secret)
        case _:
            return None


class _SalesforceVendor:
    """Salesforce among the CRMs."""

    name = "salesforce"
    title = "Salesforce"
    how_to_open = words.HOW_TO_OPEN

    def is_set(self, settings: SalesforceSettings) -> bool:
        """Whether there is an address and a login."""
        login = settings.salesforce_client_id or _ways(settings)
        return bool(settings.salesforce_url and login)

    def problems(self, settings: SalesforceSettings) -> Iterator[Text]:
        """Salesforce is opened by one kind of login, and by the whole of it."""
        ways = _ways(settings)
        if settings.salesforce_private_key and settings.salesforce_private_key_file:
            yield words.two_ways([f"{_NAMES}PRIVATE_KEY", f"{_NAMES}PRIVATE_KEY_FILE"])
        if len(ways) > 1:
            yield words.two_ways([_NAMES + _given(settings, way) for way in ways])
        elif ways == ["PASSWORD"] and settings.salesforce_client_secret:
            yield words.two_ways([f"{_NAMES}PASSWORD", f"{_NAMES}CLIENT_SECRET"])
        kind = ways[0] if ways else "CLIENT_SECRET"
        parts = {name: getattr(settings, f"salesforce_{name.lower()}") for name in _PARTS[kind]}
        parts["URL"] = settings.salesforce_url
        given = ways or [name for name in _STARTS if getattr(settings, f"salesforce_{name}")]
        missing = [_NAMES + name for name, part in parts.items() if not _has(part)]
        if given and missing:
            yield words.incomplete(kind, missing)

    def private_files(self, settings: SalesforceSettings) -> Sequence[Path]:
        """The files of the private key and of the refresh token."""
        files = (settings.salesforce_private_key_file, settings.salesforce_refresh_token_file)
        return [file for file in files if file is not None]

    def open(
        self, settings: SalesforceSettings, *, keeping: Keeping, account_id: str | None
    ) -> Connector:
        """The connector of the org; Misconfigured when no login is set."""
        from connectors.salesforce.connector import Salesforce  # noqa: PLC0415 - loaded when used

        access = access_of(settings, keeping)
        if access is None or not settings.salesforce_url:
            raise Misconfigured(self.how_to_open)
        return Salesforce(
            access,
            base_url=settings.salesforce_url,
            expected_account_id=settings.salesforce_account_id or account_id,
        )

    def account_in(self, text: str) -> str | None:
        """The id, in 18 characters, of the account whose page has this address, or this id."""
        found = _PAGE.search(text) or _ID.fullmatch(text.strip())
        return found and full_id(found[1])

    def filter_text(self, wanted: Filter) -> FilterText | NoFilter:
        """The list of a filter, as `filters` makes it."""
        return filters.filter_text(wanted)


# What each login needs besides the address. An app may do without a secret for a refresh token.
_PARTS = {
    "PRIVATE_KEY": ("CLIENT_ID", "USERNAME"),
    "REFRESH_TOKEN": ("CLIENT_ID",),
    "PASSWORD": ("USERNAME",),
    "CLIENT_SECRET": ("CLIENT_ID", "CLIENT_SECRET"),
}
# Where one of these is set, somebody means to open Salesforce.
_STARTS = ("url", "client_id", "client_secret", "username", "security_token")


def _has(part: object) -> bool:
    return bool(part.get_secret_value().strip() if isinstance(part, SecretStr) else part)


def _ways(settings: SalesforceSettings) -> list[str]:
    """The logins that the settings hold the heart of, apart from client credentials."""
    hearts = {
        "PRIVATE_KEY": (settings.salesforce_private_key, settings.salesforce_private_key_file),
        "REFRESH_TOKEN": (
            settings.salesforce_refresh_token, settings.salesforce_refresh_token_file,
        ),
        "PASSWORD": (settings.salesforce_password,),
    }  # fmt: skip
    return [name for name, heart in hearts.items() if any(_has(each) for each in heart)]


def _given(settings: SalesforceSettings, way: str) -> str:
    """The name of the setting that gives this login: its file's, where only that is set."""
    return way if getattr(settings, f"salesforce_{way.lower()}") else f"{way}_FILE"


def _private_key(settings: SalesforceSettings) -> SecretStr:
    """The key as PEM; in a variable its line ends may be written as backslash and n."""
    setting, file = f"{_NAMES}PRIVATE_KEY", settings.salesforce_private_key_file
    if settings.salesforce_private_key is not None:
        pem = settings.salesforce_private_key.get_secret_value().replace("\\n", "\n")
    else:
        setting = f"{_NAMES}PRIVATE_KEY_FILE"
        try:
            pem = "" if file is None else file.read_text(encoding="utf-8")
        except OSError as error:
            raise words.unreadable_key(setting, file, cause(error)) from error
        except UnicodeDecodeError:
            # The error would quote the file.
            raise words.not_a_key(setting, file) from None
    if _PEM not in pem:
        raise words.not_a_key(setting, file)
    return SecretStr(pem)


def _org_address(text: str) -> Address:
    """Scheme and host of an org's own domain; raises `Misfit` for any other address."""
    from connectors.http import is_this_machine  # noqa: PLC0415 - loads the HTTP stack

    address = urlsplit(read_address(text))
    host = (address.hostname or "").lower()
    if is_this_machine(host):
        return Address(f"{address.scheme}://{address.netloc}")
    if host.endswith(_MY_DOMAIN) and address.scheme == "https":
        return Address(f"https://{host}")
    behind = next((each for each in _IN_BROWSERS if host.endswith(each)), None)
    known = host.endswith(_MY_DOMAIN)
    name = host.removesuffix(behind or _MY_DOMAIN) if behind or known else None
    raise words.not_my_domain(host, None if name is None else f"https://{name}{_MY_DOMAIN}")


VENDOR: Vendor[SalesforceSettings] = _SalesforceVendor()
