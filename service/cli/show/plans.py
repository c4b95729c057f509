"""What `arpent plan check` prints: each finding with its place, its numbers and its repairs."""

from collections.abc import Iterator, Mapping, Sequence

from rules.language import Language, Text, counted, day_month, joined
from rules.plan.plan import Plan
from rules.plan_check.values import (
    ROUNDING,
    STEADY,
    Change,
    Finding,
    Part,
    Quantity,
    Repair,
)
from rules.plan_check.words import label_of, named, provenance, share, told
from rules.time import date_of
from service.cli.edge import say
from service.cli.show import terminal
from service.cli.show.terminal import line
from service.plan_check import CheckedPlans, Placed

_CONTRADICTION = Text("contradiction", "contradiction"), Text("contradictions", "contradictions")
_WARNING = Text("avertissement", "warning")
_ACCEPTED = Text("accepté", "accepted")
_REVISIONS = "revisions"


def as_json(checked: CheckedPlans) -> None:
    """One document; money is in minor units of the plan's currency, texts in this language."""
    terminal.as_json(
        {
            "contradictions": [_plain(each) for each in checked.contradictions],
            "warnings": [_plain(each) for each in checked.warnings],
        }
    )


def _plain(placed: Placed) -> dict[str, object]:
    found, issue = placed.finding, placed.issue
    accepted = found.accepted
    return {
        "name": found.name,
        "owner": found.owner,
        "period": found.period,
        "path": list(found.path),
        "file": issue.file,
        "line": issue.line,
        "column": issue.column,
        "text": found.text,
        "figures": found.figures,
        "would_be": found.would_be,
        "repairs": found.repairs,
        "accepted": {"until": date_of(accepted.until).isoformat(), "why": accepted.why}
        if accepted
        else None,
    }


def as_text(checked: CheckedPlans) -> None:
    """Contradictions, then warnings, then the numbers that they come from, then how it stands."""
    for placed in checked.contradictions:
        line(_placed(placed, _CONTRADICTION[0]))
        for text in _repairs(placed.finding, checked.book.plans):
            line(text)
    for placed in checked.warnings:
        line(_placed(placed, _WARNING))
    _numbers(checked)
    for (owner, period), names in checked.unknown.items():
        line(_unknown(f"{owner} {period}", names))
    line(_summary(checked))
    if checked.contradictions:
        line(_tolerance())


def without_plan(owner: str) -> None:
    """That there is nothing to check: no contradiction of nothing would sound like a good plan."""
    line(
        Text(
            f"{owner} n'a aucun plan dans plans/ : rien n'est vérifié.",
            f"{owner} has no plan in plans/: nothing is checked.",
        )
    )


def _placed(placed: Placed, word: Text) -> Text:
    issue, found = placed.issue, placed.finding
    head = Text(word.fr, word.en)
    if found.accepted is not None:
        french, english = (day_month(date_of(found.accepted.until), each) for each in Language)
        head = Text(
            f"{word.fr}, {_ACCEPTED.fr} jusqu'au {french} (« {found.accepted.why} »)",
            f"{word.en}, {_ACCEPTED.en} until {english} ('{found.accepted.why}')",
        )
    where = f"{issue.file}:{issue.line}:{issue.column}: "
    return Text(
        f"{where}{head.fr} : {found.text.fr} [{found.name}]",
        f"{where}{head.en}: {found.text.en} [{found.name}]",
    )


def _repairs(found: Finding, plans: Sequence[Plan]) -> Iterator[Text]:
    for number, repair in enumerate(found.repairs, 1):
        after = _lines(repair, found, plans)
        yield Text(
            f"  {number}. {repair.text.fr}{after.fr}", f"  {number}. {repair.text.en}{after.en}"
        )


def _lines(repair: Repair, found: Finding, plans: Sequence[Plan]) -> Text:
    """The lines to write, and in which revision of the plan."""
    if not repair.changes:
        return Text("", "")
    written = "; ".join(_written(each, found) for each in repair.changes)
    day = next((day for each in repair.changes if (day := _revised(each, found, plans))), None)
    if day is None:
        return Text(f" → {written}", f" → {written}")
    return Text(f" → révision du {day}, {written}", f" → revision of {day}, {written}")


