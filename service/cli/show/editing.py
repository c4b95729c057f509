"""What `rules schema`, `rules export` and `rules import` print."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from rules.language import Text, counted
from service.cli.show.terminal import console, line
from service.sheets import Imported

_ROW = Text("ligne", "row"), Text("lignes", "rows")


def schemas(written: Sequence[Path]) -> None:
    """The files that editors read from now on."""
    for path in written:
        console.print(str(path), markup=False, soft_wrap=True)
    line(
        Text(
            "Les éditeurs complètent d'après ces fichiers ; relancez « arpent rules schema » après "
            "avoir ajouté un champ, une règle ou une valeur.",
            "Editors complete from these files; run `arpent rules schema` again once you have "
            "added a field, a rule or a value.",
        )
    )


def exported(rule: str, path: Path) -> None:
    """Where a table went, and the way back, to be copied as it stands."""
    # A CSV file says by its name alone which table it holds.
    is_known = path.suffix.lower() != ".csv" or path.stem == rule
    back = f"arpent rules import {quote(str(path))}" + ("" if is_known else f" --rule {rule}")
    line(
        Text(
            f"{rule} → {path}. Pour la reprendre : {back}",
            f"{rule} → {path}. To take it back: {back}",
        )
    )


def imported(done: Imported, *, is_dry: bool) -> None:
    """What changed in the file, or would."""
    if not done.diff:
        line(
            Text(
                f"{done.rule} : rien de changé, {done.path} reste tel quel.",
                f"{done.rule}: nothing changed, {done.path} stays as it is.",
            )
        )
        return
    for each in done.diff:
        console.print(each, markup=False, soft_wrap=True)
    told = counted(done.rows, *_ROW)
    if is_dry:
        line(
            Text(
                f"{done.rule} aurait {told.fr} ; rien n'est écrit (--dry-run).",
                f"{done.rule} would have {told.en}; nothing is written (--dry-run).",
            )
        )
        return
    line(
        Text(
            f"{done.rule} : {told.fr} dans {done.path}. Rien n'est publié : "
            "arpent rules preview, puis arpent rules publish.",
            f"{done.rule}: {told.en} in {done.path}. Nothing is published: "
            "arpent rules preview, then arpent rules publish.",
        )
    )
