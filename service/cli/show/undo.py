"""What undoing a run prints."""

from collections.abc import Sequence

from rules.language import Text, counted, shown
from rules.owned import LABELS, Owned
from service.cli.edge import say
from service.cli.show import counts
from service.cli.show.terminal import line, table
from service.cli.show.writing import RETRY, refused
from service.push_report import PushReport
from service.store.overrides import Override
from service.store.undoing import Fate, Undone
from service.undo import UndoReport

_WHY_LEFT = {
    Fate.EDITED: Text("modifié par quelqu'un", "edited by a person"),
    Fate.LATER: Text("écrit depuis par l'exécution", "written since by run"),
    Fate.GONE: Text("n'est plus dans le CRM", "no longer in the CRM"),
}


def undone(run: int, reports: Sequence[UndoReport], limit: int) -> None:
    """What was taken back of a run in each CRM, or would be."""
    if not reports:
        line(
            Text(
                f"L'exécution {run} n'a rien écrit dans un CRM : il n'y a rien à annuler.",
                f"Run {run} wrote nothing into a CRM: there is nothing to undo.",
            )
        )
    for report in reports:
        _undone(report, limit)


def released(run: int, count: int) -> None:
    """Values over which the rules decide again."""
    follow = counted(
        count,
        Text("valeur suit de nouveau les règles", "value follows the rules again"),
        Text("valeurs suivent de nouveau les règles", "values follow the rules again"),
    )
    line(
        Text(
            f"{follow.fr} après l'annulation de l'exécution {run}. Le prochain push écrit ce qui "
            "diffère ; « arpent preview » le montre.",
            f"{follow.en} after the undoing of run {run}. The next push writes what differs; "
            "`arpent preview` shows it.",
        )
    )


def _undone(report: UndoReport, limit: int) -> None:
    _changes(report, limit)
    if report.pushed is None:
        _planned(report)
    else:
        _done(report)
    if report.standing:
        line(_standing(report.standing))
    if report.left:
        _left(report.left, limit)
    for text in report.beyond:
        line(text)


def _changes(report: UndoReport, limit: int) -> None:
    shown = report.restored[: limit or None]
    if shown:
        table(
            Text(f"{report.crm} : retour en arrière", f"{report.crm}: taken back"),
            [Text("Responsable", "Owner"), Text("Compte", "Account"), Text("Champ", "Field"),
             Text("Maintenant", "Now"), Text("Retour à", "Back to")],
            [
                (each.owner or "–", each.account, each.field, each.now or "–", each.before or "–")
                for each in shown
            ],
        )  # fmt: skip
    if len(shown) < len(report.restored):
        line(Text("(--limit 0 pour tout voir)", "(--limit 0 to see all)"))
    reps = ", ".join(f"{name} {count}" for name, count in report.by_rep.most_common())
    if reps:
        line(Text(f"Valeurs par responsable : {reps}.", f"Values by owner: {reps}."))


def _planned(report: UndoReport) -> None:
    restored = counted(
        len(report.restored),
        Text("valeur serait remise", "value would be put back"),
        Text("valeurs seraient remises", "values would be put back"),
    )
    kept = counted(
        report.fates[Fate.KEPT],
        Text("l'est déjà", "is already"), Text("le sont déjà", "are already"),
    )  # fmt: skip
    left, tasks = counts.left(len(report.left)), counts.closed_tasks(report.tasks.open)
    line(
        Text(
            f"{report.crm} : {restored.fr}, {kept.fr}, {left.fr} ; {tasks.fr}. Rien n'est fait.",
            f"{report.crm}: {restored.en}, {kept.en}, {left.en}; {tasks.en}. Nothing is done.",
        )
    )


