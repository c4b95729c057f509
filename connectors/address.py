"""Addresses that may hold a password: whole for a program, without it for whoever looks."""

import re
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, PlainSerializer, SecretStr

from rules.located import Misfit

_WHO = re.compile(r"//[^/?#]*@")
_QUERY = re.compile(r"[?#].*", re.DOTALL)


class Address(str):
    """A text like any other, except that its representation hides what may be secret in it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(self.shown)

    @property
    def shown(self) -> str:
        """The address without user, password and parameters."""
        return _QUERY.sub("?***", _WHO.sub("//***@", self))

    def secrets(self) -> list[SecretStr]:
        """What must not be seen of it, as it is written and as it is sent."""
        try:
            password = urlsplit(self).password or ""
        except ValueError:
            return [SecretStr(str(self))]
        return [SecretStr(each) for each in {password, unquote(password)} if each]


def _shown(address: Any) -> str:  # noqa: ANN401 - what a field holds; defaults are plain texts
    return Address(address).shown


# A setting that holds an address.
AddressSetting = Annotated[
    str, AfterValidator(Address), PlainSerializer(_shown, return_type=str, when_used="json")
]


def read_address(text: str) -> Address:
    """The address of a CRM, which holds no key; raises `Misfit`, without the address in it."""
    try:
        parts = urlsplit(text.strip())
        is_good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    else:
        is_good = is_good and parts.scheme in {"http", "https"} and "@" not in parts.netloc
        is_good = is_good and not (parts.query or parts.fragment)
    if not is_good:
        raise Misfit(
            "il faut une adresse (https://serveur), sans clé, mot de passe ni paramètre",
            "an address is needed (https://server), without a key, a password or a parameter",
        )
    return Address(text.strip())
