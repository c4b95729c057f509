"""What concerns the fields in the CRM prints: previews, pushes, provisioning."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from connectors.base import Provision, Provisioned
from rules.diff import Debt
from rules.language import Text, counted
from rules.owned import Owned
from service.cli.edge import say
from service.cli.show import counts
from service.cli.show.terminal import line, table
from service.preview import Preview
from service.push_report import PushReport, told_of_held
from service.store.backlog import LISTED, Group, Rejection
from service.store.outbox import Pending
from service.store.selections import Cause, Stale

RETRY = Text(
    "Ce qui est refusé n'est pas renvoyé de soi-même : corrigez la cause, puis « arpent push "
    "--retry ».",
    "What is rejected is not sent again by itself: correct the cause, then `arpent push --retry`.",
)

CAUSES: Mapping[Cause, Text] = {
    Cause.GONE: Text("le compte n'y est plus", "the account is gone"),
    Cause.STATE: Text("n'est plus à écrire", "no longer to be written"),
    Cause.AFTER: Text("la valeur voulue", "the wanted value"),
    Cause.BEFORE: Text("la valeur dans le CRM", "the value in the CRM"),
}


DEBTS: Mapping[Debt, Text] = {
    Debt.OWED: Text("à écrire", "to write"),
    Debt.SETTLED: Text("en place", "in place"),
    Debt.REJECTED: Text("refusée par le CRM", "refused by the CRM"),
    Debt.HELD: Text("retenue", "held"),
    Debt.DRIFT: Text("modifiée dans le CRM", "edited in the CRM"),
}
PROVISIONED: Mapping[Provision, Text] = {
    Provision.PRESENT: Text("en place", "in place"),
    Provision.CREATED: Text("créé", "created"),
    Provision.REVIVED: Text("ranimé", "revived"),
    Provision.UPDATED: Text("complété", "updated"),
    Provision.CONFLICT: Text("en conflit", "in conflict"),
    Provision.NO_ROOM: Text("plus de place", "no room"),
}
# The same, where nothing is done yet.
TO_PROVISION: Mapping[Provision, Text] = {
    Provision.CREATED: Text("à créer", "to create"),
    Provision.REVIVED: Text("à ranimer", "to revive"),
    Provision.UPDATED: Text("à compléter", "to update"),
}


def previewed(vendor: str, preview: Preview, changes: Iterable[Pending]) -> None:
    """What a push would write: by rep and reason, some changes or all, and the figures of all."""
    table(
        Text(f"Ce qu'un push écrirait dans {vendor}", f"What a push would write into {vendor}"),
        [Text("Responsable", "Owner"), Text("Champ", "Field"), Text("Avant → après", "Old → new"),
         Text("Valeurs", "Values"), Text("Raison", "Reason")],
        [
            (each.owner or "–", each.field.value, say(_change(each)), each.values,
             say(_reason(each)))
            for each in preview.groups
        ],
    )  # fmt: skip
    shown = list(changes)
    table(
        Text("Compte par compte", "Account by account"),
        [Text("Responsable", "Owner"), Text("Compte", "Account"), Text("Champ", "Field"),
         Text("Avant", "Before"), Text("Après", "After")],
        [
            (each.owner or "–", each.account, each.field, each.before or "–", each.after or "–")
            for each in shown
        ],
    )  # fmt: skip
    if preview.values > len(shown):
        line(Text("(--limit 0 pour tout voir)", "(--limit 0 to see all)"))
    fields = ", ".join(f"{field} {count}" for field, count in preview.by_field.items())
    values, accounts = counts.values(preview.values), counts.accounts(preview.accounts)
    tasks, calls = counts.tasks(sum(preview.tasks.values())), counts.calls(preview.calls)
    line(
        Text(
            f"{vendor} : {values.fr} sur {accounts.fr} ({fields or 'rien'}), {tasks.fr}, "
            f"{calls.fr} au plus.",
            f"{vendor}: {values.en} on {accounts.en} ({fields or 'none'}), {tasks.en}, "
            f"{calls.en} at most.",
        )
    )
    reps = ", ".join(f"{name} {count}" for name, count in preview.by_rep.items())
    if reps:
        line(Text(f"Comptes par responsable : {reps}.", f"Accounts by owner: {reps}."))
    if preview.would_hold:
        names = ", ".join(field.value for field in preview.would_hold)
        line(
            Text(
                f"Trop de valeurs changeraient d'un coup : un push retiendrait {names}.",
                f"Too many values would change at once: a push would hold {names}.",
            )
        )
    for text in told_of_held(preview.held):
        line(text)


def behind(count: int) -> None:
    """Accounts that the rules have not judged yet: what they will be owed is not counted."""
    if count:
        line(
            Text(
                f"Comptes qui attendent d'être évalués, pour des règles publiées ou des données "
                f"lues depuis : {count}. Ce qu'ils changeront n'est pas compté ici : lancez "
                "« arpent tag », puis recommencez.",
                f"Accounts that wait to be evaluated, for rules published or data read since: "
                f"{count}. What they will change is not counted here: run `arpent tag`, then try "
                "again.",
            )
        )


def under_way(vendor: str) -> None:
    """Another command works on this CRM: what it is about to owe is not in a preview yet."""
    line(
        Text(
            f"Une autre commande travaille sur {vendor} : cet aperçu est celui de ce qui était à "
            "écrire à son début. Refaites-le quand elle aura fini.",
            f"Another command is working on {vendor}: this previews what was owed when it began. "
            "Make it again once it has finished.",
        )
    )


def _change(group: Group) -> Text:
    """`silver → gold`; of a field with a value for each account, how many are new or go."""
    if group.field in LISTED:
        words = f"{group.before or '–'} → {group.after or '–'}"
        return Text(words, words)
    changed = group.values - group.first - group.cleared
    parts = (
        (changed, Text("changée", "changed"), Text("changées", "changed")),
        (group.first, Text("nouvelle", "new"), Text("nouvelles", "new")),
        (group.cleared, Text("effacée", "cleared"), Text("effacées", "cleared")),
    )
    some = [counted(count, one, many) for count, one, many in parts if count]
    return Text(", ".join(text.fr for text in some), ", ".join(text.en for text in some))


def _reason(group: Group) -> Text:
    """The row of the rules that decides, and what it says."""
    if group.row is None:
        return Text("", "")
    rule = "priority" if group.field is Owned.PRIORITY else "tier"
    said = f" : {group.why}" if group.why else ""
    return Text(
        f"{rule}, ligne {group.row}{said}", f"{rule}, row {group.row}{said.replace(' :', ':')}"
    )


def kept(path: Path, count: int) -> None:
    """A preview that was written to a file."""
    changes = counted(count, Text("changement", "change"), Text("changements", "changes"))
    line(
        Text(
            f"{path} : {changes.fr}. « arpent push {path} » n'écrit rien d'autre.",
            f"{path}: {changes.en}. `arpent push {path}` writes nothing else.",
        )
    )


def stale(found: Sequence[Stale]) -> None:
    """The changes of a preview that are no longer what they were."""
    if found:
        table(
            Text("Ce qui a changé depuis l'aperçu", "What has changed since the preview"),
            [Text("Compte", "Account"), Text("Id", "Id"), Text("Champ", "Field"),
             Text("Ce qui a changé", "What changed"), Text("Dans l'aperçu", "In the preview"),
             Text("Maintenant", "Now")],
            [
                (each.account, each.external_id, each.field.value, say(CAUSES[each.cause]),
                 _seen(each, each.expected), _seen(each, each.now))
                for each in found
            ],
        )  # fmt: skip


def _seen(stale: Stale, value: str | None) -> str:
    """A value; or, where the state is the cause, its word."""
    if stale.cause is Cause.STATE and value is not None:
        return say(DEBTS[Debt(value)])
    return value or "–"


def pushed(vendor: str, report: PushReport) -> None:
    """What a push did, and why the CRM refused what."""
    written = counted(
        report.written,
        Text("valeur écrite", "value written"), Text("valeurs écrites", "values written"),
    )  # fmt: skip
    rejected = counted(
        report.values["rejected"], Text("refusée", "rejected"), Text("refusées", "rejected")
    )
    tasks, calls = counts.tasks(_tasks(report)), counts.calls(report.calls)
    line(
        Text(
            f"{vendor} : {written.fr}, {rejected.fr}, {_put_off(report)} à refaire, {tasks.fr}, "
            f"{calls.fr}.",
            f"{vendor}: {written.en}, {rejected.en}, {_put_off(report)} to try again, {tasks.en}, "
            f"{calls.en}.",
        )
    )
    for each in report.rejections:
        line(refused(each))
    if report.rejected:
        line(RETRY)
    for text in report.lost:
        line(text)
    for waiting in told_of_held(report.held):
        line(waiting)
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
            counted(
                count,
                Text("écriture refusée sera refaite au prochain push.",
                     "rejected write will be done again by the next push."),
                Text("écritures refusées seront refaites au prochain push.",
                     "rejected writes will be done again by the next push."),
            )
        )  # fmt: skip


def released(name: str, count: int) -> None:
    """A field whose emptied values were taken over."""
    emptied = counted(
        count,
        Text("valeur vidée dans le CRM l'est ici ; le prochain cycle réévalue ce compte.",
             "value emptied in the CRM is so here; the next cycle evaluates this account."),
        Text("valeurs vidées dans le CRM le sont ici ; le prochain cycle réévalue ces comptes.",
             "values emptied in the CRM are so here; the next cycle evaluates these accounts."),
    )  # fmt: skip
    line(Text(f"{name} : {emptied.fr}", f"{name}: {emptied.en}"))


def _put_off(report: PushReport) -> int:
    """Values that the next pushes will try."""
    return report.left


def _tasks(report: PushReport) -> int:
    """Tasks created, rewritten or completed."""
    return report.tasks["applied"] + report.tasks["updated"] + report.tasks["completed"]


def provisioned(
    vendor: str, found: Sequence[Provisioned], steps: Sequence[Text], *, dry_run: bool
) -> None:
    """What became of our own fields, and what only an admin can do."""
    states = {**PROVISIONED, **(TO_PROVISION if dry_run else {})}
    title = Text("Champs d'Arpent (simulation)", "Arpent's fields (dry run)")
    table(
        title if dry_run else Text("Champs d'Arpent", "Arpent's fields"),
        [Text("Champ", "Field"), Text(f"dans {vendor}", f"in {vendor}"), Text("État", "State"),
         Text("Note", "Note")],
        [
            (each.field, each.crm_field, say(states[each.state]),
             say(each.note) if each.note else None)
            for each in found
        ],
    )  # fmt: skip
    if steps:
        line(Text("Reste à faire par un administrateur :", "Left to an admin:"))
    for place, step in enumerate(steps, start=1):
        line(Text(f"  {place}. {step.fr}", f"  {place}. {step.en}"))
