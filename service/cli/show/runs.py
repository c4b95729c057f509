"""What is printed of runs."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rules.language import Text, counted
from rules.time import Instant, moment_of
from service.cli.edge import say
from service.cli.show.terminal import line, table
from service.push_report import told_of_held
from service.runs import RunTold
from service.store.runs import Run

STATES = {
    "running": Text("en cours", "running"),
    "done": Text("faite", "done"),
    "failed": Text("échouée", "failed"),
    "held": Text("retenue", "held"),
}


def listed(found: Sequence[Run]) -> None:
    """Runs, one a line."""
    table(
        Text("Exécutions", "Runs"),
        [Text("N°", "No."), Text("Commande", "Command"), Text("Par", "By"),
         Text("Début (UTC)", "Started (UTC)"), Text("Durée (s)", "Seconds"),
         Text("État", "State"), Text("Ce qui a manqué", "What went wrong")],
        [
            (each.id, each.command, _actor(each), _moment(each.started_at), _seconds(each),
             say(STATES[each.state.value]), each.error)
            for each in found
        ],
    )  # fmt: skip


def told(found: RunTold) -> None:
    """A run, its counts, what it holds and what was refused."""
    run = found.run
    state = STATES[run.state.value]
    line(
        Text(
            f"Exécution {run.id} : {run.command}, par {_actor(run)}, {_moment(run.started_at)} "
            f"UTC, {state.fr}.",
            f"Run {run.id}: {run.command}, by {_actor(run)}, {_moment(run.started_at)} UTC, "
            f"{state.en}.",
        )
    )
    if run.error:
        line(Text(f"Ce qui a manqué : {run.error}", f"What went wrong: {run.error}"))
    if run.counts:
        table(
            Text("Décomptes", "Counts"),
            [Text("Quoi", "What"), Text("Combien", "How many")],
            list(run.counts.items()),
        )
    for vendor, waiting in found.held.items():
        for text in told_of_held(waiting):
            line(Text(f"{vendor} : {text.fr}", f"{vendor}: {text.en}"))
    _refused(found)


def _refused(found: RunTold) -> None:
    if found.refused:
        table(
            Text("Refusé par le CRM", "Rejected by the CRM"),
            [Text("Compte", "Account"), Text("Id", "Id"), Text("Champ", "Field"),
             Text("Valeur", "Value"), Text("Attend encore", "Still waits"),
             Text("Raison et remède", "Reason and remedy")],
            [
                (each.account, each.external_id, each.field.value, each.value or "–",
                 say(Text("oui", "yes") if each.is_waiting else Text("non", "no")), each.reason)
                for each in found.refused
            ],
        )  # fmt: skip
    if found.refused_values > len(found.refused):
        line(
            Text(
                f"({found.refused_values} en tout : --limit 0 pour tout voir)",
                f"({found.refused_values} in all: --limit 0 to see them)",
            )
        )
    for task in found.tasks:
        line(
            Text(
                f"Tâche refusée : {task.subject} ({task.account}, {task.external_id}) : "
                f"{task.reason}",
                f"Rejected task: {task.subject} ({task.account}, {task.external_id}): "
                f"{task.reason}",
            )
        )
    if found.tasks or any(each.is_waiting for each in found.refused):
        number = found.run.id
        line(
            Text(
                f"La cause corrigée, « arpent runs retry {number} » les remet à écrire.",
                f"Once the cause is corrected, `arpent runs retry {number}` owes them again.",
            )
        )


def retried(run_id: int, count: int) -> None:
    """What is owed again."""
    if not count:
        line(
            Text(
                f"Rien de ce que l'exécution {run_id} s'est vu refuser n'attend encore.",
                f"Nothing that run {run_id} had refused still waits.",
            )
        )
        return
    owed = counted(
        count,
        Text("écriture refusée est à refaire", "rejected write is owed again"),
        Text("écritures refusées sont à refaire", "rejected writes are owed again"),
    )
    line(
        Text(
            f"{owed.fr} : par « arpent push », ou par le prochain cycle.",
            f"{owed.en}: by `arpent push`, or by the next cycle.",
        )
    )


def _actor(run: Run) -> str:
    return run.actor or "arpent"


def _moment(instant: Instant) -> str:
    return f"{moment_of(instant, ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S}"


def _seconds(run: Run) -> str:
    if run.finished_at is None:
        return "–"
    return f"{(run.finished_at - run.started_at) / 1000:.1f}"
