"""The beginning and the end with a CRM, printed: candidates, a first playbook, losses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.base import Removal, Room
from rules.candidate_words import Need
from rules.candidates import LABELS, Candidate, Filled, reason
from rules.language import Text, counted, shown
from rules.owned import CORE
from service.cli.edge import say
from service.cli.show import counts
from service.cli.show.terminal import line, table
from service.init import left_out
from service.lacking import Lacking
from service.playbook_writing import OPTIONAL, Draft
from service.remove import Loss
from service.suggest import Suggested

_OWNERS = 12
_OPTIONS = 8


def suggested(found: Suggested) -> None:
    """The candidates for each need, how full they are for each owner, and what it cost."""
    table(
        Text(f"Champs de {found.identity.name} pour les règles",
             f"Fields of {found.identity.name} for the rules"),
        [Text("Besoin", "Need"), Text("Champ", "Field"), Text("Libellé", "Label"),
         Text("Pourquoi", "Why"), Text("Exemples", "Samples"),
         Text("Rempli par responsable", "Filled by owner")],
        [
            (say(LABELS[need]), each.declared.name, each.declared.label, say(reason(each)),
             _samples(each), _by_owner(each))
            for need, several in found.candidates.items() for each in several
        ],
    )  # fmt: skip
    for need, several in found.candidates.items():
        if not several and need is not Need.DECISION_MAKER:
            line(Text(f"{LABELS[need].fr} : aucun champ ne s'en approche.",
                      f"{LABELS[need].en}: no field comes near."))  # fmt: skip
    line(_roles(found.contacts))
    room(found.room, wanted=len(CORE) + len(OPTIONAL) - found.own)
    first = counted(
        found.accounts,
        Text("premier compte lu", "first account read"),
        Text("premiers comptes lus", "first accounts read"),
    )
    calls = counts.calls(found.calls)
    line(
        Text(
            f"D'après {first.fr} ; {calls.fr}, rien n'est gardé.",
            f"From {first.en}; {calls.en}, nothing is kept.",
        )
    )


def _samples(candidate: Candidate) -> str:
    seen = candidate.seen
    if seen is None:
        return ", ".join(option for option, _ in candidate.declared.options[:_OPTIONS])
    if seen.samples:
        return ", ".join(seen.samples)
    options = [f"{option} ({count})" for option, count in seen.counts.items()]
    more = [f"+ {len(options) - _OPTIONS}"] if len(options) > _OPTIONS else []
    return ", ".join([*options[:_OPTIONS], *more])


def _by_owner(candidate: Candidate) -> str:
    if candidate.seen is None:
        return ""
    rows = list(candidate.seen.by_owner.items())
    nobody = say(Text("sans responsable", "no owner"))
    listed = [f"{owner or nobody} {_percent(each)}" for owner, each in rows[:_OWNERS]]
    more = [f"+ {len(rows) - _OWNERS}"] if len(rows) > _OWNERS else []
    return ", ".join([*listed, *more])


def _percent(filled: Filled) -> str:
    return say(Text(f"{round(100 * filled.share)} %", f"{round(100 * filled.share)}%"))


def _roles(contacts: Filled) -> Text:
    if not contacts.of:
        return Text(
            "Décideurs : aucun contact lu ; les règles compteront les rôles des contacts.",
            "Decision makers: no contact was read; the rules will count the roles of contacts.",
        )
    share = round(100 * contacts.share)
    return Text(
        f"Décideurs : comptés d'après le rôle des contacts, connu pour {share} % des "
        f"{contacts.of} lus.",
        f"Decision makers: counted from the roles of contacts, known for {share}% of the "
        f"{contacts.of} read.",
    )


def room(found: Room | None, *, wanted: int) -> None:
    """The room for custom fields in this edition, and what ours would take of it."""
    if found is None:
        line(
            Text(
                f"Le CRM ne dit pas combien de champs personnalisés son édition permet ; Arpent en "
                f"demande {wanted} de plus.",
                f"The CRM does not tell how many custom fields its edition allows; Arpent asks for "
                f"{wanted} more.",
            )
        )
        return
    after = found.left - wanted
    end = (
        Text(f"il en resterait {after}", f"{after} would be left")
        if after >= 0
        else Text(f"il en manque {-after}", f"{-after} too few")
    )
    line(
        Text(
            f"Champs personnalisés des comptes : {found.usage} sur {found.limit} dans cette "
            f"édition ; Arpent en demande {wanted} de plus, {end.fr}.",
            f"Custom fields of accounts: {found.usage} of {found.limit} in this edition; Arpent "
            f"asks for {wanted} more, {end.en}.",
        )
    )


def to_json(found: Suggested) -> dict[str, Any]:
    """What was found, as plain data."""
    return {
        "crm": found.identity.vendor, "account": found.identity.account_id,
        "time_zone": found.identity.time_zone, "currency": found.identity.currency,
        "accounts_read": found.accounts, "contacts_with_role": _filled(found.contacts),
        "room": found.room, "calls": found.calls,
        "candidates": {
            need.value: [_candidate(each) for each in several]
            for need, several in found.candidates.items()
        },
    }  # fmt: skip


def _candidate(candidate: Candidate) -> dict[str, Any]:
    seen = candidate.seen
    return {
        "field": candidate.declared.name, "label": candidate.declared.label,
        "score": round(candidate.score, 3), "is_clear": candidate.is_clear,
        "reason": reason(candidate),
        "options": [option for option, _ in candidate.declared.options],
        "filled": seen and _filled(seen.filled),
        "by_owner": seen and {owner: _filled(each) for owner, each in seen.by_owner.items()},
        "samples": seen and seen.samples, "counts": seen and seen.counts,
    }  # fmt: skip


def _filled(filled: Filled) -> Mapping[str, float]:
    return {"count": filled.count, "of": filled.of, "share": round(filled.share, 3)}


def begun(
    folder: Path, saved: Sequence[Path], draft: Draft, lacking: Sequence[Lacking], found: Suggested
) -> None:
    """The playbook that was written, what it lacks, and what to do next."""
    files = counted(len(saved), Text("fichier", "file"), Text("fichiers", "files"))
    reps = counted(len(draft.reps), Text("responsable", "rep"), Text("responsables", "reps"))
    calls = counts.calls(found.calls)
    line(
        Text(
            f"Playbook écrit dans {folder} : {files.fr}, {draft.zone}, {draft.currency}, "
            f"{reps.fr}, {calls.fr}.",
            f"Playbook written in {folder}: {files.en}, {draft.zone}, {draft.currency}, "
            f"{reps.en}, {calls.en}.",
        )
    )
    for need, candidate in draft.bound.items():
        because = reason(candidate)
        name = shown(candidate.declared.name)
        line(Text(f"  {LABELS[need].fr} = {name} ({because.fr})",
                  f"  {LABELS[need].en} = {name} ({because.en})"))  # fmt: skip
    line(_roles(found.contacts))
    for each in lacking:
        line(_lacking(each))
    if others := ", ".join(shown(name) for name in left_out(found, draft.reps)):
        line(
            Text(
                "Hors de team.yaml, sans compte ni opportunité ou utilisateur d'Arpent : "
                f"{others}. Ajoutez-y ceux qui vendent.",
                f"Not in team.yaml, with no account or opportunity or Arpent's user: {others}. "
                "Add those who sell.",
            )
        )
    room(found.room, wanted=len(CORE) + len(draft.optional) - found.own)
    line(Text("Ensuite :", "Next:"))
    for place, step in enumerate(_steps(folder, draft, lacking), start=1):
        line(Text(f"  {place}. {step.fr}", f"  {place}. {step.en}"))


def _lacking(each: Lacking) -> Text:
    label = LABELS[each.need]
    unsure = ", ".join(shown(name) for name in each.unsure)
    fr, en = "", ""
    if unsure:
        fr = f" Si l'un de ceux-ci l'est : {unsure}, liez-le dans fields.yaml."
        en = f" If one of these is it: {unsure}, bind it in fields.yaml."
    return Text(
        f"  {label.fr} : aucun champ sûr ; {each.effect.fr}. À créer dans le CRM : "
        f"{each.remedy.fr}.{fr}",
        f"  {label.en}: no sure field; {each.effect.en}. To create in the CRM: "
        f"{each.remedy.en}.{en}",
    )


def _steps(folder: Path, draft: Draft, lacking: Sequence[Lacking]) -> list[Text]:
    steps = [
        Text(
            f"ARPENT_PLAYBOOK={folder.absolute()} : dans l'environnement, ou dans le fichier .env",
            f"ARPENT_PLAYBOOK={folder.absolute()}: in the environment, or in the file .env",
        )
    ]
    if lacking:
        steps.append(
            Text(
                f"créez les champs qui manquent, puis dans fields.yaml remplacez « missing: yes » "
                f"par « {draft.vendor}: nom_interne »",
                f"create the missing fields, then in fields.yaml replace “missing: yes” by "
                f"“{draft.vendor}: internal_name”",
            )
        )
    if draft.plans:
        steps.append(
            Text(
                "plans/*.yaml : remplacez les montants d'exemple par les vrais",
                "plans/*.yaml: replace the example amounts by the real ones",
            )
        )
    commands = (
        "arpent db upgrade", "arpent doctor", "arpent rules check && arpent rules test",
        "arpent rules publish",
        "arpent fields ensure --dry-run", "arpent fields ensure", "arpent pull", "arpent tag",
        "arpent preview",
    )  # fmt: skip
    return [*steps, *(Text(each, each) for each in commands)]


def begun_as_json(
    folder: Path, saved: Sequence[Path], draft: Draft, lacking: Sequence[Lacking], found: Suggested
) -> dict[str, Any]:
    """The playbook that was written, as plain data."""
    return {
        "folder": str(folder), "files": [str(path) for path in saved], "zone": draft.zone,
        "currency": draft.currency, "language": draft.language.value,
        "reps": [each.key for each in draft.reps],
        "bound": {need.value: each.declared.name for need, each in draft.bound.items()},
        "missing": {each.need.value: each.effect for each in lacking},
        "optional": draft.optional, "plans": draft.plans, "room": found.room,
        "calls": found.calls, "next": _steps(folder, draft, lacking),
    }  # fmt: skip


_TO_LOSE: Mapping[Removal, Text] = {
    Removal.REMOVED: Text("à retirer", "to remove"),
    Removal.ABSENT: Text("n'y est pas", "not there"),
    Removal.FOREIGN: Text("pas à nous, reste", "not ours, stays"),
    Removal.REFUSED: Text("gardé par le CRM", "kept by the CRM"),
}
_LOST: Mapping[Removal, Text] = {**_TO_LOSE, Removal.REMOVED: Text("retiré", "removed")}


def losses(vendor: str, found: Sequence[Loss], *, is_announced: bool) -> None:
    """What is lost in the CRM, before and after, and how to come back."""
    words = _TO_LOSE if is_announced else _LOST
    table(
        Text(f"Les champs d'Arpent dans {vendor}", f"Arpent's fields in {vendor}"),
        [Text("Champ", "Field"), Text("État", "State"),
         Text("Comptes avec une valeur", "Accounts with a value"), Text("Note", "Note")],
        [
            (each.removed.crm_field, say(words[each.removed.state]), each.accounts,
             say(each.removed.note) if each.removed.note else None)
            for each in found
        ],
    )  # fmt: skip
    states = {each.removed.state for each in found}
    if Removal.REMOVED in states:
        line(_BEFORE if is_announced else _AFTER)
    elif is_announced and states == {Removal.ABSENT}:
        line(
            Text(
                f"{vendor} n'a aucun champ d'Arpent : il n'y a rien à retirer.",
                f"{vendor} has none of Arpent's fields: there is nothing to remove.",
            )
        )


_BEFORE = Text(
    "Les représentants ne verront plus ces valeurs, et les vues, listes ou workflows du CRM qui "
    "s'en servent ne les auront plus. Les champs de l'équipe et les tâches restent.",
    "Reps will no longer see these values, and views, lists or workflows of the CRM that use them "
    "will lose them. The team's own fields and the tasks stay.",
)
_AFTER = Text(
    "Rien d'autre n'a changé dans le CRM. Arrêtez le worker si vous partez ; pour revenir : "
    "« arpent fields ensure » ranime les champs, et le prochain push écrit leurs valeurs.",
    "Nothing else has changed in the CRM. Stop the worker if you are leaving; to come back: "
    "`arpent fields ensure` revives the fields, and the next push writes their values.",
)
