"""What the stages of a cycle print."""

from collections.abc import Mapping

from rules.alert.episode_steps import Step
from rules.alert.lines import Answer
from rules.language import Language, Text, money, number, percent
from rules.records import Kind
from rules.time import date_of
from service.alert import AlertLine, AlertReport
from service.answers_to_tasks import Listened
from service.cli.edge import language, say
from service.cli.show import counts, writing
from service.cli.show.terminal import console, line, table
from service.cycle_report import CycleReport
from service.freeze import FreezeReport
from service.measure import MeasureReport
from service.pull import PullReport
from service.store import notices
from service.store.tags import Evaluation

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


ANSWERS: Mapping[Answer, Text] = {
    Answer.DONE: Text("déjà fait", "done already"),
    Answer.NOT_RELEVANT: Text("pas pertinent", "not relevant"),
    Answer.LATER: Text("reporté", "put off"),
}


def pulled(vendor: str, report: PullReport) -> None:
    """What a pull brought."""
    table(
        Text(
            f"Lu dans {vendor} (requêtes : {report.calls})",
            f"Pulled from {vendor} ({counts.calls(report.calls).en})",
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
    for notice in report.notices:
        if notice.kind != notices.OWN:
            line(notices.told(notice))
    for text in notices.told_of_lost(
        vendor, [each for each in report.notices if each.kind == notices.OWN]
    ):
        line(text)


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


def frozen(report: FreezeReport) -> None:
    """The weeks that were frozen now; nothing where none was."""
    if not report.weeks:
        return
    weeks = ", ".join(report.weeks)
    line(
        Text(
            f"Semaines gelées : {weeks} (chiffres : {report.figures}). Pour les revoir : "
            f"arpent kpi --week {report.weeks[-1]}",
            f"Weeks frozen: {weeks} ({report.figures} figures). To see them again: "
            f"arpent kpi --week {report.weeks[-1]}",
        )
    )


def answered(vendor: str, said: Listened) -> None:
    """What people made of their tasks, where there is news."""
    told = [
        Text(f"{words.fr} : {count}", f"{words.en}: {count}")
        for answer, words in ANSWERS.items()
        if (count := said.counts.get(answer.value))
    ]
    if told:
        each = Text(", ".join(one.fr for one in told), ", ".join(one.en for one in told))
        line(
            Text(
                f"Réponses aux tâches dans {vendor} : {each.fr}.",
                f"Answers to tasks in {vendor}: {each.en}.",
            )
        )


def alerted(report: AlertReport) -> None:
    """The week's episodes."""
    if report.is_already_done:
        line(Text(f"Semaine {report.period} : déjà faite.", f"Week {report.period}: already done."))
        return
    told = [each for each in report.lines if each.step in STEPS]
    line(
        Text(
            f"Semaine {report.period} ; alertes : {len(told)}.",
            f"Week {report.period}; alerts: {len(told)}.",
        )
    )
    for each in told:
        step = say(STEPS[each.step])
        said = f"  {step} : {each.name} – {each.subject_line}{_answer(each)}"
        console.print(said, markup=False, soft_wrap=True)


def _answer(told: AlertLine) -> str:
    """` (reporté jusqu'au 2026-07-14)`: what a person has answered; nothing where nobody has."""
    if told.answer is None:
        return ""
    words, until = ANSWERS[told.answer], told.snoozed_until
    if until is not None:
        day = date_of(until).isoformat()
        words = Text(f"{words.fr} jusqu'au {day}", f"{words.en} until {day}")
    return f" ({say(words)})"


def cycled(report: CycleReport, currency: str) -> None:
    """A whole cycle."""
    for vendor, brought in report.pulled.items():
        pulled(vendor, brought)
    for vendor, said in report.answered.items():
        answered(vendor, said)
    tagged(report.tagged)
    measured(report.measured, currency)
    if report.frozen is not None:
        frozen(report.frozen)
    if report.alerted is not None:
        alerted(report.alerted)
    for vendor, sent in report.pushed.items():
        writing.pushed(vendor, sent)
    if report.unwritten is not None:
        line(report.unwritten)
    for vendor, text in report.failures.items():
        line(Text(f"{vendor} : {text.fr}", f"{vendor}: {text.en}"))
