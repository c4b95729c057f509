"""The KPIs of accounts and of activities: who is contacted, how often, where the time goes."""

from collections.abc import Mapping

from pydantic import Field

from rules.kpi.base import (
    ACCOUNTS,
    AMOUNTS,
    CONTACTS,
    DAYS,
    FLOW,
    GATE,
    LOGGED,
    MAIN_ACCOUNT,
    POISSON,
    WILSON,
    BaseKpi,
    Days,
    Part,
    TierKpi,
    TrailingKpi,
)
from rules.kpi.dimensions import KINDS, ActivityName, Time, hours_plain, hours_told
from rules.kpi.names import BY_ACCOUNT, Cut, KpiName, Unit
from rules.language import Language, Text, percent
from rules.records import ActivityKind

_ONE_OF_ITS_ACCOUNTS = Text(
    "Une activité liée à plusieurs comptes est retenue dès que l'un d'eux convient ; un compte "
    "archivé ne convient jamais.",
    "An activity that is linked to several accounts is kept as soon as one of them fits; an "
    "archived account never does.",
)
_WITHOUT_ACCOUNT = Text("des heures sont sans compte", "of the hours have no account")


class _UnderCadence(TierKpi):
    """One that depends on the days between contacts of its tiers."""

    def _depends(self, cadence: Mapping[str, int]) -> dict[str, object]:
        return {"cadence": {tier: cadence.get(tier) for tier in self.tiers}}


class PriorityContacted(_UnderCadence):
    """Accounts of some tiers due for a contact in the period, and contacted: a rate of accounts."""

    name = KpiName.PRIORITY_CONTACTED
    unit = Unit.RATIO
    cuts = BY_ACCOUNT
    words = Text(
        "Parmi les comptes des niveaux {tiers} à contacter d'ici la fin de la période, part de "
        "ceux qui ont un contact consigné entre le premier jour de la période et le jour de la "
        "mesure. Un compte est à contacter s'il n'a aucun contact avant la période, ou si le "
        "dernier, plus la cadence de son niveau, tombe au plus tard le dernier jour de la "
        "période entière. Un niveau sans cadence n'est jamais à contacter.",
        "Among the accounts of tiers {tiers} due for a contact by the end of the period, the "
        "share with a contact logged between the first day of the period and the day of the "
        "measure. An account is due when it has no contact before the period, or when the last "
        "one, plus the cadence of its tier, falls on the last day of the whole period or "
        "before. A tier without a cadence never comes due.",
    )
    conventions = (CONTACTS, ACCOUNTS, DAYS, WILSON)


class PriorityCovered(_UnderCadence):
    """Accounts of some tiers whose last contact is within their cadence: a rate of accounts."""

    name = KpiName.PRIORITY_COVERED
    unit = Unit.RATIO
    cuts = BY_ACCOUNT
    words = Text(
        "Parmi les comptes des niveaux {tiers} qui ont une cadence, part de ceux dont le "
        "dernier contact, plus la cadence de leur niveau, tombe le jour de la mesure ou après. "
        "Les contacts d'après le jour de la mesure ne comptent pas. Sans aucun de ces comptes, "
        "il n'y a pas de valeur.",
        "Among the accounts of tiers {tiers} that have a cadence, the share whose last "
        "contact, plus the cadence of their tier, falls on the day of the measure or later. "
        "Contacts after the day of the measure do not count. Without any such account there is "
        "no value.",
    )
    conventions = (CONTACTS, ACCOUNTS, DAYS)

    aim: Part | None = None


class CoverageBonus(_UnderCadence):
    """Whether the priority accounts are covered well enough: an indicator, and no more."""

    name = KpiName.COVERAGE_BONUS
    unit = Unit.YES_NO
    words = Text(
        "1 (oui) quand au moins {at_least} des comptes des niveaux {tiers} qui ont une cadence "
        "sont couverts, sinon 0 (non). Un compte est couvert si son dernier contact, plus la "
        "cadence de son niveau, tombe le jour de la mesure ou après. Numérateur : les comptes "
        "couverts ; dénominateur : tous. Sans aucun, il n'y a pas de valeur. Un indicateur "
        "seulement : rien n'est calculé d'une paie.",
        "1 (yes) when at least {at_least} of the accounts of tiers {tiers} that have a cadence "
        "are covered, else 0 (no). An account is covered when its last contact, plus the "
        "cadence of its tier, falls on the day of the measure or later. Numerator: the "
        "accounts covered; denominator: all. Without any there is no value. An indicator only: "
        "no pay is computed from it.",
    )
    conventions = (CONTACTS, ACCOUNTS, DAYS)

    at_least: Part

    def _settings(self, currency: str, language: Language) -> dict[str, str]:
        least = percent(self.at_least, language)
        return {**super()._settings(currency, language), "at_least": least}


class Activities(BaseKpi):
    """Logged activities of the kinds that `activities:` names, one member each: a flow."""

    name = KpiName.ACTIVITIES
    unit = Unit.COUNT
    cuts = (Cut.ACTIVITY,)
    always = Cut.ACTIVITY
    words = Text(
        "Nombre d'activités faites dans la période, pour chaque nom : {names}.",
        "Number of activities done in the period, for each name: {names}.",
    )
    conventions = (FLOW, LOGGED, _ONE_OF_ITS_ACCOUNTS, DAYS, POISSON)

    names: dict[str, ActivityName]

    def _settings(self, _currency: str, language: Language) -> dict[str, str]:
        told = (
            f"{key} ({', '.join(filter(None, [KINDS[each.of].to(language), each.when]))})"
            for key, each in self.names.items()
        )
        return {"names": ", ".join(told)}

    def _plain(self) -> dict[str, object]:
        names = {key: {"of": each.of, "when": each.when} for key, each in self.names.items()}
        return {**super()._plain(), "names": names}


