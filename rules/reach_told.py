"""What an account lacks for a better tier, in a sentence.

`Il manque 42 000 $ de potentiel pour Or.` What is missing is named where it can be counted or done;
anything else is a condition: `Ce serait Or si « cycle de vente » était « court ».`
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rules.language import Language, Text, joined, money, number, of
from rules.reach import Change, is_happening
from rules.records import FieldType
from rules.terms import Name
from rules.time import Day, date_of

_COUNTED: Mapping[str, tuple[Text, Text]] = {
    "open_opportunities": (
        Text("opportunité ouverte", "open opportunity"),
        Text("opportunités ouvertes", "open opportunities"),
    ),
    "decision_makers": (
        Text("décideur connu", "known decision maker"),
        Text("décideurs connus", "known decision makers"),
    ),
    "influencers": (
        Text("influenceur connu", "known influencer"),
        Text("influenceurs connus", "known influencers"),
    ),
}
_DONE: Mapping[str, Text] = {
    "last_logged_contact": Text("un contact consigné", "one logged contact"),
    "last_won": Text("une vente gagnée", "one won opportunity"),
}


class Told:
    """Puts ways in words; `language` and `currency` are the team's."""

    def __init__(self, names: Mapping[str, Name], language: Language, currency: str) -> None:
        self._names = names
        self._language = language
        self._currency = currency

    def sentence(self, tier: Text, changes: Sequence[Change], seats: int | None = None) -> str:
        """What is missing for a tier; `seats` is how many a rep has in it, where they are counted.

        There, to be rated for a tier is not yet to have a place in it.
        """
        told = self._needed(tier, changes)
        if seats is None:
            return told
        place = self._say(
            f", s'il y reste une place ({seats} par représentant).",
            f", if a place is left in it ({seats} per rep).",
        )
        return told.removesuffix(".") + place

    def _needed(self, tier: Text, changes: Sequence[Change]) -> str:
        happening = {each.name for each in changes if is_happening(self._names[each.name])}
        done = [self._done(each.name) for each in changes if each.name in happening]
        missing = [text for each in changes if (text := self._missing(each)) is not None]
        supposed = [
            self._supposed(each)
            for each in changes
            if each.name not in happening and self._missing(each) is None
        ]
        its = tier.to(self._language)
        if supposed and not done and not missing:
            return self._say(
                f"Ce serait {its} si {self._and(supposed)}.",
                f"It would be {its} if {self._and(supposed)}.",
            )
        condition = f" si {self._and(supposed)}" if supposed else ""
        if self._language is Language.EN and supposed:
            condition = f" if {self._and(supposed)}"
        if not missing:
            enough = "suffirait" if len(done) == 1 else "suffiraient"
            return self._say(
                f"{_capital(self._and(done))} {enough} pour {its}{condition}.",
                f"{_capital(self._and(done))} would be enough for {its}{condition}.",
            )
        return self._say(
            f"Il manque {self._and([*missing, *done])} pour {its}{condition}.",
            f"Missing for {its}: {self._and([*missing, *done])}{condition}.",
        )

    def fall(self, lower: Text, day: Day, kept_by: str | None, *, is_settled: bool = False) -> str:
        """The tier that follows, from a day on, and what would keep the one of today.

        `is_settled` says that more than the rules decides: seats, delays, or a person.
        """
        its, on = lower.to(self._language), date_of(day).isoformat()
        will = self._say(f"Passera à {its} le {on}", f"Will be {its} on {on}")
        if is_settled:
            will = self._say(
                f"Selon les règles seules, ce sera {its} le {on}",
                f"By the rules alone, it will be {its} on {on}",
            )
        if kept_by is None:
            return will + self._say(" si rien ne change.", " if nothing changes.")
        done = self._done(kept_by)
        return will + self._say(f", sauf {done} d'ici là.", f", unless there is {done} by then.")

    def value(self, name: str, value: Any) -> str:  # noqa: ANN401 - of any fact
        """A value of a fact as people write it."""
        known = self._names[name]
        match known.type:
            case FieldType.MONEY:
                return money(int(value), self._currency, self._language)
            case FieldType.NUMBER:
                return number(float(value), self._language, digits=3)
            case FieldType.DATE:
                return date_of(int(value)).isoformat()
            case FieldType.YES_NO:
                return self._say("oui", "yes") if value else self._say("non", "no")
            case _:
                words = known.choices.get(value)
                return words.to(self._language) if words else str(value)

    def _done(self, name: str) -> str:
        label = self._label(name)
        words = _DONE.get(name, Text(f"« {label} » aujourd'hui", f"'{label}' today"))
        return words.to(self._language)

    def _missing(self, change: Change) -> str | None:
        """`42 000 $ de potentiel`, `2 décideurs connus`; None for what is not counted upward."""
        if change.before is None or not self._is_more(change):
            return None
        away = change.after - change.before
        if self._names[change.name].type is FieldType.MONEY:
            is_over = change.is_over and away > 1
            amount = money(int(away - is_over), self._currency, self._language)
            over = self._say("plus de ", "more than ") if is_over else ""
            label = self._label(change.name)
            return f"{over}{amount} {self._say(f'{of(label)}{label}', f'of {label}')}"
        if change.name not in _COUNTED:
            return None
        one, many = _COUNTED[change.name]
        words = one if away == 1 else many
        return f"{number(away, self._language, digits=0)} {words.to(self._language)}"

    def _is_more(self, change: Change) -> bool:
        ordered = self._names[change.name].type in {FieldType.MONEY, FieldType.NUMBER}
        return ordered and change.after > change.before and change.highest is None

    def _supposed(self, change: Change) -> str:
        """`« cycle de vente » était « court »`, `« potentiel » était connu (au moins …)`."""
        label = self._label(change.name)
        subject = self._say(f"« {label} »", f"'{label}'")
        name = self._names[change.name]
        is_ordered = name.type in {FieldType.MONEY, FieldType.NUMBER, FieldType.DATE}
        extent = self._extent(change) if is_ordered else self._quoted(change)
        if change.before is None:
            known = f" ({extent})" if extent else ""
            return self._say(f"{subject} était connu{known}", f"{subject} were known{known}")
        is_between = change.lowest is not None and change.highest is not None
        takes_of = is_ordered and not is_between and name.type is not FieldType.DATE
        linked = self._say(f"était {of(extent) if takes_of else ''}", "were ")
        return f"{subject} {linked}{extent}"

    def _quoted(self, change: Change) -> str:
        value = self.value(change.name, change.after)
        return self._say(f"« {value} »", f"'{value}'")

    def _extent(self, change: Change) -> str:
        """How far an ordered value can go: `au moins 50`, `entre 50 et 80`; "" without an end."""
        low, high = change.lowest, change.highest
        if self._names[change.name].type is FieldType.DATE:
            return self._days(change)
        if low is not None and high is not None:
            return self._between(change.name, low, high)
        if low is not None:
            return self._at_least(change)
        return "" if high is None else self._at_most(change)

    def _between(self, name: str, low: float, high: float) -> str:
        least, most = self.value(name, low), self.value(name, high)
        if low == high:
            return least
        return self._say(f"entre {least} et {most}", f"between {least} and {most}")

    def _at_least(self, change: Change) -> str:
        if change.is_over and change.lowest == change.after and self._is_money(change.name):
            over = self.value(change.name, change.lowest - 1)
            return self._say(f"plus de {over}", f"more than {over}")
        least = self.value(change.name, change.lowest)
        return self._say(f"au moins {least}", f"at least {least}")

    def _at_most(self, change: Change) -> str:
        most = self.value(change.name, change.highest)
        if self._is_money(change.name) and (change.highest + 1) % 100 == 0:
            under = self.value(change.name, change.highest + 1)
            return self._say(f"moins de {under}", f"less than {under}")
        return self._say(f"au plus {most}", f"at most {most}")

    def _days(self, change: Change) -> str:
        low, high = (
            None if each is None else self.value(change.name, each)
            for each in (change.lowest, change.highest)
        )
        if low is not None and high is not None:
            return self._say(f"du {low} au {high}", f"from {low} to {high}")
        if low is not None:
            return self._say(f"le {low} ou après", f"on {low} or later")
        if high is not None:
            return self._say(f"le {high} ou avant", f"on {high} or before")
        return ""

    def _is_money(self, name: str) -> bool:
        return self._names[name].type is FieldType.MONEY

    def _label(self, name: str) -> str:
        return self._names[name].label.to(self._language)

    def _and(self, words: Sequence[str]) -> str:
        return joined(words, self._language)

    def _say(self, fr: str, en: str) -> str:
        return Text(fr, en).to(self._language)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
