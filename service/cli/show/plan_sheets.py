"""What `plan export` and `plan import` print."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from rules.language import Text, counted
from service.cli.show.terminal import line, table
from service.plan_sheets import Change, Imported, ImportedPlan

_LONGEST = 120
_VALUE = Text("valeur", "value"), Text("valeurs", "values")


def exported(plans: Sequence[str], path: Path) -> None:
    """Where the plans went, and the way back, to be copied as it stands."""
    listed, back = ", ".join(plans), f"arpent plan import {quote(str(path))}"
    line(Text(f"{listed} → {path}. Pour reprendre : {back}", f"{listed} → {path}. Back: {back}"))


def prepared(owner: str, period: int, path: Path) -> None:
    """An empty plan, and what to do with it."""
    back = f"arpent plan import {quote(str(path))} --dry-run"
    line(
        Text(
            f"Plan vide de {owner} pour {period} → {path}. Remplissez-le, puis : {back}",
            f"Empty plan of {owner} for {period} → {path}. Fill it in, then: {back}",
        )
    )


def imported(done: Imported, *, is_dry: bool) -> None:
    """What changed in each plan, or would: old → new."""
    for each in done.plans:
        _plan(each, is_dry=is_dry)
    if done.left_out:
        listed = ", ".join(done.left_out)
        line(
            Text(
                f"Feuilles laissées de côté, sans plan : {listed}.",
                f"Sheets left out, without a plan: {listed}.",
            )
        )
    if not any(each.changes for each in done.plans):
        return
    if is_dry:
        line(Text("Rien n'est écrit (--dry-run).", "Nothing is written (--dry-run)."))
    else:
        line(
            Text(
                "Rien n'est publié : arpent plan check, puis arpent rules publish.",
                "Nothing is published: arpent plan check, then arpent rules publish.",
            )
        )


def _plan(plan: ImportedPlan, *, is_dry: bool) -> None:
    if not plan.changes:
        line(
            Text(
                f"{plan.file} : rien de changé, il reste tel quel.",
                f"{plan.file}: nothing changed, it stays as it is.",
            )
        )
        return
    told = counted(len(plan.changes), *_VALUE)
    if plan.is_new:
        title = Text(f"{plan.file}, nouveau : {told.fr}", f"{plan.file}, new: {told.en}")
    elif is_dry:
        title = Text(f"{plan.file} changerait : {told.fr}", f"{plan.file} would change: {told.en}")
    else:
        title = Text(f"{plan.file} a changé : {told.fr}", f"{plan.file} has changed: {told.en}")
    table(
        title,
        [Text("Où", "Where"), Text("Avant", "Before"), Text("Après", "After")],
        [(each.where, _short(each, is_new=False), _short(each, is_new=True))
         for each in plan.changes],
    )  # fmt: skip


def _short(change: Change, *, is_new: bool) -> str:
    text = (change.after if is_new else change.before) or "–"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