class TimeShare(BaseKpi):
    """The share of the logged time that goes to each group of `time:`."""

    name = KpiName.TIME_SHARE
    unit = Unit.RATIO
    cuts = (Cut.GROUP,)
    always = Cut.GROUP
    words = Text(
        "Heures des activités faites dans la période qui vont à un groupe (numérateur) ÷ "
        "heures de toutes (dénominateur ; sans heure, pas de valeur). Une activité vaut "
        "{hours}. Elle va au premier de ces groupes dont l'un de ses comptes remplit la "
        "condition, à défaut au groupe sans nom : {groups}.",
        "Hours of the activities done in the period that go to a group (numerator) ÷ the hours "
        "of all of them (denominator; without hours, no value). An activity is worth {hours}. "
        "It goes to the first of "
        "these groups of which one of its accounts meets the condition, else to the group "
        "without a name: {groups}.",
    )
    conventions = (FLOW, LOGGED, _ONE_OF_ITS_ACCOUNTS, DAYS, GATE)

    time: Time

    def _settings(self, _currency: str, language: Language) -> dict[str, str]:
        groups = (f"{key} ({each.when})" for key, each in self.time.groups.items())
        return {"hours": hours_told(self.time.hours, language), "groups": ", ".join(groups) or "–"}

    def _plain(self) -> dict[str, object]:
        groups = [(key, each.when) for key, each in self.time.groups.items()]
        return {**super()._plain(), "time": [hours_plain(self.time.hours), groups]}

    @property
    def emptiness(self) -> Text:
        """Hours without an account."""
        return _WITHOUT_ACCOUNT


class PriorityTime(TierKpi):
    """The share of the logged time that goes to accounts of the priority tiers."""

    name = KpiName.PRIORITY_TIME
    unit = Unit.RATIO
    words = Text(
        "Heures des activités faites dans la période avec un compte des niveaux {tiers} "
        "(numérateur) ÷ heures de toutes (dénominateur ; sans heure, pas de valeur). Une "
        "activité vaut {hours}. Le niveau d'un compte est celui d'aujourd'hui.",
        "Hours of the activities done in the period with an account of tiers {tiers} "
        "(numerator) ÷ the hours of all of them (denominator; without hours, no value). An "
        "activity is worth {hours}. The tier of an account is today's.",
    )
    conventions = (FLOW, LOGGED, _ONE_OF_ITS_ACCOUNTS, DAYS, GATE)

    aim: Part | None = None

    def with_hours(self, hours: Mapping[ActivityKind, float]) -> "PriorityTimeInHours":
        """The same, once it is known what an activity is worth."""
        return PriorityTimeInHours.model_construct(**dict(self), hours=hours)

    @property
    def emptiness(self) -> Text:
        """Hours without an account."""
        return _WITHOUT_ACCOUNT


class PriorityTimeInHours(PriorityTime):
    """The KPI with the hours of `time:`, which its definition needs."""

    hours: Mapping[ActivityKind, float]

    def _settings(self, currency: str, language: Language) -> dict[str, str]:
        told = hours_told(self.hours, language)
        return {**super()._settings(currency, language), "hours": told}

    def _plain(self) -> dict[str, object]:
        return {**super()._plain(), "hours": hours_plain(self.hours)}


class TierMoves(BaseKpi):
    """Changes of tier in the period, by tier left and tier reached: a flow."""

    name = KpiName.TIER_MOVES
    unit = Unit.COUNT
    cuts = (Cut.MOVE,)
    always = Cut.MOVE
    words = Text(
        "Nombre de changements de niveau dans la période, selon l'historique des niveaux, pour "
        "chaque passage d'un niveau à un autre (bronze>gold). La première évaluation d'un "
        "compte n'est pas un changement ; un aller et retour en fait deux.",
        "Number of changes of tier in the period, by the history of tiers, for each passage "
        "from one tier to another (bronze>gold). The first evaluation of an account is no "
        "change; there and back makes two.",
    )
    conventions = (FLOW, ACCOUNTS, DAYS)


class PotentialCaptured(TrailingKpi):
    """What accounts bought in a trailing window ÷ their potential."""

    name = KpiName.POTENTIAL_CAPTURED
    unit = Unit.RATIO
    cuts = BY_ACCOUNT
    words = Text(
        "Somme des montants des opportunités gagnées dont la date de fermeture est dans les "
        "{window} jours qui finissent le jour de la mesure, ce jour compris, avec des comptes "
        "dans la portée des règles dont le potentiel (« {potential} ») est connu et positif "
        "(numérateur) ÷ somme de ce potentiel (dénominateur). Une vente compte pour la "
        "personne responsable du compte. La même fenêtre, que la période soit une semaine ou "
        "un an.",
        "Sum of the amounts of the won opportunities whose close date is within the {window} "
        "days that end on the day of the measure, that day included, with accounts in the "
        "scope of the rules whose potential ('{potential}') is known and positive (numerator) "
        "÷ the sum of that potential (denominator). A sale counts for whoever owns the "
        "account. The same window, whether the period is a week or a year.",
    )
    conventions = (ACCOUNTS, MAIN_ACCOUNT, AMOUNTS, DAYS, GATE)

    potential: str
    window: Days = Field(default=365)

    def _settings(self, currency: str, language: Language) -> dict[str, str]:
        return {**super()._settings(currency, language), "potential": self.potential}

    @property
    def emptiness(self) -> Text:
        """Potentials."""
        return Text("des comptes sont sans potentiel", "of the accounts have no potential")
