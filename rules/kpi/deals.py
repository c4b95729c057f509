"""The KPIs of opportunities: what was opened, proposed, won, and what is open.

Those of what was won where the plan aims are in `rules.kpi.wins`.
"""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from rules import schema_shapes
from rules.kpi.base import (
    AMOUNTS,
    COMPOUND,
    DAYS,
    DEALS,
    FLOW,
    GATE,
    MAIN_ACCOUNT,
    POISSON,
    SUM,
    WILSON,
    BaseKpi,
    Days,
    Money,
    Part,
    TrailingKpi,
    joined,
)
from rules.kpi.names import BY_DEAL, Cut, KpiName, Unit
from rules.language import Language, Text, money, percent
from rules.located import Misfit

_TO_STAGES = (*BY_DEAL, Cut.STAGE)


def _stages(given: object) -> object:
    if given == []:
        raise Misfit("nommez au moins une étape", "name at least one stage")
    return given


Stages = Annotated[list[str], BeforeValidator(_stages), WithJsonSchema(schema_shapes.TEXTS)]


class OpportunitiesOpened(BaseKpi):
    """Opportunities created in the period whose amount reached the minimum at some time: a flow."""

    name = KpiName.OPPORTUNITIES_OPENED
    unit = Unit.COUNT
    cuts = BY_DEAL
    words = Text(
        "Nombre d'opportunités créées dans la période dont le montant est, ou a été au plus "
        "haut, d'au moins {minimum}, quelle que soit leur étape. Le doute porte sur toutes "
        "celles créées dans la période : leur montant n'a jamais été connu.",
        "Number of opportunities created in the period whose amount is, or was at its highest, "
        "at least {minimum}, whatever their stage. The doubt is about all those created in the "
        "period: their amount was never known.",
    )
    conventions = (FLOW, DEALS, AMOUNTS, DAYS, POISSON, GATE)

    minimum: Money

    def _settings(self, currency: str, language: Language) -> dict[str, str]:
        return {"minimum": money(self.minimum, currency, language)}


class ConversionRate(TrailingKpi):
    """Won ÷ (won + lost) among what closed in a trailing window: a rate of counts."""

    name = KpiName.CONVERSION_RATE
    unit = Unit.RATIO
    cuts = BY_DEAL
    words = Text(
        "Gagnées ÷ (gagnées + perdues), en nombre, parmi les opportunités dont l'étape est "
        "gagnée ou perdue et dont la date de fermeture est dans les {window} jours qui "
        "finissent le jour de la mesure, ce jour compris ; la même fenêtre, que la période "
        "soit une semaine ou un an.",
        "Won ÷ (won + lost), by count, among the opportunities whose stage is won or lost and "
        "whose close date is within the {window} days that end on the day of the measure, that "
        "day included; the same window, whether the period is a week or a year.",
    )
    conventions = (DEALS, DAYS, WILSON)


_STALE = Text(
    " et qui n'ont pas été créées il y a {stale} jours ou plus",
    " and that were not created {stale} days ago or longer",
)


class _Pipeline(BaseKpi):
    """What is open and due to close within a horizon; what has been open for too long is stale."""

    conventions = (DEALS, AMOUNTS, SUM, DAYS, GATE)

    horizon: Days
    stale: Days | None = None

    @property
    def stock(self) -> str:
        """What the sums of its opportunities are called; two KPIs of the same ones share them."""
        return f"open_{self.horizon}_{self.stale or 0}"

    def _settings(self, _currency: str, language: Language) -> dict[str, str]:
        stale = _STALE.to(language).format(stale=self.stale) if self.stale else ""
        return {"horizon": str(self.horizon), "stale": stale}


