"""The words of a review: the parts of its pack, in the rep's language.

It proposes; people decide. What the records can't tell is said to be not conclusive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.digest.material import Uncontacted
from rules.digest.words import quantity
from rules.forecast.forecasts import HOW, Forecast, paced, told
from rules.kpi.figures import Figure
from rules.kpi.names import KpiName
from rules.language import Language, Text, day_month, joined, money, number, percent
from rules.plan.plan import Plan, plan_on
from rules.review.pack import Pack, Part
from rules.review.segment_flow import Flow, SegmentFlow
from rules.rulebook import Rulebook
from rules.time import Day, date_of
from service.store.forecasts import KeptForecast
from service.store.reviewing import OpenByTier, TierMove

LISTED = 12
_LEAST_HOURS = 1.0
_FLOWS: Mapping[Flow, Text] = {
    Flow.DRYING: Text("se tarit", "drying up"),
    Flow.EXPLODING: Text("explose", "exploding"),
    Flow.STEADY: Text("rien de sûr", "nothing certain"),
    Flow.UNKNOWN: Text("non concluant", "not conclusive"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a review is made of: figures before (as frozen, where they are) and now, and the rest.

    `since` is the first day of the window, that of the last review where there was one.
    """

    rep: str
    since: Day
    as_of: Day
    is_after_review: bool
    is_frozen: bool
    before: Sequence[Figure]
    now: Sequence[Figure]
    said: KeptForecast | None
    forecast: Forecast | None
    moves: Sequence[TierMove]
    flows: Sequence[SegmentFlow]
    open_by_tier: Sequence[OpenByTier]
    uncontacted: Uncontacted | None


