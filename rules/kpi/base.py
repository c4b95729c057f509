"""What every KPI of `kpis.yaml` has: a name, a unit, settings, and a definition in words.

The words are complete: whoever has the records and the words alone finds the same figure.
"""

from abc import ABC
from collections.abc import Callable, Mapping
from hashlib import sha256
from json import dumps
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from rules import schema_shapes
from rules.kpi.names import Cut, KpiName, Unit
from rules.language import Language, Text, percent
from rules.located import Misfit
from rules.numbers import read_days, read_money, read_share
from rules.team import Strict, Words

_DEFINITION_LENGTH = 12
DOUBT_LIMIT = 0.2
"""The share of empty inputs over which a figure is not conclusive, unless the KPI says another."""


def written(reader: Callable[[str], float], *, least: float) -> BeforeValidator:
    """A validator that reads a text as people write it and refuses less than `least`."""

    def read(given: object) -> float:
        if not isinstance(given, str):
            raise Misfit("il faut ici une valeur sur une ligne", "a value on one line is needed")
        value = reader(given)
        if value < least:
            raise Misfit(
                f"« {given} » est trop petit : il faut au moins {least}",
                f"'{given}' is too small: at least {least} is needed",
            )
        return value

    return BeforeValidator(read)


def _share(given: str) -> float:
    value = read_share(given)
    if value > 1:
        raise Misfit(f"« {given} » dépasse 100 %", f"'{given}' is over 100 %")
    return value


def _some(names: object) -> object:
    if names == []:
        raise Misfit("nommez au moins un niveau", "name at least one tier")
    return names


Money = Annotated[int, written(read_money, least=0), WithJsonSchema(schema_shapes.AMOUNT)]
Days = Annotated[int, written(read_days, least=1), WithJsonSchema(schema_shapes.DURATION)]
Part = Annotated[float, written(_share, least=0), WithJsonSchema(schema_shapes.SHARE)]
Tiers = Annotated[list[str], BeforeValidator(_some), WithJsonSchema(schema_shapes.TEXTS)]

DEALS = Text(
    "Une opportunité archivée ne compte pas. Les autres comptent pour la personne qui en est "
    "responsable aujourd'hui, même si une autre l'était alors ; l'équipe, ce sont toutes les "
    "personnes de team.yaml, présentes ou parties : ce qui n'est à aucune d'elles ne compte pas. "
    "Son étape est celle d'aujourd'hui.",
    "An archived opportunity does not count. The others count for whoever owns them today, even if "
    "somebody else did then; the team is everybody in team.yaml, present or gone: what belongs to "
    "none of them does not count. Its stage is today's.",
)
DAYS = Text(
    "Les jours sont ceux du fuseau de l'équipe, premier et dernier compris ; la semaine va du "
    "lundi au dimanche.",
    "Days are those of the team's zone, the first and the last included; weeks run from Monday to "
    "Sunday.",
)
FLOW = Text(
    "La période va de son premier jour au jour de la mesure.",
    "The period runs from its first day to the day of the measure.",
)
AMOUNTS = Text(
    "Montants en {currency} : ceux d'une autre monnaie sont pris comme le CRM les a convertis s'il "
    "compte lui-même en {currency}, sinon convertis au taux du jour de fermeture (à défaut, de "
    "création) ; un montant vide ou sans taux est inconnu, il n'entre pas dans la somme et n'est "
    "jamais converti à 1 pour 1 ; un montant négatif compte tel quel.",
    "Amounts in {currency}: those in another currency are taken as the CRM converted them when it "
    "counts in {currency} itself, else converted at the rate of the close date (else of the "
    "creation date); an amount that is empty or without a rate is unknown, it is not in the sum "
    "and is never converted one for one; a negative amount counts as it is.",
)
SUM = Text(
    "De rien, la somme est 0 ; quand tous les montants sont inconnus, il n'y a pas de valeur.",
    "Of nothing the sum is 0; when every amount is unknown there is no value.",
)
GATE = Text(
    "Non concluant si plus de {doubt} {of}.",
    "Not conclusive when more than {doubt} {of}.",
)
OF_AMOUNTS = Text("des montants sont inconnus", "of the amounts are unknown")
MAIN_ACCOUNT = Text(
    "Le compte d'une opportunité est son compte principal, s'il n'est pas archivé ; niveau et "
    "segment sont ceux d'aujourd'hui.",
    "The account of an opportunity is its main account, unless archived; tier and segment are "
    "today's.",
)
ACCOUNTS = Text(
    "Un compte archivé ne compte pas. Les autres comptent pour la personne qui en est responsable "
    "aujourd'hui, avec leur niveau d'aujourd'hui ; l'équipe, ce sont toutes les personnes de "
    "team.yaml.",
    "An archived account does not count. The others count for whoever owns them today, with "
    "today's tier; the team is everybody in team.yaml.",
)
CONTACTS = Text(
    "Un contact est une activité non archivée, faite, sortante ou à deux sens (un appel manqué ou "
    "un courriel reçu n'en est pas un), par qui que ce soit, liée au compte.",
    "A contact is an activity that is not archived, done, outbound or two-way (a missed call or an "
    "e-mail received is none), by anyone, linked to the account.",
)
LOGGED = Text(
    "Comptent les activités non archivées, faites, sortantes ou à deux sens (un appel manqué ou un "
    "courriel reçu ne compte pas), et les notes ; chacune une fois, pour la personne qui en est "
    "responsable aujourd'hui.",
    "Activities count that are not archived, done, outbound or two-way (a missed call or an e-mail "
    "received does not), and notes; each once, for whoever owns it today.",
)
WILSON = Text(
    "Sans aucun cas au dénominateur, il n'y a pas de valeur. Intervalle à 95 % de Wilson.",
    "Without a case in the denominator there is no value. 95 % interval of Wilson.",
)
POISSON = Text(
    "Intervalle à 95 % exact de Poisson (Garwood) : les moyennes sous lesquelles un tel compte "
    "n'est pas surprenant.",
    "Exact 95 % Poisson interval (Garwood): the means under which such a count is no surprise.",
)
COMPOUND = Text(
    "Intervalle à 95 % de Poisson composé, par la loi normale : somme ± 1,96 × racine de la somme "
    "des carrés des montants, sans passer sous le plus petit de 0 et de la somme ; sans montant "
    "connu, il n'y en a pas.",
    "95 % compound-Poisson interval, by the normal law: sum ± 1.96 × the square root of the sum of "
    "the squared amounts, never below the lesser of 0 and the sum; without a known amount there is "
    "none.",
)


