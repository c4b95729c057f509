"""The reason of a tier in the team's language, as SQL: stable, and at most 250 characters long.

The tier, then what settled it where that was not its table, then the reason of the row that won.
No number in it runs with the days.
"""

import re
from collections.abc import Collection, Mapping

from sqlalchemy import Text as TextType
from sqlalchemy import and_, case, func, literal
from sqlalchemy.sql.expression import FromClause

from rules.circumstances import GRACE
from rules.language import VOWELS, Language, Text, percent
from rules.layers import nothing
from rules.owned import WHY_LENGTH, Owned
from rules.segments import Segments
from rules.settling import FREEZE_FLIP_ON, RATED_TIER, SINCE, SettledBy
from rules.shapes import Rule
from rules.spoken_days import spoken_day
from rules.terms import TODAY, Sql

_SPACES = re.compile(r"[ \t\r\n]+")
_ANSWER_LENGTH = 80
"""How much is told of the reason for which a challenge was refused."""

_SENTENCE, _AFTER = "why sentence", "why after"
_COLON = Text(" : ", ": ")
_DASH = " – "
_WORDS: Mapping[str, Text] = {
    "waiting": Text("en attente d'une place en ", "waiting for a place in "),
    "per rep": Text(" par représentant)", " per rep)"),
    "kept": Text("maintenu jusqu'au ", "kept until "),
    "if": Text(" si rien ne change", " if nothing changes"),
    "frozen": Text("inchangé jusqu'au ", "unchanged until "),
    "quarter": Text(" (fin de trimestre)", " (end of quarter)"),
    "received": Text(
        "compte d'un collègue parti, hors limite jusqu'au ",
        "account of a colleague who left, in no cap until ",
    ),
    "decision": Text("décision de ", "decision of "),
    "until": Text(" jusqu'au ", " until "),
    "priority": Text(" (priorité : décision de ", " (priority: decision of "),
    "challenged": Text(" (contestation reçue le ", " (challenge received on "),
    "refused": Text(" (contestation refusée le ", " (challenge refused on "),
}


def why_of(tier: Rule, row: int, language: Language) -> str:
    """`Or : client au potentiel …` for a row of the tier table (1 is the first)."""
    found = tier.rows[row - 1]
    label = tier.choices[found.then].to(language)
    # A CRM may fold line ends and spaces, and what it then holds would never equal ours.
    sentence = _folded(f"{label}{_COLON.to(language)}{found.why.to(language)}")
    return sentence if len(sentence) <= WHY_LENGTH else f"{sentence[: WHY_LENGTH - 1]}…"


