"""Sealing: what lies in a file is unreadable without a key of the settings.

`service.sealed_file` keeps the tokens of a grant this way. Keys are Fernet's (AES-128-CBC and
HMAC-SHA256): the first one seals, all of them open, so that one key can take another's place.
Fernet binds nothing but the text itself: what the text is for is sealed with it, and compared.
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rules.located import Misfit

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

HOW_TO_MAKE_A_KEY = (
    'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
)

_MARK = "arpent-sealed:"
_KEY_BYTES = 32


class Shut(StrEnum):
    """Why a sealed text can't be opened."""

    NO_KEY = "no key is set"
    OTHER_KEY = "sealed by none of the keys, or damaged"
    OTHER_CONTEXT = "sealed for another use"


class ShutError(Exception):
    """A sealed text that can't be opened; `why` says the reason."""

    def __init__(self, why: Shut) -> None:
        super().__init__(why.value)
        self.why = why


class Sealing:
    """Seals and opens texts by the keys of the settings; without a key it leaves them as they are.

    `keys` are as `read_keys` gives them.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._keys = tuple(keys)

    @property
    def has_keys(self) -> bool:
        """Whether what is sealed here is unreadable for others."""
        return bool(self._keys)

    def seal(self, text: str, context: str) -> str:
        """A text, sealed by the first key together with what it is for."""
        if not self._keys:
            return text
        bound = json.dumps([context, text]).encode()
        return _MARK + _fernet(self._keys).encrypt(bound).decode()

    def open(self, text: str, context: str) -> str:
        """A text that was sealed for this context; one that was never sealed is as it is.

        Raises:
            ShutError: None of the keys opens it, or it was sealed for something else.
        """
        if not text.startswith(_MARK):
            return text
        found, opened = json.loads(_opened(text, self._keys))
        if found != context:
            raise ShutError(Shut.OTHER_CONTEXT)
        return str(opened)

    def is_opened(self, text: str) -> bool:
        """Whether a text can be read here: it is plain, or sealed by one of the keys."""
        return not text.startswith(_MARK) or _is_by(text, self._keys)

    def is_current(self, text: str) -> bool:
        """Whether a text is as `seal` would leave it: by the first key, or plain without a key."""
        if not self._keys:
            return not text.startswith(_MARK)
        return text.startswith(_MARK) and _is_by(text, self._keys[:1])


NO_KEYS = Sealing(())


def read_keys(given: SecretStr) -> list[SecretStr]:
    """Keys separated by commas or white space; raises `Misfit`, with none of them in it."""
    keys = given.get_secret_value().replace(",", " ").split()
    if not all(map(_is_key, keys)):
        raise Misfit(
            "il faut des clés de 32 octets en base64, séparées par des virgules ; pour en faire "
            f"une : {HOW_TO_MAKE_A_KEY}",
            f"keys of 32 bytes in base64 are needed, separated by commas; to make one: "
            f"{HOW_TO_MAKE_A_KEY}",
        )
    return [SecretStr(key) for key in keys]


def _is_key(text: str) -> bool:
    try:
        return len(urlsafe_b64decode(text)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_by(text: str, keys: Sequence[SecretStr]) -> bool:
    try:
        _opened(text, keys)
    except ShutError:
        return False
    return True


def _opened(text: str, keys: Sequence[SecretStr]) -> bytes:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - loaded when used

    if not keys:
        raise ShutError(Shut.NO_KEY)
    try:
        return _fernet(keys).decrypt(text.removeprefix(_MARK).encode())
    except InvalidToken:
        raise ShutError(Shut.OTHER_KEY) from None


def _fernet(keys: Sequence[SecretStr]) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - loaded when used

    return MultiFernet([Fernet(key.get_secret_value()) for key in keys])
