"""Backup and restore of a workspace, and what happens after a restore.

An old store knows less than the CRM: tasks that exist, values that were written since. After a
restore nothing is written to a CRM until a person has seen the difference: every stream is read
from its beginning, `arpent preview` shows what would be written, `arpent schedule resume` lets it.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from rules.language import Text
from rules.time import Instant
from service.app import App, author, system_clock
from service.settings import Settings
from service.store import connections, copying, cursors, requests, restored, schema
from service.store.engine import MistakenError, Store, StoreError, open_store
from service.store.requests import Request, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that was made or put back.

    `kept` is a backup of the store that it replaced, `set_aside` the damaged file.
    """

    file: str
    rows: int
    taken_at: Instant
    kept: str | None = None
    set_aside: str | None = None


def backup(app: App, file: Path) -> Copied:
    """Copy the workspace into a new file, whole or not at all; others may work meanwhile."""
    path, now = file.expanduser().absolute(), app.clock()
    if path.exists():
        raise MistakenError(
            Text(
                f"{path} existe déjà, et une sauvegarde ne remplace rien. Choisissez un autre nom.",
                f"{path} is there already, and a backup replaces nothing. Choose another name.",
            )
        )
    if not path.parent.is_dir():
        raise MistakenError(
            Text(
                f"Le dossier {path.parent} n'existe pas. Créez-le, ou choisissez-en un autre.",
                f"The folder {path.parent} is not there. Create it, or choose another one.",
            )
        )
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        rows = copying.copy_to(app.store, partial, now)
        partial.replace(path)
    finally:
        for each in (partial, *_beside(partial)):
            each.unlink(missing_ok=True)
    return Copied(file=str(path), rows=rows, taken_at=now)


def restore(settings: Settings, file: Path) -> Copied:
    """Make the workspace what a backup holds, and hold every write to a CRM until a person resumes.

    The store that it replaces is backed up beside the file first; a SQLite file that can't be read
    is set aside. Raises `StoreError` for a file that is no backup, and while a command works.
    """
    path = file.expanduser().absolute()
    taken_at = copying.taken_at(path)
    if taken_at is None:
        raise MistakenError(
            Text(
                f"{path} n'est pas une sauvegarde d'Arpent, ou il est abîmé : rien n'a été changé. "
                "Une sauvegarde se fait par « arpent db backup FICHIER ».",
                f"{path} is not a backup of Arpent, or it is damaged: nothing was changed. A "
                "backup is made by `arpent db backup FILE`.",
            )
        )
    store, set_aside = _opened(settings.database_url)
    try:
        schema.upgrade(store)
        with store.read() as connection:
            copying.require_idle(connection, StoreError(_BUSY))
        kept = path.with_name(f"{path.stem}-replaced-{system_clock()}{path.suffix}")
        copying.copy_to(store, kept, system_clock())
        rows = copying.put_back(store, path, system_clock())
        with store.write() as connection:
            held = Request(author=author(), reason=str(path), at=system_clock())
            requests.ask(connection, Wanted.HOLD, held)
    finally:
        store.close()
    return Copied(file=str(path), rows=rows, taken_at=taken_at, kept=str(kept), set_aside=set_aside)


def resume(app: App) -> bool:
    """Let writes go on after a restore; False when there was none.

    What each CRM was seen to hold counts as what we wrote there: the store has forgotten the rest.
    Raises `StoreError` while a CRM was not read whole since.
    """
    with app.store.write() as connection:
        if requests.find(connection, Wanted.HOLD) is None:
            return False
        for crm in connections.find_all(connection):
            if not cursors.are_complete(connection, crm.id):
                raise StoreError(
                    Text(
                        f"{crm.vendor} n'a pas été relu en entier depuis la restauration. Lancez "
                        "« arpent pull » puis « arpent tag », regardez « arpent preview », puis "
                        "recommencez.",
                        f"{crm.vendor} was not read whole since the restore. Run `arpent pull` "
                        "then `arpent tag`, look at `arpent preview`, then try again.",
                    )
                )
            restored.adopt_observed(connection, crm.id, app.clock())
        return requests.withdraw(connection, Wanted.HOLD)


def _opened(url: str) -> tuple[Store, str | None]:
    """The store to restore into, and where a damaged file was set aside."""
    try:
        return open_store(url), None
    except StoreError:
        place = make_url(url)
        if place.get_backend_name() != "sqlite" or not place.database:
            raise
        path = Path(place.database).expanduser().absolute()
        if not path.is_file():
            raise
        aside = path.with_name(f"{path.name}.damaged-{system_clock()}")
        path.rename(aside)
        for each in _beside(path):
            with suppress(FileNotFoundError):
                each.rename(aside.with_name(aside.name + each.name.removeprefix(path.name)))
        return open_store(url), str(aside)


def _beside(path: Path) -> list[Path]:
    """The files that SQLite keeps beside one."""
    return [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm", "-journal")]


_BUSY = Text(
    "Une commande d'Arpent travaille en ce moment (un worker ?) : rien n'a été changé. Arrêtez-la, "
    "puis recommencez.",
    "A command of Arpent is at work now (a worker?): nothing was changed. Stop it, then try again.",
)
