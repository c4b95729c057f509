"""In which condition a workspace is: its file, its journal, its room. Nothing is changed."""

from dataclasses import dataclass
from pathlib import Path

from service.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    """A workspace that is a file: `journal` as SQLite names it (`wal`, `truncate`), bytes."""

    path: Path
    journal: str
    size: int


def sqlite_file(store: Store) -> SqliteFile | None:
    """The file of a workspace, with what SQLite keeps beside it; None on PostgreSQL."""
    if not store.is_sqlite:
        return None
    path = Path(store.engine.url.database or "")
    with store.read() as connection:
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    beside = (path, path.with_name(f"{path.name}-wal"))
    size = sum(each.stat().st_size for each in beside if each.exists())
    return SqliteFile(path=path, journal=journal, size=size)
