"""What concerns the fields in the CRM prints: previews, pushes, provisioning."""

from collections.abc import Iterable, Sequence

from connectors.base import Provisioned
from rules.language import Text
from service.cli.edge import say
from service.cli.show.terminal import line, table
from service.preview import Preview
from service.push import PushReport
from service.store.backlog import Rejection
from service.store.outbox import Pending

RETRY = Text(
    "Ce qui est refusé n'est pas renvoyé de soi-même : corrigez la cause, puis « arpent push "
    "--retry ».",
    "What is rejected is not sent again by itself: correct the cause, then `arpent push --retry`.",
)


def previewed(preview: Preview, changes: Iterable[Pending]) -> None:
    """What a push would write: some changes, or all, and the figures of all."""
    shown = list(changes)
    table(
        Text("Ce qu'un push écrirait", "What a push would write"),
        [Text("Responsable", "Owner"), Text("Compte", "Account"), Text("Champ", "Field"),
         Text("Avant", "Before"), Text("Après", "After")],
        [
            (each.owner or "–", each.account, each.field, each.before or "–", each.after or "–")
            for each in shown
        ],
    )  # fmt: skip
    fields = ", ".join(f"{field} {count}" for field, count in preview.by_field.items())
    line(
        Text(
            f"{preview.values} valeurs sur {preview.accounts} comptes ({fields or 'rien'}), "
            f"{preview.calls} requêtes.",
            f"{preview.values} values on {preview.accounts} accounts ({fields or 'none'}), "
            f"{preview.calls} calls.",
        )
    )
    reps = ", ".join(f"{name} {count}" for name, count in preview.by_rep.items())
    if reps:
        line(Text(f"Comptes par responsable : {reps}.", f"Accounts by owner: {reps}."))
    if preview.values > len(shown):
        line(Text("(--limit 0 pour tout voir)", "(--limit 0 to see all)"))


def pushed(vendor: str, report: PushReport) -> None:
    """What a push did, and why the CRM refused what."""
    line(
        Text(
            f"{vendor} : {report.written} valeurs écrites, {report.values['rejected']} refusées, "
            f"{_put_off(report)} à refaire, {_tasks(report)} tâches, {report.calls} requêtes.",
            f"{vendor}: {report.written} values written, {report.values['rejected']} rejected, "
            f"{_put_off(report)} to try again, {_tasks(report)} tasks, {report.calls} calls.",
        )
    )
    for each in report.rejections:
        line(refused(each))
    if report.rejected:
        line(RETRY)
    if report.stopped:
        line(Text(f"Arrêté : {report.stopped.fr}", f"Stopped: {report.stopped.en}"))


def refused(each: Rejection) -> Text:
    """A refusal, how often, and where it was met first."""
    return Text(
        f"  {each.count} × {each.reason} (d'abord {each.account}, {each.external_id})",
        f"  {each.count} × {each.reason} (first {each.account}, {each.external_id})",
    )


def owed_again(count: int) -> None:
    """Values that the CRM had refused, after something was added to it."""
    if count:
        line(
            Text(
                f"{count} écritures refusées seront refaites au prochain push.",
                f"{count} rejected writes will be done again by the next push.",
            )
        )


def _put_off(report: PushReport) -> int:
    """Values that the next pushes will try again."""
    return report.values["unknown"] + report.values["deferred"]


def _tasks(report: PushReport) -> int:
    """Tasks created, rewritten or completed."""
    return report.tasks["applied"] + report.tasks["updated"] + report.tasks["completed"]


def provisioned(
    vendor: str, found: Sequence[Provisioned], steps: Sequence[Text], *, dry_run: bool
) -> None:
    """What became of our own fields, and what only an admin can do."""
    title = Text("Champs d'Arpent (simulation)", "Arpent's fields (dry run)")
    table(
        title if dry_run else Text("Champs d'Arpent", "Arpent's fields"),
        [Text("Champ", "Field"), Text(f"dans {vendor}", f"in {vendor}"), Text("État", "State"),
         Text("Note", "Note")],
        [
            (each.field, each.crm_field, each.state.value, say(each.note) if each.note else None)
            for each in found
        ],
    )  # fmt: skip
    if steps:
        line(Text("Reste à faire par un administrateur :", "Left to an admin:"))
    for place, step in enumerate(steps, start=1):
        line(Text(f"  {place}. {step.fr}", f"  {place}. {step.en}"))
