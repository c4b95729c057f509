"""Access: where a refresh token that a CRM replaces is kept. Nothing here is ever shown.

It is kept in the file that the settings name, so that a restart and the other processes find it,
and beside it is the shelf where they share the access token; without a file both live as long as
the process. Both are sealed where the settings have a key.
"""

import threading
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Grant, Misconfigured
from rules.language import Text
from service.sealed_file import SealedFile
from service.sealing import NO_KEYS, Sealing
from service.shelf import FileShelf


def keeping(
    *,
    client_id: str,
    client_secret: SecretStr,
    given: SecretStr | None,
    file: Path | None,
    setting: str,
    sealing: Sealing = NO_KEYS,
) -> Grant:
    """The grant of an application: see `connectors.vendor.Keeping`.

    Its `refresh_token`, and its shelf, raise `Misconfigured` when a file can't be read or opened.
    """
    kept = _RefreshToken(given, _file(file, setting, sealing, client_id))
    return Grant(
        client_id=client_id,
        client_secret=client_secret,
        refresh_token=kept.read,
        keep=kept.keep,
        shelf=None
        if file is None
        else FileShelf(
            file, client_id=client_id, refresh_token=kept.read, sealing=sealing, tidy=kept.tidy
        ),
    )


def _file(file: Path | None, setting: str, sealing: Sealing, client_id: str) -> SealedFile | None:
    if file is None:
        return None
    return SealedFile(
        path=file,
        name=f"{file} ({setting})",
        sealing=sealing,
        context=f"refresh token of {client_id}",
    )


class _RefreshToken:
    """The refresh token in force: that of the file where there is one, else the one in memory."""

    def __init__(self, given: SecretStr | None, file: SealedFile | None) -> None:
        self._latest = given
        self._file = file
        self._lock = threading.Lock()

    def read(self) -> SecretStr:
        """The token; a file that is not there yet begins with the token of the settings."""
        with self._lock:
            written = self._written()
            return written or self._latest or SecretStr("")

    def keep(self, token: SecretStr) -> bool:
        """Take a new token over; whether it is where a restart finds it."""
        with self._lock:
            self._latest = token
            if self._file is None:
                return False
            try:
                self._file.write(token.get_secret_value())
            except OSError:
                # The file would hide the token that is in force.
                self._file = None
                return False
            return True

    def tidy(self) -> None:
        """Seal the file anew where it is plain, or sealed by an older key."""
        with self._lock:
            if self._file is not None:
                self._file.renew()

    def _written(self) -> SecretStr | None:
        if self._file is None:
            return None
        try:
            written = self._file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self._file.name) from error
        return None if written is None else SecretStr(written)


def _unreadable(name: str) -> Misconfigured:
    return Misconfigured(
        Text(
            f"Le fichier {name} ne se lit pas : vérifiez ses droits.",
            f"The file {name} can't be read: check its permissions.",
        )
    )
