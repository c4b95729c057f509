"""The folder of a playbook: its files by name, and what in it can't be one.

Nothing in the folder is passed over in silence but what is hidden (`.git`, `.github`) and what is
no YAML by its name.
"""

from collections.abc import Iterator
from pathlib import Path

from rules.language import Text, cause
from rules.located import Issue
from rules.yaml_text import SIZE_LIMIT

_NAMES = (".yaml", ".yml")
_NO_YAML = Text("aucun fichier .yaml", "no .yaml file")
_NOT_A_FILE = Text("ce n'est pas un fichier", "not a file")
_LEADS_NOWHERE = Text("le lien ne mène nulle part", "the link leads nowhere")


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Issue]]:
    """The files of a playbook by name (`plans/elise.yaml`), and what could not be read.

    Of a file that is too large only the beginning is read, enough to be refused for it.
    """
    files: dict[str, bytes] = {}
    issues: list[Issue] = []
    try:
        found = sorted(_visible(folder))
    except OSError as error:
        return files, [_unread(folder, cause(error))]
    for path in found:
        name = path.relative_to(folder).as_posix()
        try:
            fault = _fault(folder, path)
            if fault is None and path.suffix == ".yaml":
                with path.open("rb") as opened:
                    files[name] = opened.read(SIZE_LIMIT + 1)
        except OSError as error:
            fault = _unreadable(cause(error))
        if fault is not None:
            issues.append(Issue(name, 1, 1, fault))
    if not files and not issues:
        issues.append(_unread(folder, _NO_YAML))
    return files, issues


def _visible(folder: Path) -> Iterator[Path]:
    """What stands in the folder, without what is hidden; a folder that isn't there is an error."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink() and path.suffix.lower() not in _NAMES:
            yield from _visible(path)
        else:
            yield path


def _fault(folder: Path, path: Path) -> Text | None:
    """Why a path can't be a file of the playbook; None when it can, or when it is none at all."""
    if path.suffix.lower() not in _NAMES and not path.is_dir():
        return None
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        return Text(
            "ce lien mène hors du playbook : mettez le fichier lui-même dans le dossier",
            "this link leads out of the playbook: put the file itself into the folder",
        )
    if path.is_dir():
        return Text(
            "c'est un dossier ou un lien vers un dossier, pas un fichier de règles : renommez-le "
            "ou retirez-le",
            "this is a folder or a link to one, not a rule file: rename or remove it",
        )
    if path.suffix != ".yaml":
        return Text(
            f"« {path.suffix} » : renommez ce fichier en {path.stem}.yaml, sinon il ne compte pas",
            f"'{path.suffix}': rename this file to {path.stem}.yaml, or it does not count",
        )
    if not path.is_file():
        return _unreadable(_NOT_A_FILE if path.exists() else _LEADS_NOWHERE)
    return None


def _unreadable(why: Text) -> Text:
    return Text(
        f"ce fichier ne se lit pas ({why.fr}) : vérifiez qu'il existe et que vous y avez accès",
        f"this file can't be read ({why.en}): check that it exists and that you have access",
    )


def _unread(folder: Path, why: Text) -> Issue:
    return Issue(
        str(folder), 1, 1,
        Text(
            f"pas de playbook ici ({why.fr}) : indiquez son dossier dans ARPENT_PLAYBOOK",
            f"no playbook here ({why.en}): name its folder in ARPENT_PLAYBOOK",
        ),
    )  # fmt: skip
