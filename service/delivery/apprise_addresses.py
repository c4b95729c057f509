"""Any other channel, by the addresses of the library Apprise. Each address is a secret.

A service is reached by https or by its own encryption; by plain text only on this machine. No
redirect is followed, each step has a time limit, nothing is loaded from a folder nor kept on disk,
and what Apprise would log, which may name the address, goes nowhere.
"""

import logging
from warnings import catch_warnings, simplefilter

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, PersistentStoreMode
from pydantic import SecretStr

from connectors.http import is_this_machine
from rules.digest.digest import Digest, plain
from rules.located import Misfit

SECONDS = 10
# What many chats read as a mention, or as an address of their own.
_LOOK_ALIKES = str.maketrans({"@": "＠", "<": "‹", ">": "›", "#": "＃", "`": "ˋ"})

logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False


class AppriseError(Exception):
    """The message was not taken, or may not have been; the service, without its address."""


def split(given: SecretStr | None) -> list[SecretStr]:
    """The addresses of the setting: separated by spaces, commas stay within an address."""
    return [SecretStr(each) for each in given.get_secret_value().split()] if given else []


def opened(address: SecretStr) -> NotifyBase:
    """The service of an address; raises `Misfit`, without the address in it."""
    asset = AppriseAsset(
        async_mode=False, secure_logging=True, storage_mode=PersistentStoreMode.MEMORY,
        http_redirects=False, app_id="Arpent", app_desc="Arpent", service_timeout=SECONDS,
    )  # fmt: skip
    # The first address loads every plugin, and with them modules that Python is about to drop.
    with catch_warnings():
        simplefilter("ignore", DeprecationWarning)
        service = Apprise.instantiate(
            address.get_secret_value(), asset=asset, suppress_exceptions=True
        )
    if not isinstance(service, NotifyBase):
        raise Misfit(
            "n'est pas une adresse qu'Apprise connaît (service://…)",
            "is not an address that Apprise knows (service://…)",
        )
    if not _is_private(service, address.get_secret_value().partition(":")[0].lower()):
        raise Misfit(
            "n'est pas chiffrée : prenez la forme sûre du service (avec un « s » final, le plus "
            "souvent)",
            "is not encrypted: take the secure form of the service (most often with a final 's')",
        )
    return service


def service_name(address: SecretStr) -> str:
    """What to call an address: its service, as `discord`."""
    return address.get_secret_value().partition(":")[0].lower()[:20]


def _is_private(service: NotifyBase, scheme: str) -> bool:
    """Whether what is sent can be read by nobody on its way."""
    plain_schemes = service.protocol or ()
    is_plain = scheme in (
        (plain_schemes,) if isinstance(plain_schemes, str) else tuple(plain_schemes)
    )
    host = getattr(service, "host", None)
    return not is_plain or not host or is_this_machine(str(host))


def notify(address: SecretStr, digest: Digest) -> None:
    """Send a digest in text; raises `AppriseError` when the service did not take it."""
    service = opened(address)
    body = inert(plain(digest))
    try:
        taken = service.notify(
            title=inert(digest.subject), body=body, body_format=NotifyFormat.TEXT
        )
    except Exception as error:  # noqa: BLE001 - a plugin among hundreds may raise anything
        taken, why = False, type(error).__name__
    else:
        why = "False"
    # Raised out here: what a plugin raises may quote the address.
    if not taken:
        raise AppriseError(f"{service_name(address)}: {why}")


def inert(text: str) -> str:
    """A text in which a chat finds neither a mention, a channel nor code."""
    return text.translate(_LOOK_ALIKES)