def _done(report: UndoReport) -> None:
    pushed = report.pushed
    if pushed is None:
        return
    line(_taken_back(report, pushed))
    if report.pinned:
        stay = counted(
            report.pinned,
            Text("valeur reste ainsi", "value stays so"),
            Text("valeurs restent ainsi", "values stay so"),
        )
        line(
            Text(
                f"{stay.fr} jusqu'à ce que les règles en donnent d'autres, ou que vous lanciez "
                f"« arpent undo {report.undone_run} --release ». « arpent rules rollback » remet "
                "le playbook d'avant.",
                f"{stay.en} until the rules give others, or until you run `arpent undo "
                f"{report.undone_run} --release`. `arpent rules rollback` puts the playbook of "
                "before in force again.",
            )
        )
    for each in pushed.rejections:
        line(refused(each))
    if pushed.rejected:
        line(RETRY)
    if pushed.left:
        line(_to_come(pushed.left))
    if pushed.stopped:
        line(Text(f"Arrêté : {pushed.stopped.fr}", f"Stopped: {pushed.stopped.en}"))


def _to_come(left: int) -> Text:
    """Values that the CRM would not take yet: locked records, a CRM in trouble."""
    values = counted(
        left,
        Text("valeur n'est pas encore remise", "value is not put back yet"),
        Text("valeurs ne sont pas encore remises", "values are not put back yet"),
    )
    return Text(
        f"{values.fr} (fiche verrouillée, ou CRM occupé) : le prochain push réessaie.",
        f"{values.en} (locked record, or busy CRM): the next push tries again.",
    )


def _taken_back(report: UndoReport, pushed: PushReport) -> Text:
    restored = counted(
        pushed.written,
        Text("valeur remise", "value put back"), Text("valeurs remises", "values put back"),
    )  # fmt: skip
    kept = counted(
        report.fates[Fate.KEPT],
        Text("l'était déjà", "was already"), Text("l'étaient déjà", "were already"),
    )  # fmt: skip
    calls = counted(
        pushed.calls,
        Text("requête d'écriture", "write call"), Text("requêtes d'écriture", "write calls"),
    )  # fmt: skip
    left, tasks = counts.left(len(report.left)), counts.closed_tasks(report.closed_tasks)
    return Text(
        f"{report.crm} : exécution {report.undone_run} annulée par l'exécution {report.run_id} : "
        f"{restored.fr}, {kept.fr}, {left.fr} ; {tasks.fr} ; {calls.fr}.",
        f"{report.crm}: run {report.undone_run} undone by run {report.run_id}: {restored.en}, "
        f"{kept.en}, {left.en}; {tasks.en}; {calls.en}.",
    )


def _standing(standing: Sequence[Override]) -> Text:
    """`1 décision tient toujours : 3 (Nordet, Niveau)…`: the first ones, and how to end them."""
    count = counted(len(standing), *_DECISIONS)
    named = [(each.id, shown(each.account), LABELS[Owned(each.field)]) for each in standing[:SOME]]
    french = ", ".join(f"{key} ({account}, {label.fr})" for key, account, label in named)
    english = ", ".join(f"{key} ({account}, {label.en})" for key, account, label in named)
    more = " …" if len(standing) > SOME else ""
    which = str(standing[0].id) if len(standing) == 1 else "ID"
    return Text(
        f"{count.fr} malgré l'annulation : {french}{more}. « arpent overrides list » les montre "
        f"toutes, « arpent overrides end {which} --why … » met fin à une décision.",
        f"{count.en} all the same: {english}{more}. `arpent overrides list` shows them all, "
        f"`arpent overrides end {which} --why …` ends one.",
    )


# How many decisions it names; --json has all.
SOME = 3
_DECISIONS = (
    Text("décision reste en vigueur", "decision stands"),
    Text("décisions restent en vigueur", "decisions stand"),
)


def _left(left: Sequence[Undone], limit: int) -> None:
    table(
        Text("Laissées comme elles sont", "Left as they are"),
        [Text("Compte", "Account"), Text("Champ", "Field"), Text("Maintenant", "Now"),
         Text("Avant l'exécution", "Before the run"), Text("Pourquoi", "Why")],
        [
            (each.account, each.field, each.now or "–", each.before or "–", _why(each))
            for each in left[: limit or None]
        ],
    )  # fmt: skip


def _why(each: Undone) -> str:
    words = say(_WHY_LEFT[each.fate])
    if each.fate is Fate.LATER:
        return f"{words} {each.later_run}"
    is_told = each.fate is Fate.EDITED and each.author
    return f"{words} ({each.author})" if is_told else words
