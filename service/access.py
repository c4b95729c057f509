"""Access: where a refresh token that a CRM replaces is kept. Nothing here is ever shown.

It is kept in the file that the settings name, so that a restart and the other processes find it,
and beside it is the shelf where they share the access token; without a file both live as long as
the process.
"""

import threading
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Grant, Misconfigured
from rules.language import Text
from service import shelf


def keeping(
    *,
    client_id: str,
    client_secret: SecretStr,
    given: SecretStr | None,
    file: Path | None,
    setting: str,
) -> Grant:
    """The grant of an application: see `connectors.vendor.Keeping`.

    Its `refresh_token` raises `Misconfigured` when the file can't be read.
    """
    kept = _RefreshToken(given, file, setting)
    return Grant(
        client_id=client_id,
        client_secret=client_secret,
        refresh_token=kept.read,
        keep=kept.keep,
        shelf=None
        if file is None
        else shelf.FileShelf(file, client_id=client_id, refresh_token=kept.read),
    )


class _RefreshToken:
    """The refresh token in force: that of the file where there is one, else the one in memory."""

    def __init__(self, given: SecretStr | None, file: Path | None, setting: str) -> None:
        self._latest = given
        self._file = file
        self._setting = setting
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
                shelf.replace(self._file, token.get_secret_value())
            except OSError:
                # The file would hide the token that is in force.
                self._file = None
                return False
            return True

    def _written(self) -> SecretStr | None:
        if self._file is None:
            return None
        try:
            return SecretStr(self._file.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self._file, self._setting) from error


def _unreadable(file: Path, setting: str) -> Misconfigured:
    return Misconfigured(
        Text(
            f"Le fichier {file} ({setting}) ne se lit pas : vérifiez ses droits.",
            f"The file {file} ({setting}) can't be read: check its permissions.",
        )
    )