_OPEN = Text(
    "des opportunités dont l'étape est ouverte, dont la fermeture est prévue entre le jour de la "
    "mesure et {horizon} jours plus tard, ces deux jours compris{stale}. Sans date de fermeture, "
    "ou avec une date passée, une opportunité ne compte pas ; sans date de création, elle n'est "
    "pas trop vieille. Numérateur : celles dont le montant est connu ; dénominateur : toutes.",
    "of the opportunities whose stage is open, that are due to close between the day of the "
    "measure and {horizon} days later, both days included{stale}. Without a close date, or with "
    "one that is past, an opportunity does not count; without a creation date, it is not too old. "
    "Numerator: those whose amount is known; denominator: all.",
)


class ActivePipeline(_Pipeline):
    """The sum of the open opportunities that close within a horizon: a stock."""

    name = KpiName.ACTIVE_PIPELINE
    unit = Unit.MONEY
    cuts = _TO_STAGES
    words = joined(Text("Somme des montants", "Sum of the amounts"), _OPEN)


class WeightedPipeline(_Pipeline):
    """The same, each amount times the probability of its stage: a stock."""

    name = KpiName.WEIGHTED_PIPELINE
    unit = Unit.MONEY
    cuts = _TO_STAGES
    words = joined(
        Text(
            "Somme, arrondie une seule fois au cent, des montants multipliés par la probabilité de "
            "leur étape (arrondie au dix-millième)",
            "Sum, rounded once to the cent, of the amounts times the probability of their stage "
            "(rounded to one ten-thousandth)",
        ),
        _OPEN,
    )


class RevenueWon(BaseKpi):
    """The sum of what was won in the period: a flow."""

    name = KpiName.REVENUE_WON
    unit = Unit.MONEY
    cuts = BY_DEAL
    words = Text(
        "Somme des montants des opportunités dont l'étape est gagnée et dont la date de "
        "fermeture est dans la période. Numérateur : celles dont le montant est connu ; "
        "dénominateur : toutes.",
        "Sum of the amounts of the opportunities whose stage is won and whose close date is in "
        "the period. Numerator: those whose amount is known; denominator: all.",
    )
    conventions = (FLOW, DEALS, AMOUNTS, SUM, DAYS, COMPOUND, GATE)


class StageConversion(TrailingKpi):
    """Of what entered a stage, the part that went further, among what left it: a rate."""

    name = KpiName.STAGE_CONVERSION
    unit = Unit.RATIO
    cuts = (Cut.STAGE,)
    always = Cut.STAGE
    words = Text(
        "Pour chaque étape ouverte : parmi les opportunités qui y sont entrées au moins une "
        "fois dans les {window} jours qui finissent le jour de la mesure, ce jour compris, et "
        "dont l'issue est connue, la part qui est allée plus loin. Est allée plus loin celle "
        "dont l'étape est gagnée, ou qui est entrée, avant ou après, dans une étape ouverte "
        "plus avancée du même pipeline. L'issue est inconnue, et l'opportunité ne compte pas, "
        "si elle est toujours ouverte sans être allée plus loin. Les étapes de même nom sont "
        "réunies. La même fenêtre, que la période soit une semaine ou un an.",
        "For each open stage: among the opportunities that entered it at least once within the "
        "{window} days that end on the day of the measure, that day included, and whose "
        "outcome is known, the share that went further. Further went one whose stage is won, "
        "or that entered, before or after, a later open stage of the same pipeline. The "
        "outcome is unknown, and the opportunity does not count, when it is still open without "
        "having gone further. Stages of the same name are taken together. The same window, "
        "whether the period is a week or a year.",
    )
    conventions = (DEALS, DAYS, WILSON)


class Proposals(BaseKpi):
    """Opportunities that entered a proposal stage for the first time in the period: a flow."""

    name = KpiName.PROPOSALS
    unit = Unit.COUNT
    cuts = BY_DEAL
    words = Text(
        "Nombre d'opportunités entrées pour la première fois dans la période dans l'une des "
        "étapes de proposition ({stages}), selon l'historique des étapes.",
        "Number of opportunities that entered one of the proposal stages ({stages}) for the "
        "first time in the period, by the history of stages.",
    )
    conventions = (FLOW, DEALS, MAIN_ACCOUNT, DAYS, POISSON)

    stages: Stages

    def _settings(self, _currency: str, _language: Language) -> dict[str, str]:
        return {"stages": ", ".join(self.stages)}


