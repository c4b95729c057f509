"""Preview files: what a person looked at, so that `push FILE` writes exactly that.

JSON: a head that says of which CRM account and rulebook it is, then the changes, one a line. A
file lists values only: a push of it sends no task.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from rules.language import Text, cause
from rules.owned import Owned
from rules.time import Instant, moment_of
from service.store.connections import CrmConnection
from service.store.engine import MistakenError
from service.store.outbox import Pending
from service.store.selections import Wanted

VERSION = 1


class PreviewFileError(MistakenError):
    """A file that is no preview, or one of something else; nothing was sent."""


class _Change(BaseModel):
    """A line of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: int
    external_id: str
    account: str
    owner: str | None
    field: Owned
    before: str | None
    after: str | None
    version: int
    why: str | None


class _File(BaseModel):
    """A file as read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arpent_preview: int
    vendor: str
    portal: str
    rulebook: str
    owner: str | None
    made_at: str
    changes: list[_Change]


def write(
    path: Path,
    crm: CrmConnection,
    rulebook: str,
    changes: Iterable[Pending],
    *,
    made_at: Instant,
    rep_key: str | None = None,
) -> int:
    """Write a preview, readable by its owner alone; returns how many changes it has.

    Raises `PreviewFileError` when the file can't be written; what was there is then as it was.
    """
    head = {
        "arpent_preview": VERSION, "vendor": crm.vendor, "portal": crm.account_id,
        "rulebook": rulebook, "owner": rep_key,
        "made_at": moment_of(made_at, ZoneInfo("UTC")).isoformat(timespec="seconds"),
    }  # fmt: skip
    count = 0
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.touch(mode=0o600)
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}"))
            file.write(',\n "changes": [')
            for change in changes:
                file.write(",\n  " if count else "\n  ")
                file.write(json.dumps(_line(change), ensure_ascii=False))
                count += 1
            file.write("\n ]\n}\n")
        beside.replace(path)
    except OSError as error:
        why = cause(error)
        beside.unlink(missing_ok=True)
        raise PreviewFileError(
            Text(
                f"{path} ne peut pas être écrit ({why.fr}). Donnez un autre fichier à -o.",
                f"{path} can't be written ({why.en}). Give another file to -o.",
            )
        ) from error
    return count


def _line(change: Pending) -> dict[str, object]:
    return {
        "account_id": change.account_id, "external_id": change.external_id,
        "account": change.account, "owner": change.owner, "field": change.field,
        "before": change.before, "after": change.after, "version": change.version,
        "why": change.why,
    }  # fmt: skip


def vendor_of(path: Path) -> str:
    """The CRM that a preview is of; raises `PreviewFileError`."""
    return _read(path).vendor


def read(path: Path, crm: CrmConnection, rulebook: str) -> Sequence[Wanted]:
    """The changes of a preview of this CRM account under this rulebook.

    Raises `PreviewFileError` when it is no preview, or of another CRM account or rulebook.
    """
    found = _read(path)
    if (found.vendor, found.portal) != (crm.vendor, crm.account_id):
        raise PreviewFileError(
            Text(
                f"{path} est l'aperçu du compte {found.vendor} {found.portal}, et la clé ouvre "
                f"{crm.vendor} {crm.account_id}. Rien n'a été écrit. Refaites l'aperçu ici.",
                f"{path} previews the {found.vendor} account {found.portal}, and the key opens "
                f"{crm.vendor} {crm.account_id}. Nothing was written. Make the preview here.",
            )
        )
    if found.rulebook != rulebook:
        raise PreviewFileError(
            Text(
                f"{path} a été fait avec les règles {found.rulebook}, et celles en vigueur sont "
                f"{rulebook}. Rien n'a été écrit. Refaites l'aperçu.",
                f"{path} was made with the rules {found.rulebook}, and those in force are "
                f"{rulebook}. Nothing was written. Make the preview again.",
            )
        )
    return [
        Wanted(
            account_id=each.account_id, external_id=each.external_id, account=each.account,
            field=each.field, before=each.before, after=each.after,
        )
        for each in found.changes
    ]  # fmt: skip


def _read(path: Path) -> _File:
    try:
        found = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        why = cause(error)
        raise PreviewFileError(
            Text(
                f"{path} ne se lit pas ({why.fr}). Donnez un fichier de « arpent preview "
                "-o FICHIER ».",
                f"{path} can't be read ({why.en}). Give a file of `arpent preview -o FILE`.",
            )
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "1"
        raise PreviewFileError(
            Text(
                f"{path} n'est pas un aperçu d'Arpent ({place} : {first['msg']}). Rien n'a été "
                "écrit. Refaites-le avec « arpent preview -o FICHIER ».",
                f"{path} is not a preview of Arpent ({place}: {first['msg']}). Nothing was "
                "written. Make it again with `arpent preview -o FILE`.",
            )
        ) from None
    if found.arpent_preview != VERSION:
        raise PreviewFileError(
            Text(
                f"{path} est d'une autre version d'Arpent (format {found.arpent_preview}). Rien "
                "n'a été écrit. Refaites l'aperçu.",
                f"{path} is of another version of Arpent (format {found.arpent_preview}). Nothing "
                "was written. Make the preview again.",
            )
        )
    return found