def _revised(change: Change, found: Finding, plans: Sequence[Plan]) -> str | None:
    """The day of the revision that a change is for; None for the plan itself."""
    if change.path[0] != _REVISIONS:
        return None
    plan = next(each for each in plans if (each.owner, each.period) == (change.owner, found.period))
    return date_of(plan.revisions[int(change.path[1])].from_).isoformat()


def _written(change: Change, found: Finding) -> str:
    """A change as the file would have it: `targets: {active_pipeline: 1 200 000}`."""
    steps = change.path[2:] if change.path[0] == _REVISIONS else change.path
    path = [str(step) for step in steps]
    written = _yaml(change.value)
    for step in reversed(path[1:]):
        written = f"{{{step}: {written}}}"
    head = "" if change.owner == found.owner else f"{change.owner}: "
    return f"{head}{path[0]}: {written}"


def _yaml(value: Part) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_yaml(part)}' for name, part in value.items())}}}"
    return value


def _numbers(checked: CheckedPlans) -> None:
    """Each number once for each plan, with where it comes from."""
    rows: dict[tuple[object, ...], Sequence[str]] = {}
    for placed in checked.contradictions:
        found = placed.finding
        for quantity in found.figures:
            rows[found.owner, found.period, quantity] = (
                f"{found.owner} {found.period}",
                say(named(quantity)),
                say(told(quantity, _currency(checked, found))),
                say(provenance(quantity)),
                _interval(quantity, _currency(checked, found)),
            )
    if rows:
        terminal.table(
            Text("Les chiffres", "The numbers"),
            [
                Text("Plan", "Plan"), Text("Chiffre", "Number"), Text("Valeur", "Value"),
                Text("Origine", "Origin"), Text("Intervalle à 95 %", "95% interval"),
            ],
            rows.values(),
        )  # fmt: skip


def _currency(checked: CheckedPlans, found: Finding) -> str:
    return next(
        (
            plan.currency
            for plan in checked.book.plans
            if (plan.owner, plan.period) == (found.owner, found.period)
        ),
        checked.book.team.currency,
    )


def _interval(quantity: Quantity, currency: str) -> str:
    if quantity.low is None or quantity.high is None:
        return ""
    low, high = (
        say(told(quantity.becoming(end), currency)) for end in (quantity.low, quantity.high)
    )
    return f"{low} – {high}"


def at_publication(checked: CheckedPlans) -> Iterator[Text]:
    """A line for those who publish, where a contradiction stands."""
    names = ", ".join(
        dict.fromkeys(
            each.finding.name.value
            for each in checked.contradictions
            if each.finding.accepted is None
        )
    )
    if names:
        standing = counted(checked.standing, *_CONTRADICTION)
        yield Text(
            f"Plans : {standing.fr} ({names}). « arpent plan check » dit comment les réparer.",
            f"Plans: {standing.en} ({names}). `arpent plan check` says how to repair them.",
        )


def _unknown(plan: str, names: Sequence[str]) -> Text:
    """What could not be looked at, for want of a number."""
    labels = [label_of(name) for name in names]
    french = joined([label.fr for label in labels], Language.FR)
    english = joined([label.en for label in labels], Language.EN)
    return Text(
        f"{plan} : tout n'est pas vérifié, il manque au plan : {french}.",
        f"{plan}: not everything is checked, the plan does not tell: {english}.",
    )


def _summary(checked: CheckedPlans) -> Text:
    standing = counted(checked.standing, *_CONTRADICTION)
    accepted = len(checked.contradictions) - checked.standing
    told_of = counted(accepted, Text("acceptée", "accepted"), Text("acceptées", "accepted"))
    more = Text(f", {told_of.fr}", f", {told_of.en}") if accepted else Text("", "")
    rates = (
        Text("ce que les plans déclarent et ce qui est mesuré", "what plans declare and what is "
             "measured")
        if checked.has_history
        else Text("ce que les plans déclarent", "what plans declare")
    )  # fmt: skip
    return Text(
        f"{standing.fr}{more.fr}, d'après {rates.fr}.", f"{standing.en}{more.en}, by {rates.en}."
    )


def _tolerance() -> Text:
    rounding, steady = share(ROUNDING), share(STEADY)
    return Text(
        f"Tolérance : {rounding.fr}, et {steady.fr} pour un pipeline ; un mois de cycle compte 30 "
        "jours.",
        f"Tolerance: {rounding.en}, and {steady.en} for a pipeline; a month of cycle counts 30 "
        "days.",
    )
