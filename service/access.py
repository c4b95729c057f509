"""Access: what the settings hold to open a CRM account. Nothing here is ever shown.

A refresh token that a CRM replaces is kept in the file that the settings name, so that a restart
and the other processes find it, and beside it is the shelf where they share the access token;
without a file both live as long as the process.
"""

import threading
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Access, Grant, Misconfigured, Rotation
from rules.language import Text
from service import shelf
from service.settings import Settings


def hubspot(settings: Settings) -> Access | None:
    """How HubSpot is opened: a key, two keys, an OAuth grant; None when nothing is set.

    Raises:
        Misconfigured: The file of the refresh token can't be read.
    """
    if settings.hubspot_client_id:
        return _grant(settings, settings.hubspot_client_id)
    token, following = settings.hubspot_token, settings.hubspot_token_next
    if token is None or not token.get_secret_value().strip():
        return None
    if following is None or not following.get_secret_value().strip():
        return token
    return Rotation(current=token, following=following)


def _grant(settings: Settings, client_id: str) -> Grant:
    file = settings.hubspot_refresh_token_file
    kept = _RefreshToken(settings.hubspot_refresh_token, file)
    return Grant(
        client_id=client_id,
        client_secret=settings.hubspot_client_secret or SecretStr(""),
        refresh_token=kept.read,
        keep=kept.keep,
        shelf=None
        if file is None
        else shelf.FileShelf(file, client_id=client_id, refresh_token=kept.read),
    )


class _RefreshToken:
    """The refresh token in force: that of the file where there is one, else the one in memory."""

    def __init__(self, given: SecretStr | None, file: Path | None) -> None:
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
            raise _unreadable(self._file) from error


def _unreadable(file: Path) -> Misconfigured:
    return Misconfigured(
        Text(
            f"Le fichier {file} (ARPENT_HUBSPOT_REFRESH_TOKEN_FILE) ne se lit pas : vérifiez ses "
            "droits.",
            f"The file {file} (ARPENT_HUBSPOT_REFRESH_TOKEN_FILE) can't be read: check its "
            "permissions.",
        )
    )
