"""What an installation stands on: its file and disk, who may read its secrets, its mail server.

Pure checks of what was found, and thin functions that look; `service.doctor` tells of them. Each
gives a sentence with what to do, None where all is well.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from connectors.registry import VENDORS
from rules.language import Language, Text, number
from service import mail, settings
from service.mail import MailError
from service.sealed_file import KEYS
from service.sealing import HOW_TO_MAKE_A_KEY, Sealing
from service.settings import Settings
from service.shelf import access_file
from service.store.condition import SqliteFile

MEGABYTE = 1_000_000
LEAST_FREE = 500 * MEGABYTE
_OTHERS = 0o077
# File systems of other machines: SQLite's locks and its shared memory can't be relied on there.
NETWORKS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.s3fs", "9p", "afs", "ceph"}
)
MOUNTS = Path("/proc/self/mounts")


def room(free: int, size: int) -> Text | None:
    """Whether the disk has room for the file to be copied, and some more; in bytes."""
    wanted = max(LEAST_FREE, 2 * size)
    if free >= wanted:
        return None
    fr, en = (
        (number(free / MEGABYTE, each, digits=0), number(wanted / MEGABYTE, each, digits=0))
        for each in Language
    )
    return Text(
        f"il reste {fr[0]} Mo sur le disque de la base, il en faut {fr[1]}. Faites de la place, "
        "ou déplacez le fichier (ARPENT_DATABASE_URL).",
        f"{en[0]} MB are left on the disk of the store, and {en[1]} are needed. Make room, or "
        "move the file (ARPENT_DATABASE_URL).",
    )


def look_at_room(file: SqliteFile) -> Text | None:
    """Whether the disk of a file has room."""
    return room(shutil.disk_usage(file.path.parent).free, file.size)


def network(path: Path, mounts: str) -> Text | None:
    """Whether a file lies on another machine, by the lines of /proc/mounts."""
    found, kind = "", ""
    for row in mounts.splitlines():
        parts = row.split()
        if len(parts) < 3:  # noqa: PLR2004 - device, place, file system
            continue
        # Spaces are written \\040 there.
        place = parts[1].encode().decode("unicode_escape")
        if path.is_relative_to(place) and len(place) >= len(found):
            found, kind = place, parts[2]
    if kind not in NETWORKS:
        return None
    return Text(
        f"{path} est sur un disque réseau ({kind}), où les verrous de SQLite ne tiennent pas : la "
        "base peut s'abîmer. Mettez-la sur un disque de cette machine, ou sur PostgreSQL "
        "(ARPENT_DATABASE_URL).",
        f"{path} is on a network disk ({kind}), where SQLite's locks do not hold: the store may "
        "be damaged. Put it on a disk of this machine, or on PostgreSQL (ARPENT_DATABASE_URL).",
    )


def look_at_network(file: SqliteFile) -> Text | None:
    """Whether a file lies on another machine; None where this system does not tell."""
    try:
        return network(file.path.resolve(), MOUNTS.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def open_to_others(files: Sequence[Path]) -> Iterator[Text]:
    """Which of these files others on this machine may read."""
    for path in files:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if os.name != "nt" and mode & _OTHERS:
            shown = f"{mode & 0o777:04o}"
            yield Text(
                f"{path} peut être lu par d'autres que vous ({shown}) : chmod 600 {path}",
                f"{path} can be read by others than you ({shown}): chmod 600 {path}",
            )


def private_files(given: Settings, file: SqliteFile | None) -> list[Path]:
    """The files of an installation that hold secrets or the data of the CRM."""
    found = [path for path in (settings.DOTENV, settings.TOML) if _holds_secret(path, given)]
    found += [path for vendor in VENDORS.values() for path in vendor.private_files(given)]
    if file is not None:
        found += [file.path.with_name(file.path.name + each) for each in ("", "-wal", "-shm")]
    return [path.absolute() for path in found if path.is_file()]


def _holds_secret(path: Path, given: Settings) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return any(each.get_secret_value() in text for each in given.secrets if each)


def token(sealing: Sealing, place: str, text: str) -> Text | None:
    """Whether a token that is kept in a file is unreadable for others, by the first key.

    Of one that no key opens, it is said where the CRM is opened.
    """
    if not text or not sealing.is_opened(text):
        return None
    if not sealing.has_keys:
        return Text(
            f"{place} garde un jeton en clair : mettez une clé dans {KEYS}. Pour en faire une : "
            f"{HOW_TO_MAKE_A_KEY}",
            f"{place} keeps a token in plain text: put a key in {KEYS}. To make one: "
            f"{HOW_TO_MAKE_A_KEY}",
        )
    if sealing.is_current(text):
        return None
    return Text(
        f"{place} n'est pas scellé par la première clé de {KEYS} : la commande suivante qui ouvre "
        "ce CRM le fait, si le dossier peut être écrit.",
        f"{place} is not sealed by the first key of {KEYS}: the next command that opens this CRM "
        "does it, if the folder can be written.",
    )


def look_at_tokens(given: Settings) -> list[Text]:
    """Which files keep a token that others could read, or that an older key opens."""
    found = []
    for setting, file in given.token_files.items():
        for path in (file, access_file(file)):
            # One that can't be read is told of where the CRM is opened.
            with suppress(OSError, UnicodeDecodeError):
                text = path.read_text(encoding="utf-8").strip()
                found.append(token(given.sealing, f"{path} ({setting})", text))
    return [each for each in found if each is not None]


def look_at_mail(given: Settings) -> Text | None:
    """Whether the mail server answers; nothing is sent."""
    address = given.mail_server
    if not isinstance(address, SecretStr):
        return None
    server = mail.read_server(address)
    try:
        mail.reach(server)
    except MailError as error:
        return Text(
            f"{server.host}:{server.port} ne répond pas ({error}) : aucun courriel ne partira. "
            "Vérifiez ARPENT_MAIL_SERVER et le réseau.",
            f"{server.host}:{server.port} does not answer ({error}): no mail will leave. Check "
            "ARPENT_MAIL_SERVER and the network.",
        )
    return None