def _folded(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


class Reasons:
    """The reasons of one playbook; `known` are the columns that its relation brings.

    Nothing is said of circumstances that it doesn't bring.
    """

    def __init__(self, segments: Segments, known: Collection[str]) -> None:
        self._known = known
        self._tier = segments.tier
        self._budget = segments.budget
        self._language = segments.language

    def parts(self, layer: FromClause) -> tuple[Sql, Sql]:
        """The columns that `why` puts together: the sentence, and what is told after it."""
        return self._told(layer).label(_SENTENCE), self._suffix(layer).label(_AFTER)

    @staticmethod
    def why(layer: FromClause) -> Sql:
        """The reason; NULL where no row won and nobody decided."""
        sentence, after = layer.c[_SENTENCE], layer.c[_AFTER]
        room = literal(WHY_LENGTH) - func.coalesce(func.length(after), 0)
        cut = func.substr(sentence, 1, room - 1).concat(literal("…"))
        bounded = case((func.length(sentence) <= room, sentence), else_=cut)
        return case((after.is_(None), bounded), else_=bounded.concat(after))

    def _told(self, layer: FromClause) -> Sql:
        """The sentence before what is told of challenges."""
        tier = layer.c[Owned.TIER]
        label = self._labels(tier).concat(self._say(_COLON))
        dash = literal(_DASH)
        reason = self._by_row(layer)
        by = layer.c.settled_by
        branches: list[tuple[Sql, Sql]] = [
            (layer.c.is_in_scope.is_not(True), nothing(TextType)),
            (by == SettledBy.RULE.value, self._whole(layer)),
        ]
        if "imposed_tier" in self._known:
            why = _on_one_line(layer.c.imposed_reason)
            decided = label.concat(self._decided(layer)).concat(dash).concat(why)
            branches.append((by == SettledBy.IMPOSED.value, decided))
        branches += [
            (condition, label.concat(phrase).concat(dash).concat(reason))
            for condition, phrase in self._phrases(layer)
        ]
        return case(*branches)

    def _phrases(self, layer: FromClause) -> list[tuple[Sql, Sql]]:
        """What is said of a tier that the budget has settled, and when."""
        by, budget = layer.c.settled_by, self._budget
        found: list[tuple[Sql, Sql]] = []
        if budget.caps:
            received = self._word("received").concat(self._day(layer.c.received_on + (GRACE - 1)))
            found += [
                (by == SettledBy.WAITING.value, self._waiting(layer)),
                (by == SettledBy.RECEIVED.value, received),
            ]
        if budget.after:
            last = self._day(layer.c[SINCE] + (budget.after - 1))
            is_dated = and_(by == SettledBy.KEPT.value, layer.c[SINCE] + budget.after > TODAY)
            found.append((is_dated, self._word("kept").concat(last).concat(self._word("if"))))
        if budget.margin:
            share = percent(budget.margin, self._language).replace("\u00a0", " ")
            near = Text(
                f"maintenu, à moins de {share} du seuil", f"kept, within {share} of the limit"
            )
            found.append((by == SettledBy.KEPT.value, self._say(near)))
        if budget.freeze:
            last = self._day(FREEZE_FLIP_ON - 1)
            frozen = self._word("frozen").concat(last).concat(self._word("quarter"))
            found.append((by == SettledBy.FROZEN.value, frozen))
        return found

    def _waiting(self, layer: FromClause) -> Sql:
        """`en attente d'une place en Or (12 par représentant)`."""
        rest = self._word("per rep")
        named = (
            (layer.c[RATED_TIER] == cap.tier,
             literal(f"{self._label(cap.tier)} ({cap.limit}").concat(rest))
            for cap in self._budget.caps
        )  # fmt: skip
        return self._word("waiting").concat(case(*named))

    def _decided(self, layer: FromClause) -> Sql:
        """`décision de Marc Lavoie jusqu'au 30 juin`."""
        until = self._word("until").concat(self._day(layer.c.imposed_until_on))
        until = func.coalesce(until, literal(""))
        return self._of("decision", layer.c.imposed_by).concat(until)

    def _suffix(self, layer: FromClause) -> Sql:
        """What is told of challenges, and of a priority that a person decided; else NULL."""
        end = literal(")")
        branches: list[tuple[Sql, Sql]] = []
        if "challenged_on" in self._known:
            received = self._word("challenged").concat(self._day(layer.c.challenged_on))
            branches += [
                (layer.c.challenged_on.is_not(None), received.concat(end)),
                (layer.c.refused_on.is_not(None), self._refused(layer).concat(end)),
            ]
        if "imposed_priority" in self._known:
            is_only_priority = and_(
                layer.c.imposed_priority.is_not(None), layer.c.imposed_tier.is_(None)
            )
            decided = self._of("priority", layer.c.imposed_by)
            branches.append((is_only_priority, decided.concat(end)))
        return case(*branches) if branches else nothing(TextType)

    def _refused(self, layer: FromClause) -> Sql:
        """` (contestation refusée le 20 janv. : pas assez grand`."""
        answer = func.substr(_on_one_line(layer.c.refused_reason), 1, _ANSWER_LENGTH)
        said = func.coalesce(self._say(_COLON).concat(func.nullif(answer, "")), literal(""))
        return self._word("refused").concat(self._day(layer.c.refused_on)).concat(said)

    def _whole(self, layer: FromClause) -> Sql:
        """The whole sentence of the row that won."""
        rows = range(1, len(self._tier.rows) + 1)
        return case(
            *(
                (layer.c.tier_row == row, literal(why_of(self._tier, row, self._language)))
                for row in rows
            )
        )

    def _by_row(self, layer: FromClause) -> Sql:
        """The reason of the row that won, without its tier."""
        reasons = (
            (layer.c.tier_row == number, literal(_folded(row.why.to(self._language))))
            for number, row in enumerate(self._tier.rows, 1)
        )
        return func.coalesce(case(*reasons), literal(""))

    def _labels(self, tier: Sql) -> Sql:
        return case(*((tier == value, literal(self._label(value))) for value in self._tier.choices))

    def _label(self, tier: str) -> str:
        return self._tier.choices[tier].to(self._language)

    def _day(self, day: Sql) -> Sql:
        return spoken_day(day, self._language)

    def _of(self, name: str, person: Sql) -> Sql:
        """`décision de Marc Lavoie`, `décision d'Élise Gagnon`."""
        word = _WORDS[name].to(self._language)
        whole = literal(word, TextType).concat(person)
        if not word.endswith(" de "):
            return whole
        elided = literal(f"{word.removesuffix('e ')}'", TextType).concat(person)
        vowels = literal("".join(VOWELS), TextType)
        begins = func.replace(vowels, func.substr(person, 1, 1), "") != vowels
        return case((begins, elided), else_=whole)

    def _word(self, name: str) -> Sql:
        return self._say(_WORDS[name])

    def _say(self, text: Text) -> Sql:
        return literal(text.to(self._language), TextType)


def _on_one_line(text: Sql) -> Sql:
    for character in "\r\n\t":
        text = func.replace(text, character, " ")
    return func.trim(text)
