"""What commands print: tables on a terminal, JSON on request."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from connectors.base import Provisioned
from rules.alerts import Step
from rules.language import Language, Text, money, number, percent
from rules.located import Issue
from rules.records import Kind
from rules.rulebook import Rulebook
from rules.time import Instant, date_of, moment_of
from service.alert import AlertReport
from service.cli.edge import language, say
from service.cycle import CycleReport
from service.doctor import Finding
from service.explain import Explanation
from service.measure import MeasureReport
from service.preview import Preview
from service.pull import PullReport
from service.push import PushReport
from service.status import CrmStatus, Status
from service.store.backlog import Rejection
from service.store.outbox import Pending
from service.store.tags import Evaluation

console = Console(highlight=False)

NOT_PUSHED = Text(
    "ARPENT_READ_ONLY est activé : rien n'a été écrit dans le CRM.",
    "ARPENT_READ_ONLY is set: nothing was written to the CRM.",
)
STREAMS: Mapping[Kind, Text] = {
    Kind.OWNER: Text("Responsables", "Owners"),
    Kind.STAGE: Text("Étapes", "Stages"),
    Kind.ACCOUNT: Text("Comptes", "Accounts"),
    Kind.CONTACT: Text("Contacts", "Contacts"),
    Kind.OPPORTUNITY: Text("Opportunités", "Opportunities"),
    Kind.ACTIVITY: Text("Activités", "Activities"),
}
STEPS: Mapping[Step, Text] = {
    Step.OPENED: Text("ouvert", "opened"),
    Step.UPDATED: Text("se poursuit", "goes on"),
    Step.RECOVERED: Text("refermé", "closed"),
}
RETRY = Text(
    "Ce qui est refusé n'est pas renvoyé de soi-même : corrigez la cause, puis « arpent push "
    "--retry ».",
    "What is rejected is not sent again by itself: correct the cause, then `arpent push --retry`.",
)
# How many examples of what waits `status` shows; --json has more.
SOME = 3
TRUTH = {True: "✓", False: "✗", None: "?"}


def as_json(value: Any) -> None:  # noqa: ANN401 - any plain data
    """One JSON document on standard output."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2), flush=True)  # noqa: T201 - the answer itself


