"""A file that keeps one secret: its owner's alone, replaced whole, sealed where keys are set.

`service.access` keeps a refresh token in one, `service.shelf` an access token in another.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from connectors.base import Misconfigured
from connectors.vendor import PREFIX
from rules.language import Text
from service.sealing import Sealing, Shut, ShutError

KEYS = f"{PREFIX}SECRET_KEYS"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """The file at `path`, and what its secret is for; `name` is what people are told of it.

    A secret that somebody put there in plain text is read as well.
    """

    path: Path
    name: str
    sealing: Sealing
    context: str

    def read(self) -> str | None:
        """The secret; None where there is no file.

        Raises:
            Misconfigured: No key of the settings opens it, or it is another application's.
            OSError, UnicodeDecodeError: The file can't be read.
        """
        text = self._text()
        try:
            return None if text is None else self.sealing.open(text, self.context)
        except ShutError as error:
            raise Misconfigured(_shut(self.name, error.why)) from error

    def write(self, secret: str) -> None:
        """Put a secret there in place of another; OSError."""
        replace(self.path, self.sealing.seal(secret, self.context))

    def renew(self) -> None:
        """Seal what is there by the first key, unless it is; the caller alone writes meanwhile.

        A folder that can't be written is left as it is: `doctor` tells. Raises like `read`.
        """
        if not self.is_current():
            secret = self.read()
            if secret is not None:
                with suppress(OSError):
                    self.write(secret)

    def is_current(self) -> bool:
        """Whether there is nothing to seal; OSError and UnicodeDecodeError as for `read`."""
        text = self._text()
        return not text or self.sealing.is_current(text)

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None


def replace(file: Path, text: str) -> None:
    """Put a whole new file in place of another, for its owner's eyes only; OSError."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _shut(name: str, why: Shut) -> Text:
    match why:
        case Shut.NO_KEY:
            return Text(
                f"Le fichier {name} est scellé, et {KEYS} n'a pas de clé : mettez-y celle qui l'a "
                f"scellé. {_LOST.fr}",
                f"The file {name} is sealed, and {KEYS} has no key: put the one there that sealed "
                f"it. {_LOST.en}",
            )
        case Shut.OTHER_KEY:
            return Text(
                f"Aucune clé de {KEYS} n'ouvre le fichier {name} : ajoutez à la suite, après une "
                f"virgule, la clé qui l'a scellé. {_LOST.fr}",
                f"No key of {KEYS} opens the file {name}: add the key that sealed it behind the "
                f"others, after a comma. {_LOST.en}",
            )
        case Shut.OTHER_CONTEXT:
            return Text(
                f"Le fichier {name} est scellé pour une autre application ou un autre usage : "
                "nommez celui de cette application dans son réglage, ou un nouveau.",
                f"The file {name} is sealed for another application or another use: name that "
                "of this application in its setting, or a new one.",
            )


_LOST = Text(
    "Si elle est perdue, retirez ce fichier : le jeton des réglages sert alors, ou un nouveau.",
    "If it is lost, remove this file: the token of the settings is then used, or a new one.",
)