def joined(*texts: Text) -> Text:
    """Sentences one after another, in both languages."""
    return Text(" ".join(text.fr for text in texts), " ".join(text.en for text in texts))


class BaseKpi(Strict, ABC):
    """What every KPI has. `meaning` rises whenever the figure comes to mean something else.

    `words` is the definition with a place for each setting, `conventions` the sentences that it
    shares with others; `cuts` are those that make sense, `always` the one without which it has no
    meaning at all.
    """

    name: ClassVar[KpiName]
    unit: ClassVar[Unit]
    meaning: ClassVar[int] = 1
    words: ClassVar[Text]
    conventions: ClassVar[tuple[Text, ...]]
    cuts: ClassVar[tuple[Cut, ...]] = ()
    always: ClassVar[Cut] = Cut.WHOLE

    label: Words
    doubt_over: Part = DOUBT_LIMIT

    def explained(self, currency: str, cadence: Mapping[str, int] | None = None) -> Text:
        """The definition in words, to stand beside every figure.

        With the days between contacts by tier (`contact_every` of the rules), these are told too.
        """
        words = joined(self.words, *self.conventions)
        told = Text(
            words.fr.format_map(self._words_of(currency, Language.FR)),
            words.en.format_map(self._words_of(currency, Language.EN)),
        )
        if not cadence or not self._depends(cadence):
            return told
        fr = ", ".join(f"{tier} {days} j" for tier, days in self._cadence(cadence).items())
        en = ", ".join(f"{tier} {days} d" for tier, days in self._cadence(cadence).items())
        return joined(told, Text(f"Cadence : {fr}.", f"Cadence: {en}."))

    def _words_of(self, currency: str, language: Language) -> dict[str, str]:
        """What stands in the places of the words."""
        of = self.emptiness.to(language)
        doubt = percent(self.doubt_over, language)
        return {
            "currency": currency,
            "doubt": doubt,
            "of": of,
            **self._settings(currency, language),
        }

    @property
    def emptiness(self) -> Text:
        """What too many inputs may be, for the figure to be conclusive."""
        return OF_AMOUNTS

    def _settings(self, _currency: str, _language: Language) -> dict[str, str]:
        """The settings that the words name."""
        return {}

    def definition(self, cadence: Mapping[str, int]) -> str:
        """A short hash of what the KPI means: two figures with the same one can be compared."""
        meaning = {"kpi": self.name, "meaning": self.meaning, **self._depends(cadence)}
        return hashed({**self._plain(), **meaning})

    def _plain(self) -> dict[str, object]:
        """The settings as plain data: what is only for people to read has no meaning."""
        return self.model_dump(mode="json", exclude={"label", "names", "time", "hours"})

    def _depends(self, _cadence: Mapping[str, int]) -> dict[str, object]:
        """What the figures depend on besides the settings of `kpis.yaml`."""
        return {}

    def _cadence(self, cadence: Mapping[str, int]) -> dict[str, int]:
        """The days between contacts of the tiers that the KPI names."""
        tiers: list[str] = getattr(self, "tiers", [])
        return {tier: cadence[tier] for tier in tiers if tier in cadence}


class TrailingKpi(BaseKpi):
    """One of the days up to that of the measure, always as many, whatever the period."""

    window: Days

    def _settings(self, _currency: str, _language: Language) -> dict[str, str]:
        return {"window": str(self.window)}


class TierKpi(BaseKpi):
    """One of the accounts of some tiers."""

    tiers: Tiers

    def _settings(self, _currency: str, _language: Language) -> dict[str, str]:
        return {"tiers": ", ".join(self.tiers)}


def hashed(meaning: object) -> str:
    """The short hash of what something means, given as plain data."""
    return sha256(dumps(meaning, sort_keys=True).encode()).hexdigest()[:_DEFINITION_LENGTH]