def as_long_json(head: Mapping[str, Any], name: str, rows: Iterable[Any]) -> None:
    """One JSON document that ends with a list of any length, written as it comes."""
    opening = json.dumps(_plain(head), ensure_ascii=False, indent=2).removesuffix("\n}")
    sys.stdout.write(f'{opening},\n  "{name}": [')
    separator = "\n    "
    for row in rows:
        sys.stdout.write(separator + json.dumps(_plain(row), ensure_ascii=False))
        separator = ",\n    "
    sys.stdout.write("\n  ]\n}\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any plain data
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, Text):
        return value.to(language())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def table(title: Text, columns: Sequence[Text], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers are right-aligned."""
    drawn = Table(title=say(title), title_justify="left", title_style="bold")
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        is_number = bool(listed) and all(isinstance(row[index], int | float) for row in listed)
        drawn.add_column(say(column), justify="right" if is_number else "left")
    for row in listed:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(drawn)


def line(text: Text) -> None:
    """One sentence."""
    console.print(say(text), markup=False, soft_wrap=True)


def pulled(vendor: str, report: PullReport) -> None:
    """What a pull brought."""
    table(
        Text(
            f"Lu dans {vendor} (requêtes : {report.calls})",
            f"Pulled from {vendor} ({report.calls} calls)",
        ),
        [Text("Flux", "Stream"), Text("Reçus", "Received"), Text("Écrits", "Written"),
         Text("Inchangés", "Unchanged"), Text("Refusés", "Rejected"),
         Text("Archivés", "Archived"), Text("Valeurs écartées", "Values set aside")],
        [
            (say(STREAMS[each.kind]), each.received, each.written, each.unchanged + each.older,
             each.rejected, each.archived, each.quarantined)
            for each in report.streams
        ],
    )  # fmt: skip
    for each in report.streams:
        if each.held:
            name = STREAMS[each.kind]
            line(
                Text(
                    f"{name.fr} : {each.held} ont disparu d'un coup du CRM, trop pour y croire : "
                    "rien n'a été archivé. Vérifiez les permissions de la clé, puis relancez "
                    "« arpent pull --full ».",
                    f"{name.en}: {each.held} vanished from the CRM at once, too many to believe: "
                    "nothing was archived. Check the key's scopes, then run "
                    "`arpent pull --full` again.",
                )
            )


def tagged(evaluation: Evaluation) -> None:
    """What an evaluation did."""
    line(
        Text(
            f"Comptes évalués : {evaluation.evaluated} ; changés : {evaluation.changed} ; "
            f"changements de niveau : {evaluation.moved}.",
            f"Accounts evaluated: {evaluation.evaluated}; changed: {evaluation.changed}; "
            f"changes of tier: {evaluation.moved}.",
        )
    )


def measured(report: MeasureReport, currency: str) -> None:
    """The KPIs of each rep."""
    spoken = language()
    as_of = date_of(report.as_of).isoformat()
    table(
        Text(
            f"Indicateurs de {report.period}, au {as_of}", f"KPIs of {report.period}, as of {as_of}"
        ),
        [Text("Représentant", "Rep"), Text("Indicateur", "KPI"), Text("Valeur", "Value"),
         Text("Attendu à ce jour", "Expected to date"), Text("Cible", "Target"), Text("n", "n")],
        [
            (
                row.name, row.label, _quantity(row.value, row.unit, currency, spoken),
                _quantity(row.expected, row.unit, currency, spoken),
                _quantity(row.target, row.unit, currency, spoken),
                "" if row.denominator is None else number(row.denominator, spoken, digits=0),
            )
            for row in sorted(report.rows, key=lambda row: row.rep)
            if row.target is not None or row.value
        ],
    )  # fmt: skip


def _quantity(value: float | None, unit: str, currency: str, spoken: Language) -> str:
    if value is None:
        return "–"
    match unit:
        case "money":
            return money(int(value), currency, spoken)
        case "ratio":
            return percent(value, spoken)
        case _:
            return number(value, spoken)


def alerted(report: AlertReport) -> None:
    """The week's episodes."""
    if report.is_already_done:
        line(Text(f"Semaine {report.period} : déjà faite.", f"Week {report.period}: already done."))
        return
    told = [each for each in report.lines if each.step in STEPS]
    line(
        Text(
            f"Semaine {report.period} ; épisodes d'écart : {len(told)}.",
            f"Week {report.period}; episodes of deviation: {len(told)}.",
        )
    )
    for each in told:
        step = say(STEPS[each.step])
        console.print(f"  {step} : {each.name} – {each.subject_line}", markup=False, soft_wrap=True)


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
        line(_refused(each))
    if report.rejected:
        line(RETRY)
    if report.stopped:
        line(Text(f"Arrêté : {report.stopped.fr}", f"Stopped: {report.stopped.en}"))


def _refused(each: Rejection) -> Text:
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


def explained(told: Explanation) -> None:
    """Why an account is what it is."""
    console.print(
        f"{told.account} ({told.external_id}) – {told.owner or '–'}", style="bold", markup=False
    )
    if not told.is_in_scope:
        line(Text("Hors de la portée du plan (scope).", "Outside the plan's scope."))
    if told.why:
        console.print(told.why, markup=False, soft_wrap=True)
    table(
        Text("Données", "Inputs"),
        [Text("Champ", "Field"), Text("", ""), Text("Valeur", "Value")],
        [(each.name, each.label, each.value or "?") for each in told.inputs],
    )
    for step in told.steps:
        console.print(f"{step.name} = {step.result or '?'}", style="bold", markup=False)
        for row in step.rows:
            mark = "→" if row.won else " "
            cells = "  ".join(f"{TRUTH[truth]} {words}" for words, truth in row.conditions)
            console.print(f" {mark} {row.number}. {cells or 'else'}  → {row.then}", markup=False)
    if told.recheck_on is not None:
        day = date_of(told.recheck_on).isoformat()
        line(Text(f"À réévaluer le {day} au plus tard.", f"To evaluate again by {day}."))


def cycled(report: CycleReport, currency: str) -> None:
    """A whole cycle."""
    for vendor, brought in report.pulled.items():
        pulled(vendor, brought)
    tagged(report.tagged)
    measured(report.measured, currency)
    if report.alerted is not None:
        alerted(report.alerted)
    for vendor, sent in report.pushed.items():
        pushed(vendor, sent)
    if report.is_read_only:
        line(NOT_PUSHED)
    for vendor, text in report.failures.items():
        line(Text(f"{vendor} : {text.fr}", f"{vendor}: {text.en}"))


def demonstrated(figures: Mapping[str, Any]) -> None:
    """The figures of the demo."""
    words = {
        "accounts": Text("Comptes dans la portée du plan", "Accounts in the plan's scope"),
        "opportunities": Text("Opportunités", "Opportunities"),
        "tiers": Text("Niveaux (Or / Argent / Bronze)", "Tiers (Gold / Silver / Bronze)"),
        "fields_written": Text("Valeurs écrites dans le CRM", "Values written to the CRM"),
        "tasks_created": Text("Tâches créées", "Tasks created"),
        "second_push_calls": Text("Requêtes du second push", "Calls of the second push"),
        "seconds": Text("Secondes", "Seconds"),
    }
    tiers = figures["tiers"]
    by_rank = (str(tiers.get(tier, 0)) for tier in ("gold", "silver", "bronze"))
    shown = {**figures, "tiers": " / ".join(by_rank)}
    table(
        Text("Le cas d'Élise, au lundi 29 juin 2026", "Élise's case, as of Monday 29 June 2026"),
        [Text("", ""), Text("", "")],
        [(say(text), str(shown[name])) for name, text in words.items()],
    )


def addresses(url: str, page: str) -> None:
    """Where to look at the emulated CRM."""
    line(Text(f"Le CRM émulé, comme le voit un représentant : {url}", f"The emulated CRM: {url}"))
    line(Text(f"  un compte Or : {page}", f"  a Gold account: {page}"))
    line(Text(f"  les tâches   : {url}/tasks", f"  the tasks     : {url}/tasks"))
    line(Text("Ctrl-C pour arrêter.", "Ctrl-C to stop."))


def issue(found: Issue) -> dict[str, object]:
    """An issue as plain data."""
    return {
        "file": found.file, "line": found.line, "column": found.column,
        "fr": found.text.fr, "en": found.text.en,
    }  # fmt: skip


def checked(book: Rulebook) -> None:
    """A playbook without errors."""
    rules, plans = len(book.segments.rules), len(book.plans)
    line(
        Text(
            f"Aucune erreur : {rules} règles, {plans} plans, version {book.hash}.",
            f"No errors: {rules} rules, {plans} plans, version {book.hash}.",
        )
    )


def published(book: Rulebook, *, is_new: bool) -> None:
    """A publication."""
    line(
        Text(f"Publié : {book.hash}.", f"Published: {book.hash}.")
        if is_new
        else Text(
            f"Rien à publier : {book.hash} est déjà en vigueur.",
            f"Nothing to publish: {book.hash} is in force already.",
        )
    )


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


def status(found: Status) -> None:
    """The workspace at a glance."""
    rows: list[tuple[str, str]] = [(say(Text("Base", "Store")), found.store)]
    in_force = found.rulebook or say(Text("aucune règle publiée", "no rules published"))
    if found.differs_from_disk:
        in_force += say(Text(" (le disque diffère)", " (the disk differs)"))
    rows.append((say(Text("Règles", "Rules")), in_force))
    tiers = ", ".join(f"{tier} {count}" for tier, count in found.tiers.items())
    rows.append((say(Text("Niveaux", "Tiers")), tiers or "–"))
    waiting = say(Text("Comptes à réévaluer", "Accounts to evaluate"))
    rows.append((waiting, str(found.waiting_accounts)))
    rows.append((say(Text("Alertes ouvertes", "Open alerts")), str(found.open_alerts)))
    for crm in found.crms:
        records = ", ".join(f"{kind} {count}" for kind, count in crm.records.items())
        rows.append((crm.vendor, f"{crm.name} ({crm.account_id})"))
        rows.append((say(Text("  lu le", "  read at")), _moment(crm.read_at)))
        rows.append((say(Text("  enregistrements", "  records")), records))
        values = ", ".join(f"{state} {count}" for state, count in crm.values.items())
        rows.append((say(Text("  valeurs", "  values")), values or "–"))
        rows += [(say(name), say(text)) for name, text in _waiting(crm)]
        rows.append((say(Text("  appels restants", "  calls left")), _calls_left(crm)))
        if crm.parked_until is not None:
            rows.append((say(Text("  en attente", "  waits")), say(_parked(crm.parked_until))))
    if found.last_run:
        last = found.last_run
        said = f"{last.command} #{last.id}: {last.state.value} {last.error or ''}"
        rows.append((say(Text("Dernière exécution", "Last run")), said))
    table(Text("État", "Status"), [Text("", ""), Text("", "")], rows)


def _waiting(crm: CrmStatus) -> Iterable[tuple[Text, Text]]:
    """What waits for a person: refusals by reason, and some of the fields edited in the CRM."""
    rejected, drifting = crm.values.get("rejected", 0), crm.values.get("drift", 0)
    if rejected:
        yield (
            Text("  refusées", "  rejected"),
            Text(
                f"{rejected} (« arpent push --retry » les renvoie)",
                f"{rejected} (`arpent push --retry` sends them again)",
            ),
        )
    for each in crm.rejections[:SOME]:
        yield Text("", ""), _refused(each)
    if drifting:
        yield (
            Text("  dérives", "  drift"),
            Text(
                f"{drifting} valeurs modifiées dans le CRM, laissées telles quelles",
                f"{drifting} values edited in the CRM, left as they are",
            ),
        )
    for found in crm.drifting[:SOME]:
        words = (
            f"  {found.account}, {found.field} : {found.desired or '–'} → {found.observed or '–'}"
        )
        yield Text("", ""), Text(words, words)


def _calls_left(crm: CrmStatus) -> str:
    """What the CRM lets us call, as last told."""
    told = crm.allowance
    if told is None:
        return "–"
    window, at = f"{told.burst} / {told.window_seconds:g} s", _moment(told.seen_at)
    if told.daily is None or told.daily_left is None:
        return f"{window} ({at})"
    spoken = language()
    left, daily = (number(each, spoken, digits=0) for each in (told.daily_left, told.daily))
    day = say(Text(f"{left} sur {daily} aujourd'hui", f"{left} of {daily} today"))
    return f"{day}, {window} ({at})"


def _parked(until: Instant) -> Text:
    at = _moment(until)
    return Text(f"à sa demande, jusqu'au {at}", f"as it asked, until {at}")


def _moment(instant: Instant | None) -> str:
    if instant is None:
        return "–"
    return f"{moment_of(instant, ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"


def diagnosed(findings: Sequence[Finding]) -> None:
    """Each check, with a mark and a sentence."""
    for each in findings:
        mark = "✓" if each.is_fine else "✗"
        console.print(f"{mark} {say(each.check)} : {say(each.text)}", markup=False, soft_wrap=True)
