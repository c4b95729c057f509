"""Zoho's data centres: where each logs in, where its API answers, where people read records.

A token opens one data centre only, and says which by `api_domain`: that is always what is called,
once it is known to be Zoho's. The hosts are those of Zoho's page on its data centres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.http import is_this_machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """One data centre: its code, and the hosts of its accounts, its API and its pages."""

    code: str
    accounts: str
    api: str
    pages: str


def _centre(code: str, domain: str, api: str) -> Centre:
    return Centre(code=code, accounts=f"accounts.{domain}", api=api, pages=f"crm.{domain}")


CENTRES: Mapping[str, Centre] = {
    centre.code: centre
    for centre in (
        _centre("ca", "zohocloud.ca", "zohoapis.ca"),
        _centre("us", "zoho.com", "zohoapis.com"),
        _centre("eu", "zoho.eu", "zohoapis.eu"),
        _centre("in", "zoho.in", "zohoapis.in"),
        _centre("au", "zoho.com.au", "zohoapis.com.au"),
        _centre("jp", "zoho.jp", "zohoapis.jp"),
        _centre("cn", "zoho.com.cn", "zohoapis.com.cn"),
        _centre("sa", "zoho.sa", "zohoapis.sa"),
        _centre("uk", "zoho.uk", "zohoapis.uk"),
    )
}

# `www` is production; a Zoho sandbox and a developer's organisation have names of their own.
_KINDS = ("www", "sandbox", "developer")


def accounts_url(code: str) -> str:
    """The address of the accounts server of a data centre."""
    return f"https://{CENTRES[code].accounts}"


def hosts_of(accounts: str) -> frozenset[str]:
    """The hosts that a connection may call: on this machine only that one, else Zoho's own."""
    host = (urlsplit(accounts).hostname or "").lower()
    if is_this_machine(host):
        return frozenset({host})
    apis = {f"{kind}.{centre.api}" for centre in CENTRES.values() for kind in _KINDS}
    return frozenset({*apis, *(centre.accounts for centre in CENTRES.values())})


def is_api(address: str, accounts: str) -> bool:
    """Whether an `api_domain` is one where a token may be sent."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        _ = parts.port
    except ValueError:
        return False
    here = (urlsplit(accounts).hostname or "").lower()
    if parts.path.strip("/") or parts.query or parts.username is not None:
        return False
    if is_this_machine(here):
        return parts.scheme in {"http", "https"} and host == here
    return parts.scheme == "https" and any(
        host == f"{kind}.{centre.api}" for centre in CENTRES.values() for kind in _KINDS
    )


def centre_of(address: str) -> Centre | None:
    """The data centre of an accounts server or of an API; None for any other address."""
    host = (urlsplit(address).hostname or "").lower()
    for centre in CENTRES.values():
        if host == centre.accounts or host.partition(".")[2] == centre.api:
            return centre
    return None
