"""What settled a tier besides the rules: seats, delays, people's decisions, challenges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rules.language import Text, day_month, of
from rules.owned import CHALLENGES, LABELS, Owned
from rules.rulebook import Rulebook
from rules.settling import SettledBy
from rules.time import Day, date_of
from service.store.explanations import Contender, Owing


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """The place of an account among those of its rep that are rated for a capped tier.

    `place` 1 is the first. The `taken` first ones have the tier, the others wait. `last` is the
    score of the last that has it.
    """

    tier: str
    place: int
    limit: int
    taken: int
    last: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided, in force: the tier or the priority, who, why, until when."""

    tier: str | None
    priority: str | None
    author: str
    reason: str
    until_on: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the tier of an account came from the one that the rules give (`rated_tier`).

    `settled_by` is one of `rules.settling.SettledBy`; None outside the scope. `kept_until_on` is
    the last day of a tier that is not deserved any more. `sentences` say it in the team's language.
    """

    rated_tier: str | None
    settled_by: str | None
    rep: str | None
    seats: Seats | None
    lower_since_on: Day | None
    kept_until_on: Day | None
    received_on: Day | None
    decision: Decision | None
    challenged_on: Day | None
    refused_on: Day | None
    refused_reason: str | None
    sentences: Sequence[str]


def standing(
    rulebook: Rulebook,
    account_id: int,
    values: Mapping[str, Any],
    contenders: Sequence[Contender],
    owing: Sequence[Owing],
) -> Standing:
    """The standing of an account by its values, the accounts of its rep, and what it is owed."""
    after, since = rulebook.segments.budget.after, values["lower_since_on"]
    seats = _seats(rulebook, account_id, values, contenders)
    decision = _decision(values)
    return Standing(
        rated_tier=values["rated_tier"], settled_by=values["settled_by"], rep=values["rep"],
        seats=seats, lower_since_on=since,
        kept_until_on=since + after - 1 if after and since is not None else None,
        received_on=values["received_on"], decision=decision,
        challenged_on=values["challenged_on"], refused_on=values["refused_on"],
        refused_reason=values["refused_reason"],
        sentences=_Spoken(rulebook, values).sentences(seats, decision, owing),
    )  # fmt: skip


def _seats(
    rulebook: Rulebook,
    account_id: int,
    values: Mapping[str, Any],
    contenders: Sequence[Contender],
) -> Seats | None:
    """Those that have a place first, as they were settled, then those that wait, by their score."""
    is_waiting = values["settled_by"] == SettledBy.WAITING.value
    tier = values["rated_tier" if is_waiting else "tier"]
    cap = next((each for each in rulebook.segments.budget.caps if each.tier == tier), None)
    if cap is None:
        return None
    ordered = sorted(
        (each for each in contenders if tier in {each.tier, each.rated_tier}),
        key=lambda each: (
            each.tier != tier, not each.is_imposed, each.score is None, -(each.score or 0), each.id,
        ),
    )  # fmt: skip
    # One that is rated for this tier and has a better one has no place here.
    order = list(rulebook.segments.tier.choices)
    lined = [each for each in ordered if each.tier in order[order.index(tier) :]]
    place = next((n for n, each in enumerate(lined, 1) if each.id == account_id), None)
    if place is None:
        return None
    scores = [each.score for each in lined if each.tier == tier and each.score is not None]
    taken = sum(each.tier == tier for each in lined)
    return Seats(
        tier=tier, place=place, limit=cap.limit, taken=taken, last=min(scores, default=None)
    )


def _decision(values: Mapping[str, Any]) -> Decision | None:
    if values["imposed_tier"] is None and values["imposed_priority"] is None:
        return None
    return Decision(
        tier=values["imposed_tier"], priority=values["imposed_priority"],
        author=values["imposed_by"] or "", reason=values["imposed_reason"] or "",
        until_on=values["imposed_until_on"],
    )  # fmt: skip


def _nth(place: int) -> str:
    return "1er" if place == 1 else f"{place}e"


class _Spoken:
    """The sentences, in the team's language."""

    def __init__(self, rulebook: Rulebook, values: Mapping[str, Any]) -> None:
        self._rulebook = rulebook
        self._values = values
        self._language = rulebook.team.language

    def sentences(
        self, seats: Seats | None, decision: Decision | None, owing: Sequence[Owing]
    ) -> list[str]:
        """What there is to say, nothing where the tier is simply that of the rules."""
        found = [
            self._rated(), self._placed(seats), self._decided(decision), *self._objected(),
            *self._put_back(owing),
        ]  # fmt: skip
        return [each.to(self._language) for each in found if each is not None]

    def _rated(self) -> Text | None:
        rated = self._values["rated_tier"]
        if rated is None or rated == self._values["tier"]:
            return None
        its = self._label("tier", rated)
        return Text(f"Selon les règles seules : {its}.", f"By the rules alone: {its}.")

    def _placed(self, seats: Seats | None) -> Text | None:
        if seats is None:
            return None
        its, place, limit = self._label("tier", seats.tier), seats.place, seats.limit
        if self._values["settled_by"] == SettledBy.IMPOSED.value:
            return None  # a person gave the place: the rank is for nothing in it
        rank = self._rulebook.tagging.names[self._rulebook.segments.budget.rank or ""].label
        places = f"{limit} place{'s' if limit > 1 else ''}"
        if self._values["settled_by"] == SettledBy.WAITING.value:
            after = place - seats.taken
            return Text(
                f"{_nth(after)} en attente d'une place en {its} ({places}), par {rank.fr}.",
                f"No. {after} waiting for a place in {its} ({places}), by {rank.en}.",
            )
        return Text(
            f"{_nth(place)} sur {places} en {its}, par {rank.fr}.",
            f"No. {place} of {places} in {its}, by {rank.en}.",
        )

    def _decided(self, decision: Decision | None) -> Text | None:
        if decision is None:
            return None
        wanted = [
            self._label(name, value)
            for name, value in (("tier", decision.tier), ("priority", decision.priority))
            if value is not None
        ]
        what, until = ", ".join(wanted), decision.until_on
        days = Text("", "") if until is None else self._day(until)
        to = Text(f" jusqu'au {days.fr}", f" until {days.en}") if until is not None else days
        return Text(
            f"Décision {of(decision.author)}{decision.author}{to.fr} : {what} ({decision.reason}).",
            f"Decision of {decision.author}{to.en}: {what} ({decision.reason}).",
        )

    def _objected(self) -> list[Text]:
        found = []
        if (on := self._values["challenged_on"]) is not None:
            day = self._day(on)
            found.append(
                Text(f"Contestation ouverte depuis le {day.fr}.", f"Challenge open since {day.en}.")
            )
        if (on := self._values["refused_on"]) is not None:
            day, why = self._day(on), self._values["refused_reason"] or "–"
            found.append(
                Text(
                    f"Contestation refusée le {day.fr} : {why}",
                    f"Challenge refused on {day.en}: {why}",
                )
            )
        return found

    def _put_back(self, owing: Sequence[Owing]) -> list[Text]:
        """What the CRM shows instead, by the run that was undone."""
        order = list(Owned)
        kept = sorted(
            (each for each in owing if each.is_put_back),
            key=lambda each: (each.undone_run or 0, order.index(Owned(each.field))),
        )
        found = []
        for run, its in groupby(kept, key=lambda each: each.undone_run):
            shown = ", ".join(self._shown(each) for each in its)
            found.append(
                Text(
                    f"Le CRM montre autre chose, remis par l'annulation de l'exécution {run} : "
                    f"{shown} (« arpent undo {run} --release » le rend aux règles).",
                    f"The CRM shows something else, put back by the undoing of run {run}: {shown} "
                    f"(`arpent undo {run} --release` gives it to the rules again).",
                )
            )
        return found

    def _shown(self, owing: Owing) -> str:
        """`Niveau Argent`; of the reason, which is a sentence, the field alone."""
        field, value = Owned(owing.field), owing.desired
        label = LABELS[field].to(self._language)
        if field is Owned.WHY:
            return label
        if value is None:
            return f"{label} –"
        if field is Owned.CHALLENGE and value in CHALLENGES:
            return f"{label} {CHALLENGES[value].to(self._language)}"
        return f"{label} {self._label(field.value, value)}"

    def _label(self, rule: str, value: str) -> str:
        name = self._rulebook.tagging.names.get(rule)
        words = name.choices.get(value) if name else None
        return words.to(self._language) if words else value

    def _day(self, day: Day) -> Text:
        spoken = day_month(date_of(day), self._language)
        year = date_of(day).year
        return Text(f"{spoken} {year}", f"{spoken}, {year}")
