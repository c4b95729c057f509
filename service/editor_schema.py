"""Write the schemas of a playbook into its hidden folder, for the editors of those who write it."""

from collections.abc import Iterable
from pathlib import Path

from rules.language import Text, cause
from rules.located import Issue, PlaybookError
from rules.rulebook import read_rulebook
from rules.schema import FOLDER, schemas
from rules.sheets import SheetError
from service.app import read_playbook
from service.replacing import replace


def run(folder: Path) -> list[Path]:
    """The files written, all of them in `.schema`.

    A playbook with mistakes gets schemas too: that is when an editor helps most. Raises
    `PlaybookError` when there is nothing or all is further down, `SheetError` when they can't be
    written.
    """
    files = read_playbook(folder)
    if all("/" in name for name in files):
        raise PlaybookError([_of_another(folder, files)])
    made = schemas(read_rulebook(files))
    paths = {folder / FOLDER / name: text for name, text in made.items()}
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        for path, text in paths.items():
            replace(path, text.encode())
    except OSError as error:
        where, why = folder / FOLDER, cause(error)
        raise SheetError(
            Text(
                f"{where} ne s'écrit pas ({why.fr}) : vérifiez le dossier et vos droits.",
                f"{where} can't be written ({why.en}): check the folder and your rights.",
            )
        ) from error
    return list(paths)


def _of_another(folder: Path, names: Iterable[str]) -> Issue:
    """A folder that only holds folders: the playbook is one of these."""
    inner = ", ".join(sorted({str(folder / name.partition("/")[0]) for name in names}))
    return Issue(
        str(folder), 1, 1,
        Text(
            f"aucun fichier de règles dans ce dossier même : donnez celui du playbook ({inner} ?)",
            f"no rule file in this folder itself: give that of the playbook ({inner}?)",
        ),
    )  # fmt: skip