@dataclass(frozen=True)
class ReviewWords:
    """The words of a pack."""

    book: Rulebook
    found: Material

    def pack(self) -> Pack:
        """Every part, in the order of the meeting."""
        parts = [
            self._figures(), self._likely(), self._moves(), self._segments(), self._time(),
            self._potential(), self._accounts(), self._questions(), self._agreement(),
        ]  # fmt: skip
        since, as_of = self._day(self.found.since), self._day(self.found.as_of)
        start = (
            Text("Depuis la revue du", "Since the review of")
            if self.found.is_after_review
            else Text("Depuis le", "Since")
        )
        told = (
            Text(
                "Avant : les chiffres tels que gelés ce lundi-là.",
                "Before: the figures as frozen on that Monday.",
            )
            if self.found.is_frozen
            else Text(
                "Avant : recalculé aujourd'hui, car cette semaine-là n'a pas été gelée.",
                "Before: computed today, for that week was not frozen.",
            )
        )
        return Pack(
            language=self.language,
            title=self._say(
                Text(f"Revue de territoire : {self.name}", f"Territory review: {self.name}")
            ),
            intro=self._say(
                Text(
                    f"{start.fr} {since}, jusqu'au {as_of}.", f"{start.en} {since}, to {as_of}."
                )
            ),
            parts=[part for part in parts if part is not None],
            foot=[
                self._say(told), self._say(HOW),
                self._say(
                    Text(
                        "Contacts consignés dans le CRM. Tout est proposé, rien n'est exécuté.",
                        "Contacts logged in the CRM. All is proposed, nothing is executed.",
                    )
                ),
            ],
        )  # fmt: skip

    @property
    def language(self) -> Language:
        """That of the rep."""
        return self.book.team.reps[self.found.rep].language or self.book.team.language

    @property
    def name(self) -> str:
        """The rep's."""
        return self.book.team.reps[self.found.rep].name

    @cached_property
    def plan(self) -> Plan | None:
        """The plan in force."""
        team = self.book.team
        return plan_on(self.book.plans, self.found.rep, self.found.as_of, team.fiscal_year)

    def _say(self, text: Text) -> str:
        return text.to(self.language)

    def _day(self, day: Day) -> str:
        return f"{day_month(date_of(day), self.language)} {date_of(day).year}"

    def _value(self, figure: Figure | None) -> str:
        if figure is None or figure.value is None:
            return "–"
        said = quantity(figure.value, figure.unit, self.book.team.currency, self.language)
        return said if figure.doubt is None else f"{said} ({self._say(figure.doubt)})"

    def _money(self, minor: int) -> str:
        return money(round(minor / 100) * 100, self.book.team.currency, self.language)

    def _figures(self) -> Part | None:
        before = {each.kpi: each for each in self.found.before if not each.cut}
        labels = {kpi.name: kpi.label for kpi in self.book.kpis.measured}
        rows = [
            [
                self._say(labels[each.kpi]), self._value(before.get(each.kpi)), self._value(each),
                "–" if each.expected is None
                else quantity(each.expected, each.unit, self.book.team.currency, self.language),
            ]
            for each in self.found.now
            if not each.cut and each.kpi in labels
        ]  # fmt: skip
        if not rows:
            return None
        head = Text("Indicateur|Avant|Maintenant|Attendu", "KPI|Before|Now|Expected")
        return Part(
            title=self._say(Text("Avant et après", "Before and after")),
            head=self._say(head).split("|"),
            rows=rows,
        )

    def _likely(self) -> Part | None:
        found = self.found.forecast
        if found is None:
            return None
        currency = self.book.team.currency

        def said(each: Forecast | KeptForecast) -> str:
            return told(each.probability, each.p10, each.p90, currency, self.language)

        target = self._money(found.target)
        sentences = [self._say(Text(f"Objectif {target} : ", f"Target {target}: ")) + said(found)]
        if found.doubt is not None:
            sentences.append(self._say(found.doubt))
        if self.found.said is not None:
            before = said(self.found.said)
            sentences.append(self._say(Text(f"Avant : {before}", f"Before: {before}")))
        if needed := paced(found.needed, self.language):
            sentences.append(self._say(Text(f"Il faut {needed}.", f"It takes {needed}.")))
        return Part(
            title=self._say(Text("Probabilité d'atteindre l'objectif", "Chance of the target")),
            sentences=sentences,
            points=[
                self._say(
                    Text(
                        f"{each.name or each.id} : {self._money(each.amount)}, "
                        f"+ {number(each.gain * 100, Language.FR)} points si gagnée",
                        f"{each.name or each.id}: {self._money(each.amount)}, "
                        f"+ {number(each.gain * 100, Language.EN)} points if won",
                    )
                )
                for each in found.adds
            ],
        )

    def _tier(self, tier: str | None) -> str:
        if tier is None:
            return "–"
        choice = self.book.segments.tier.choices.get(tier)
        return self._say(choice) if choice else tier

    def _moves(self) -> Part:
        moves = self.found.moves
        some = [
            f"{each.name or each.account_id} : {self._tier(each.before)} → {self._tier(each.after)}"
            for each in moves[:LISTED]
        ]
        if len(moves) > LISTED:
            more = len(moves) - LISTED
            some.append(self._say(Text(f"et {more} autres", f"and {more} more")))
        none = Text("Aucun compte n'a changé de niveau.", "No account changed its tier.")
        return Part(
            title=self._say(Text("Changements de niveau", "Tier moves")),
            sentences=[] if some else [self._say(none)],
            points=some,
        )

    def _segments(self) -> Part | None:
        if not self.found.flows:
            return None
        rows = [
            [
                self._segment(each.segment), str(each.before), str(each.since),
                self._share(each.share), self._share(each.planned), self._judged(each),
            ]
            for each in self.found.flows
        ]  # fmt: skip
        head = Text(
            "Segment|Avant|Depuis|Part|Part au plan|Constat",
            "Segment|Before|Since|Share|Share in the plan|Finding",
        )
        test = Text(
            "Opportunités ouvertes depuis, et sur autant de jours avant. Un segment « se tarit » "
            "ou « explose » quand le hasard seul l'explique mal (test binomial exact, au plus 10 % "
            "de faux constats).",
            "Opportunities opened since, and over as many days before. A segment is 'drying up' or "
            "'exploding' when chance alone explains it badly (exact binomial test, at most 10% of "
            "false findings).",
        )
        return Part(
            title=self._say(
                Text("Segments qui se tarissent ou explosent", "Segments drying up or exploding")
            ),
            sentences=[self._say(test)], head=self._say(head).split("|"), rows=rows,
        )  # fmt: skip

    def _segment(self, name: str) -> str:
        rule = next(
            (each for each in self.book.segments.rules if each.name == self.book.kpis.cuts.segment),
            None,
        )
        choice = rule.choices.get(name) if rule else None
        return self._say(choice or Text(name, name)) or self._say(Text("sans valeur", "no value"))

    def _share(self, share: float | None) -> str:
        return "–" if share is None else percent(share, self.language)

    def _judged(self, each: SegmentFlow) -> str:
        said = self._say(_FLOWS[each.flow])
        if each.chance is None:
            return f"{said} (n = {each.before + each.since})"
        return f"{said} (p = {number(each.chance, self.language, digits=3)})"

    def _time(self) -> Part | None:
        time = self.plan.time if self.plan else None
        groups = self.book.kpis.time.groups if self.book.kpis.time else {}
        found = {each.member: each for each in self.found.now if each.kpi is KpiName.TIME_SHARE}
        if time is None or not found:
            return None
        rows = [
            [
                self._say(groups[name].label) if name in groups else name,
                self._share(share), self._value(found.get(name)),
            ]
            for name, share in time.shares.items()
        ]  # fmt: skip
        head = Text("Groupe|Au plan|Consigné ce trimestre", "Group|In the plan|Logged this quarter")
        return Part(
            title=self._say(Text("Le temps", "Time")),
            sentences=[self._shift()], head=self._say(head).split("|"), rows=rows,
        )  # fmt: skip

    def _potential(self) -> Part | None:
        """Where the open opportunities are: that is where time may bring the most."""
        rows = [
            [self._tier(each.tier), str(each.deals), self._money(each.amount)]
            for each in self.found.open_by_tier
        ]
        head = Text("Niveau|Opportunités|Montant", "Tier|Opportunities|Amount")
        title = Text("Où est le potentiel ouvert", "Where the open potential is")
        if not rows:
            return None
        return Part(title=self._say(title), head=self._say(head).split("|"), rows=rows)

    def _shift(self) -> str:
        """From the group that has most too much to the one that lacks most, in hours a week."""
        time = self.plan.time if self.plan else None
        groups = self.book.kpis.time.groups if self.book.kpis.time else {}
        found = {each.member: each for each in self.found.now if each.kpi is KpiName.TIME_SHARE}
        gaps = [
            (logged - share, name)
            for name, share in (time.shares.items() if time else ())
            if name in found
            and found[name].doubt is None
            and (logged := found[name].value) is not None
        ]
        nothing = Text("Aucun déplacement à proposer.", "No shift to propose.")
        if not gaps or time is None:
            unknown = Text(
                "Non concluant : trop peu de temps consigné pour proposer un déplacement.",
                "Not conclusive: too little time is logged to propose a shift.",
            )
            return self._say(unknown)
        (most, source), (least, target) = max(gaps), min(gaps)
        hours = min(most, -least) * time.capacity
        if hours < _LEAST_HOURS:
            return self._say(nothing)
        names = [groups[each].label if each in groups else Text(each, each)
                 for each in (source, target)]  # fmt: skip
        fr, en = (number(hours, each) for each in Language)
        return self._say(
            Text(
                f"Proposition : {fr} h par semaine, de « {names[0].fr} » à « {names[1].fr} », pour "
                "revenir au partage du plan.",
                f"Proposal: {en} h a week, from '{names[0].en}' to '{names[1].en}', to come back "
                "to the shares of the plan.",
            )
        )

    def _accounts(self) -> Part | None:
        found = self.found.uncontacted
        if found is None:
            return None
        more = found.count - len(found.names)
        listed = [*found.names, *([f"+ {more}"] if more > 0 else [])]
        return Part(
            title=self._say(
                Text("Comptes prioritaires sans contact", "Priority accounts without contact")
            ),
            sentences=[
                self._say(
                    Text(
                        f"{found.count} sur {found.total} depuis le {self._day(self.found.since)}.",
                        f"{found.count} of {found.total} since {self._day(self.found.since)}.",
                    )
                )
            ],
            points=listed,
        )

    def _questions(self) -> Part:
        now = {each.kpi: each for each in self.found.now if not each.cut}
        quiet, pipeline = self.found.uncontacted, now.get(KpiName.ACTIVE_PIPELINE)
        asked = "–" if pipeline is None or pipeline.target is None else self._money(
            round(pipeline.target)
        )  # fmt: skip
        is_time = any(each.kpi is KpiName.TIME_SHARE for each in self.found.now)
        count = "–" if quiet is None else f"{quiet.count}"
        value = self._value(pipeline)
        return Part(
            title=self._say(Text("Les trois questions", "The three questions")),
            points=[
                self._say(
                    Text(
                        "Quels comptes prioritaires n'ont pas été contactés, et pourquoi ? "
                        f"(ici : {count})",
                        f"Which priority accounts were not contacted, and why? (here: {count})",
                    )
                ),
                self._say(
                    Text(
                        f"Où en est le pipeline par rapport au plan ? (ici : {value}, cible "
                        f"{asked})",
                        f"Where is the pipeline against the plan? (here: {value}, target {asked})",
                    )
                ),
                self._say(Text("Faut-il réallouer du temps ?", "Should time be reallocated?"))
                + (f" {self._shift()}" if is_time else ""),
            ],
        )

    def _agreement(self) -> Part:
        team = self.book.team
        other = (self.plan.review.with_ if self.plan and self.plan.review else None) or team.reps[
            self.found.rep
        ].manager
        people = [self.name, *([team.reps[other].name] if other in team.reps else [])]
        names = joined(people, self.language)
        how = Text(
            f"Décisions, en une ligne chacune, puis l'accord ({names}) : les reporter sous "
            "« revisions » du plan, avec « agreed » et la date.",
            f"Decisions, one line each, then the agreement ({names}): enter them under "
            "'revisions' of the plan, with 'agreed' and the date.",
        )
        head = Text("Nom|Accord|Date", "Name|Agreed|Date")
        return Part(
            title=self._say(Text("Accord", "Agreement")),
            sentences=[self._say(how), *["…………………………………………………………"] * 3],
            head=self._say(head).split("|"),
            rows=[[each, "☐", "……………"] for each in people],
        )
