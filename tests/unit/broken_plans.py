"""Broken plans: each is a good plan with one thing wrong, and what is to be said of it.

`¦` stands where the error must be told; it is taken out before the file is read. `old` is what a
case replaces in `PLAN`, once; without it the case is the whole file. `fr` and `en` are words of the
sentence: those that tell what to do.
"""

from dataclasses import dataclass

MARK = "¦"
TEAM = """\
zone: America/Toronto
currency: CAD
holidays: CA-QC
rates: {USD: {2026-01-01: 1.4}, EUR: {2026-03-01: 1.6}}
reps:
  elise: {name: Élise Gagnon, manager: marc}
  marc: {name: Marc Lavoie}
  zoe: {name: Zoé Roy, start: 2026-05-04}
  paul: {name: Paul Ba, end: 2025-12-31}
  lea: {name: Léa Côté, start: 2027-02-01}
"""
KPIS = """\
opportunities_opened: {label: Opened, minimum: 10k}
conversion_rate: {label: Rate, window: 90 d}
active_pipeline: {label: Pipeline, horizon: 180 d}
activities: {client_calls: {label: Calls, of: call}, meetings: {label: Meetings, of: meeting}}
"""
PLAN = """\
owner: elise
period: 2026
currency: CAD
objective: 1 200 000
sources: {existing: 600 000, new: {prospecting: 280 000, events: 200 000}, referral: 120 000}
quarters: {q1: 240 000, q2: 360 000, q3: 240 000, q4: 360 000}
segments: {manufacturing: 900 000, not_allotted: 300 000}
products: {saws: 700 000, blades: 500 000}
seasonality: {july: 4 %, december: 5 %}
accounts: {existing: 35, prospecting: 80, referral: 3}
assumptions: {average_won_deal: 33 500, cycle: 75 d, opportunities_per_account: 50 %}
targets: {opportunities_opened: 12 per month, conversion_rate: 25 %, active_pipeline: 300k}
activities: {client_calls: 4 per week, meetings: 8 per month}
time: {capacity: 32 h per week, prospects: 60 %, existing: 40 %}
away: [2026-07-20..2026-07-31, 2026-12-24]
review: {every: 6 weeks, with: marc}
agreed: {elise: 2025-12-14, marc: 2025-12-15}
accept:
  - {finding: pipeline_below_inflow, until: 2026-03-31, why: cycle à mesurer}
revisions:
  - from: 2026-07-01
    why: reprise de six comptes
    agreed: {elise: 2026-06-20, marc: 2026-06-21}
    objective: 1 300 000
    sources: {existing: 700 000, new: {prospecting: 280 000, events: 200 000}, referral: 120 000}
    quarters: {q3: 300 000, q4: 400 000}
    segments: {manufacturing: 1 000 000, not_allotted: 300 000}
    products: {saws: 800 000, blades: 500 000}
  - {from: 2026-10-01, why: nouvelle cadence, targets: {opportunities_opened: 14 per month}}
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken plan: what is wrong, in place of what, and words of what is said of it."""

    what: str
    old: str | None
    new: str
    fr: str
    en: str

    def marked(self) -> str:
        """The plan with its mark."""
        if self.old is None:
            return self.new
        assert PLAN.count(self.old) >= 1, f"{self.what}: {self.old} is not in the plan"
        return PLAN.replace(self.old, self.new, 1)

    def content(self) -> str:
        """The plan as it is read."""
        return self.marked().replace(MARK, "", 1)

    def place(self) -> tuple[int, int]:
        """The line and the column of the mark."""
        before = self.marked().partition(MARK)[0]
        return before.count("\n") + 1, len(before) - before.rfind("\n")


_SHORT = "owner: {}\nperiod: 2026\ncurrency: CAD\nobjective: 100\n"

