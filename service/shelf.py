"""The shelf: where the processes of a machine that share an OAuth grant leave its access token.

Beside the file of the refresh token, in two files for their owner's eyes only: `.access` holds the
last access token, sealed where keys are set, `.turn` is locked by the process that asks for
another one. The system undoes the lock of a process that dies. A folder that can't be written is
no trouble: each process then asks for itself.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Pass
from service.sealed_file import SealedFile
from service.sealing import NO_KEYS, Sealing

if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


OWNER_ONLY = 0o600
_CONTEXT = "access token"


def access_file(file: Path) -> Path:
    """Where the access token is, beside the file of the refresh token."""
    return file.with_name(f"{file.name}.access")


class FileShelf:
    """The shelf of one grant. One thread of a process is there at a time."""

    def __init__(
        self,
        file: Path,
        *,
        client_id: str,
        refresh_token: Callable[[], SecretStr],
        sealing: Sealing = NO_KEYS,
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        """`tidy` seals the file of the refresh token anew, in the turn of this process."""
        path = access_file(file)
        self._access = SealedFile(path=path, name=f"{path}", sealing=sealing, context=_CONTEXT)
        self._door = file.with_name(f"{file.name}.turn")
        self._client_id = client_id
        self._refresh_token = refresh_token
        self._tidy = tidy
        self._number: int | None = None

    def try_turn(self) -> bool:
        """Lock the door, unless another process has; a door that can't be made is no door."""
        try:
            number = os.open(self._door, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        except OSError:
            return True
        try:
            _lock(number)
        except (BlockingIOError, PermissionError):
            os.close(number)
            return False
        except OSError:
            # A file system without locks.
            os.close(number)
            return True
        self._number = number
        return True

    def end_turn(self) -> None:
        """Unlock the door, by closing it."""
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def read(self) -> Pass | None:
        """What was left for this application and this refresh token; None for anything else.

        In the turn of this process, what is plain or sealed by an older key is sealed anew.

        Raises:
            Misconfigured: It is sealed, and no key of the settings opens it.
        """
        try:
            grant = self._grant()
            if self._number is not None:
                self._tidy()
                self._access.renew()
            told = json.loads(self._access.read() or "")
            if told["grant"] != grant:
                return None
            account_id = told["account_id"]
            return Pass(
                token=SecretStr(str(told["token"])),
                renew_at=int(told["renew_at"]),
                ends_at=int(told["ends_at"]),
                account_id=None if account_id is None else str(account_id),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def leave(self, left: Pass) -> None:
        """Leave a token for the others, whole or not at all."""
        told = {
            "grant": self._grant(),
            "token": left.token.get_secret_value(),
            "renew_at": left.renew_at,
            "ends_at": left.ends_at,
            "account_id": left.account_id,
        }
        with suppress(OSError):
            self._access.write(json.dumps(told))

    def _grant(self) -> str:
        """What the token on the shelf belongs to: it is of no use once the grant is another."""
        granted = f"{self._client_id}\n{self._refresh_token().get_secret_value()}"
        return hashlib.sha256(granted.encode()).hexdigest()