class Coverage(BaseKpi):
    """To-go coverage: open pipeline that closes this quarter ÷ what is left of its quota."""

    name = KpiName.COVERAGE
    unit = Unit.TIMES
    words = Text(
        "Somme des montants des opportunités dont l'étape est ouverte et dont la fermeture est "
        "prévue entre le jour de la mesure et la fin du trimestre fiscal, ces deux jours "
        "compris (numérateur) ÷ ce qui reste à gagner du trimestre (dénominateur) : sa part de "
        "l'objectif du plan, moins ce qui a été gagné du premier jour du trimestre au jour de "
        "la mesure. L'équipe sans plan à elle a la somme de ceux de ses représentants. Sans "
        "plan, ou quand il ne reste rien à gagner, il n'y a pas de valeur. Le "
        "même trimestre, que la période soit une semaine ou un an. Non concluant aussi quand "
        "une seule opportunité fait plus de {exposure} de ce qui reste.",
        "Sum of the amounts of the opportunities whose stage is open and that are due to close "
        "between the day of the measure and the end of the fiscal quarter, both days included "
        "(numerator) ÷ what is left to win of the quarter (denominator): its part of the "
        "plan's objective, minus what was won from the first day of the quarter to the day of "
        "the measure. A team without a plan of its own has the sum of its reps'. Without a "
        "plan, or when nothing is left to win, there is no value. The "
        "same quarter, whether the period is a week or a year. Not conclusive either when one "
        "opportunity alone makes more than {exposure} of what is left.",
    )
    conventions = (DEALS, AMOUNTS, DAYS, GATE)

    exposure: Part = 0.4

    def _settings(self, _currency: str, language: Language) -> dict[str, str]:
        return {"exposure": percent(self.exposure, language)}


class SalesCycle(TrailingKpi):
    """The median days from creation to winning, with open deals as censored."""

    name = KpiName.SALES_CYCLE
    unit = Unit.DAYS
    words = Text(
        "Durée médiane, en jours, de la création à la fermeture des opportunités qui seront "
        "gagnées, parmi celles créées dans les {window} jours qui finissent le jour de la "
        "mesure, ce jour compris. Une opportunité dont l'étape est gagnée ou perdue dure de "
        "sa création à sa date de fermeture (0 jour si elle la précède) ; une opportunité "
        "ouverte, sans étape, ou fermée plus tard que le jour de la mesure, est censurée ce "
        "jour-là. L'incidence cumulée des gains, les pertes étant un risque concurrent, est "
        "estimée par Aalen et Johansen (à durée égale, les censures viennent après) ; la "
        "médiane est la plus courte durée où elle atteint la moitié de sa dernière valeur. La "
        "même fenêtre, que la période soit une semaine ou un an. Numérateur : les gagnées ; "
        "dénominateur : toutes. "
        "Une opportunité fermée sans date de fermeture ne compte pas. Sans aucune gagnée, il "
        "n'y a pas de valeur.",
        "Median length, in days, from the creation to the close of the opportunities that will "
        "be won, among those created within the {window} days that end on the day of the "
        "measure, that day included. An opportunity whose stage is won or lost lasts from its "
        "creation to its close date (0 days when that comes before); one that is open, without "
        "a stage, or closed later than the day of the measure, is censored on that day. The "
        "cumulative incidence of winning, losing being a competing risk, is estimated by Aalen "
        "and Johansen (at equal lengths, the censored come after); the median is the shortest "
        "length at which it reaches half of its last value. The same window, whether the "
        "period is a week or a year. Numerator: the won; denominator: all. An opportunity that "
        "is closed without a close date does not count. Without any win there is no value.",
    )
    conventions = (DEALS, DAYS, GATE)

    @property
    def emptiness(self) -> Text:
        """Close dates."""
        return Text("des fermetures sont sans date", "of what closed has no date")