SHAPES = [
    Broken("empty file", None, "¦", "écrivez au moins owner, period, currency et objective",
           "write at least owner, period, currency and objective"),
    Broken("list instead of keys", None, "¦- owner: elise\n", "« clé: valeur »", "'key: value'"),
    Broken("key twice", "period: 2026\n", "period: 2026\n¦period: 2027\n",
           "gardez-en une", "keep one"),
    Broken("key unknown", "seasonality: {", "¦seasonalty: {", "« seasonality »",
           "'seasonality'"),
    Broken("no objective", None, "¦owner: elise\nperiod: 2026\ncurrency: CAD\n",
           "il manque la clé « objective »", "the key 'objective' is missing"),
    Broken("sources as a list", "sources: {existing: 600 000, new: {prospecting: 280 000, "
           "events: 200 000}, referral: 120 000}\nq", "sources: ¦[600 000, 600 000]\nq",
           "« clé: valeur »", "'key: value'"),
    Broken("revision that is no list", None,
           _SHORT.format("elise") + "revisions: ¦{from: 2026-07-01, why: x, objective: 90}\n",
           "il faut ici une liste", "a list is needed here"),
    Broken("finding that is text", "  - {finding: pipeline_below_inflow, until: 2026-03-31, "
           "why: cycle à mesurer}", "  - ¦pipeline_below_inflow", "« clé: valeur »",
           "'key: value'"),
]  # fmt: skip
PEOPLE = [
    Broken("unknown owner", "owner: elise", "owner: ¦elize", "« elise »", "'elise'"),
    Broken("owner far from any rep", "owner: elise", "owner: ¦Gilbert", "ajoutez cette personne",
           "add this person"),
    Broken("owner who left before the plan", None, _SHORT.format("¦paul"),
           "supprimez ce plan", "delete this plan"),
    Broken("owner who joins after the plan", None, _SHORT.format("¦lea"), "corrigez period",
           "correct period"),
    Broken("money in a quarter before the owner joins", None,
           _SHORT.format("zoe") + "quarters: {q1: ¦40, q2: 60}\n", "écrivez 0 ici", "write 0 here"),
    Broken("reviewed with a stranger", "with: marc", "with: ¦sonia", "écrivez elise, marc",
           "write elise, marc"),
    Broken("agreed by a stranger", "elise: 2025-12-14", "¦sonia: 2025-12-14",
           "ajoutez cette personne", "add this person"),
    Broken("agreed by a misspelt manager", "marc: 2025-12-15", "¦mark: 2025-12-15", "« marc »",
           "'marc'"),
    Broken("revision agreed by a stranger", "elise: 2026-06-20", "¦sonia: 2026-06-20",
           "ajoutez cette personne", "add this person"),
]  # fmt: skip
MONEY = [
    Broken("negative objective", "objective: 1 200 000", "objective: ¦-1 200 000",
           "il faut au moins 0", "at least 0 is needed"),
    Broken("objective in words", "objective: 1 200 000", "objective: ¦un million",
           "écrivez par exemple 500 000", "write for example 500 000"),
    Broken("thousands with a comma", "objective: 1 200 000", "objective: ¦1,200,000",
           "écrivez 1200000", "write 1200000"),
    Broken("currency without a rate", "currency: CAD", "currency: ¦GBP",
           "ajoutez à rates de team.yaml un cours GBP du 2026-01-01",
           "add to rates of team.yaml a rate of GBP of 2026-01-01"),
    Broken("rate that begins too late", "currency: CAD", "currency: ¦EUR",
           "ajoutez à rates de team.yaml un cours EUR du 2026-01-01",
           "add to rates of team.yaml a rate of EUR of 2026-01-01"),
    Broken("no currency", "currency: CAD", "currency: ¦dollars", "(CAD, USD …)", "(CAD, USD …)"),
]  # fmt: skip
SUMS = [
    Broken("sources short", "sources: {existing: 600 000", "¦sources: {existing: 590 000",
           "ajoutez « not_allotted: » avec ce montant", "add 'not_allotted:' with this amount"),
    Broken("sources over", "sources: {existing: 600 000", "¦sources: {existing: '600 000,01'",
           "corrigez une ligne ou l'objectif", "correct a line or the objective"),
    Broken("sub-sources that don't add up", "sources: {existing: 600 000, new: {prospecting: 280",
           "¦sources: {existing: 600 000, new: {prospecting: 270", "il manque 10 000 $",
           "$10,000 is missing"),
    Broken("sub-source below zero", "events: 200 000", "events: ¦-200 000",
           "il faut au moins 0", "at least 0 is needed"),
    Broken("source without sub-sources", "new: {prospecting: 280 000, events: 200 000}",
           "new: ¦{}", "écrivez un montant", "write an amount"),
    Broken("sub-source named like a source", "events: 200 000", "¦referral: 200 000",
           "donnez un autre nom", "give one of them another name"),
    Broken("quarters short", "quarters: {q1: 240", "¦quarters: {q1: 140", "il manque 100 000 $",
           "$100,000 is missing"),
    Broken("fifth quarter", "q4: 360 000}", "¦q5: 360 000}", "(valeurs : q1", "(values: q1"),
    Broken("segments over", "segments: {manufacturing: 900", "¦segments: {manufacturing: 950",
           "dépasse l'objectif de 50 000 $", "$50,000 over the objective"),
    Broken("products short", "products: {saws: 700 000, blades: 500 000}",
           "¦products: {saws: 700 000}", "il manque 500 000 $", "$500,000 is missing"),
    Broken("seasons over the year", "seasonality: {july: 4 %", "¦seasonality: {july: 96 %",
           "100 % au plus", "100 % at most"),
    Broken("season of no month", "{july: 4 %", "{¦juillet: 4 %", "écrivez january",
           "write january"),
    Broken("season over the whole", "july: 4 %", "july: ¦104 %", "de 0 % à 100 %",
           "from 0 % to 100 %"),
    Broken("accounts of no source", "prospecting: 80", "¦prospection: 80", "« prospecting »",
           "'prospecting'"),
    Broken("half an account", "existing: 35", "existing: ¦'35,5'", "écrivez par exemple 35",
           "write for example 35"),
]  # fmt: skip
EFFORT = [
    Broken("target for a KPI that nobody measures", "active_pipeline: 300k",
           "¦priority_contacted: 90 %", "ajoutez-le là, ou retirez la cible",
           "add it there, or remove the target"),
    Broken("target unknown", "conversion_rate: 25 %", "¦conversion: 25 %", "« conversion_rate »",
           "'conversion_rate'"),
    Broken("percent over 100", "conversion_rate: 25 %", "conversion_rate: ¦125 %",
           "au plus 100 %", "up to 100 %"),
    Broken("rate without a period", "12 per month", "¦12", "écrivez par exemple 12 per month",
           "write for example 12 per month"),
    Broken("rate per day", "4 per week", "¦4 per day", "écrivez par exemple 12 per month",
           "write for example 12 per month"),
    Broken("activity unknown", "meetings: 8", "¦meeting: 8", "« meetings »", "'meetings'"),
    Broken("activity far from any", "client_calls: 4", "¦golf: 4", "définissez-la sous activities",
           "define it under activities"),
    Broken("capacity of 200 hours", "32 h per week", "¦200 h per week", "60 h par semaine",
           "60 h per week"),
    Broken("60 % + 60 %", "time: {capacity: 32 h per week, prospects: 60 %, existing: 40 %}",
           "¦time: {capacity: 32 h per week, prospects: 60 %, existing: 60 %}",
           "corrigez une part", "correct a share"),
    Broken("assumption below zero", "33 500", "¦-33 500", "il faut au moins 0",
           "at least 0 is needed"),
    Broken("cycle without a unit", "cycle: 75 d", "cycle: ¦75", "écrivez par exemple 90 d",
           "write for example 90 d"),
    Broken("review every day", "every: 6 weeks", "every: ¦1 d", "écrivez par exemple 6 weeks",
           "write for example 6 weeks"),
]  # fmt: skip
DATES = [
    Broken("31 June", "2026-12-24]", "¦2026-06-31]", "écrivez AAAA-MM-JJ", "write YYYY-MM-DD"),
    Broken("absence that ends before it begins", "2026-07-20..2026-07-31",
           "¦2026-07-31..2026-07-20", "la fin précède le début", "the end is before the start"),
    Broken("absence of another year", "2026-12-24]", "¦2027-12-24]",
           "écrivez un jour du 2026-01-01 au 2026-12-31",
           "write a day from 2026-01-01 to 2026-12-31"),
    Broken("agreed once it is over", "marc: 2025-12-15", "marc: ¦2027-12-15",
           "écrivez un jour", "write a day"),
    Broken("accepted without a reason", ", why: cycle à mesurer}", ", why: ¦''}",
           "dites pourquoi", "say why"),
    Broken("accepted with no key for a reason", "  - {finding: pipeline_below_inflow, until: "
           "2026-03-31, why: cycle à mesurer}",
           "  - ¦{finding: pipeline_below_inflow, until: 2026-03-31}",
           "il manque la clé « why »", "the key 'why' is missing"),
    Broken("accepted for ever", "  - {finding: pipeline_below_inflow, until: 2026-03-31, ",
           "  - ¦{finding: pipeline_below_inflow, ", "il manque la clé « until »",
           "the key 'until' is missing"),
    Broken("accepted finding that there is not", "pipeline_below_inflow", "¦pipeline_low",
           "(valeurs : revenue_out_of_reach", "(values: revenue_out_of_reach"),
    Broken("accepted twice", "revisions:\n", "  - {finding: ¦pipeline_below_inflow, until: "
           "2026-04-30, why: encore}\nrevisions:\n", "gardez une seule", "keep one"),
]  # fmt: skip
REVISIONS = [
    Broken("two revisions of one day", "from: 2026-10-01", "from: ¦2026-07-01",
           "réunissez les deux", "make one of the two"),
    Broken("revisions out of order", "from: 2026-10-01", "from: ¦2026-05-01",
           "rangez-les par date", "put them in order of date"),
    Broken("revision of another year", "from: 2026-10-01", "from: ¦2027-01-01",
           "écrivez un jour du 2026-01-01 au 2026-12-31",
           "write a day from 2026-01-01 to 2026-12-31"),
    Broken("revision on the first day", "from: 2026-07-01", "from: ¦2026-01-01",
           "corrigez le plan lui-même", "correct the plan itself"),
    Broken("revision without a reason", ", why: nouvelle cadence", ", why: ¦' '",
           "dites pourquoi", "say why"),
    Broken("revision that changes nothing", "{from: 2026-10-01, why: nouvelle cadence, targets: "
           "{opportunities_opened: 14 per month}}", "¦{from: 2026-10-01, why: nouvelle cadence}",
           "écrivez ce qui change", "write what changes"),
    Broken("revision of a quarter that is over", "    quarters: {q3: 300 000, q4: 400 000}",
           "    quarters: {¦q1: 240 000, q3: 300 000, q4: 400 000}", "retirez cette ligne",
           "remove this line"),
    Broken("revision whose sources don't follow", "    objective: 1 300 000\n    sources: "
           "{existing: 700 000, new: {prospecting: 280 000, events: 200 000}, referral: "
           "120 000}\n", "    ¦objective: 1 300 000\n", "écrivez aussi « sources: »",
           "write 'sources:' in this revision as well"),
    Broken("revision whose quarters don't add up", "    quarters: {q3: 300 000, q4: 400 000}",
           "    ¦quarters: {q3: 300 000, q4: 300 000}", "il manque 100 000 $",
           "$100,000 is missing"),
    Broken("revision of who it is for", ", targets: {opportunities_opened: 14 per month}}",
           ", ¦owner: marc}", "clé inconnue « owner »", "unknown key 'owner'"),
]  # fmt: skip

BROKEN = [*SHAPES, *PEOPLE, *MONEY, *SUMS, *EFFORT, *DATES, *REVISIONS]
