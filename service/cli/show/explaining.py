"""What `rules explain` prints: what the account is and what it lacks, then everything behind it."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from rules.language import Text, joined
from rules.owned import LABELS, Owned
from rules.time import Instant, date_of, moment_of
from service.cli.edge import language, say
from service.cli.show.terminal import console, line, table
from service.explain import Explanation
from service.explain_rules import Step
from service.store.explanations import Known, Owing

TRUTH = {True: "✓", False: "✗", None: "?"}
_STATES: Mapping[str, Text] = {
    "settled": Text("à jour", "up to date"),
    "owed": Text("à écrire", "to be written"),
    "rejected": Text("refusé par le CRM", "rejected by the CRM"),
    "held": Text("retenu", "held"),
    "drift": Text("modifié par quelqu'un", "edited by somebody"),
}


def told(explanation: Explanation, zone: ZoneInfo) -> None:
    """Why an account is what it is; hours are of the zone."""
    its = explanation
    console.print(
        f"{its.account} ({its.external_id}) – {its.owner or '–'}", style="bold", markup=False
    )
    if not its.is_in_scope:
        line(Text("Hors de la portée du plan (scope).", "Outside the plan's scope."))
    sentences = [its.why, *its.standing.sentences, *(each.sentence for each in its.missing)]
    for sentence in [*sentences, its.fall.sentence if its.fall else None]:
        if sentence:
            console.print(sentence, markup=False, soft_wrap=True)
    _known(its.known, zone)
    _inputs(explanation)
    for step in its.steps:
        _step(step)
    _versions(explanation, zone)
    if its.recheck_on is not None:
        day = date_of(its.recheck_on).isoformat()
        line(Text(f"À réévaluer le {day} au plus tard.", f"To evaluate again by {day}."))


def _known(known: Known, zone: ZoneInfo) -> None:
    """When it was read and modified, and how its values stand in the CRM."""
    read, modified = _at(known.read_at, zone), _at(known.modified_at, zone)
    line(
        Text(
            f"Lu dans le CRM le {read} ; modifié là-bas le {modified}.",
            f"Read from the CRM on {read}; modified there on {modified}.",
        )
    )
    if known.owing:
        line(Text(f"Dans le CRM : {_owing(known.owing)}.", f"In the CRM: {_owing(known.owing)}."))


def _owing(owing: Sequence[Owing]) -> str:
    """`Niveau et Priorité à jour ; Pourquoi à écrire`."""
    states, fields = list(_STATES), list(Owned)
    ordered = sorted(
        owing,
        key=lambda each: (states.index(each.state), _undone(each), fields.index(Owned(each.field))),
    )
    parts = []
    for (state, run), found in groupby(ordered, key=lambda each: (each.state, _undone(each))):
        names = joined([say(LABELS[Owned(each.field)]) for each in found], language())
        put_back = Text(
            f"remis par l'annulation de l'exécution {run}", f"put back by the undoing of run {run}"
        )
        parts.append(f"{names} {say(put_back if run else _STATES[state])}")
    return say(Text(" ; ", "; ")).join(parts)


def _undone(owing: Owing) -> int:
    """The run of which the undoing has put the value back; 0 where the rules have given it."""
    return owing.undone_run or 0 if owing.is_put_back else 0


def _inputs(explanation: Explanation) -> None:
    table(
        Text("Données", "Inputs"),
        [Text("Champ", "Field"), Text("", ""), Text("Valeur", "Value"), Text("Source", "Source")],
        [(each.name, each.label, each.value or "?", each.source) for each in explanation.inputs],
    )
    for each in explanation.inputs:
        if each.note is not None:
            console.print(each.note, markup=False, soft_wrap=True)


def _step(step: Step) -> None:
    console.print(f"{step.name} = {step.result or '?'}", style="bold", markup=False)
    for row in step.rows:
        mark = "→" if row.won else " "
        cells = "  ".join(f"{TRUTH[truth]} {words}" for words, truth in row.conditions)
        console.print(f" {mark} {row.number}. {cells or 'else'}  → {row.then}", markup=False)


def _versions(explanation: Explanation, zone: ZoneInfo) -> None:
    """The rules in force, those of the tags where they are others, and the tiers so far."""
    version, known = explanation.version, explanation.known
    at = _at(version.published_at, zone)
    why = f" : {version.reason}" if version.reason else ""
    line(
        Text(
            f"Règles {version.rulebook}, publiées le {at} par {version.author}{why}.",
            f"Rules {version.rulebook}, published on {at} by {version.author}"
            f"{why.replace(' : ', ': ', 1)}.",
        )
    )
    if known.rulebook is not None and known.rulebook != version.rulebook:
        line(
            Text(
                f"Les valeurs enregistrées viennent des règles {known.rulebook}.",
                f"The recorded values come from the rules {known.rulebook}.",
            )
        )
    if known.changes:
        table(
            Text("Niveaux", "Tiers"),
            [Text("Depuis", "Since"), Text("Niveau", "Tier"), Text("Ligne", "Row"),
             Text("Règles", "Rules")],
            [
                (_at(each.at, zone), explanation.labels.get(each.tier or "", "–"),
                 str(each.row or "–"), each.rulebook or "–")
                for each in known.changes
            ],
        )  # fmt: skip


def _at(instant: Instant, zone: ZoneInfo) -> str:
    return f"{moment_of(instant, zone):%Y-%m-%d %H:%M}"
