"""What an editor says of each key of a playbook, French first; `Model.field` names a key."""

from collections.abc import Mapping

from rules.kpi.words import KPI_KEYS
from rules.language import Text

TITLES: Mapping[str, Text] = {
    "team": Text("L'équipe", "The team"),
    "fields": Text("Les champs du CRM", "The fields of the CRM"),
    "segments": Text("Les règles", "The rules"),
    "kpis": Text("Les indicateurs", "The KPIs"),
    "alerts": Text("Les alertes", "The alerts"),
    "plan": Text("Un plan de territoire", "A territory plan"),
    "tests": Text("Les exemples", "The examples"),
}

KEYS: Mapping[str, Text] = {
    **KPI_KEYS,
    "Team.zone": Text("fuseau, comme America/Toronto", "time zone, as America/Toronto"),
    "Team.currency": Text("monnaie, comme CAD", "currency, as CAD"),
    "Team.language": Text(
        "langue des étiquettes et des tâches dans le CRM", "language of labels and tasks in the CRM"
    ),
    "Team.fiscal_year": Text("mois où commence l'exercice", "month in which fiscal years begin"),
    "Team.holidays": Text("jours fériés suivis, comme CA-QC", "holidays followed, as CA-QC"),
    "Team.rates": Text(
        "cours datés des autres monnaies, {USD: {2026-01-01: 1,37}}",
        "dated rates of other currencies, {USD: {2026-01-01: 1.37}}",
    ),
    "Team.reps": Text("les représentants, par leur clé", "the reps, by their key"),
    "Rep.name": Text("nom, tel qu'on le lit", "name, as people read it"),
    "Rep.email": Text("adresse dans le CRM", "address in the CRM"),
    "Rep.manager": Text("clé de son gestionnaire", "key of their manager"),
    "Rep.language": Text(
        "fr ou en : la langue de ses messages de la semaine, à défaut celle de l'équipe",
        "fr or en: the language of their weekly digests, else the team's",
    ),
    "Rep.start": Text("premier jour, AAAA-MM-JJ", "first day, YYYY-MM-DD"),
    "Rep.end": Text("dernier jour, AAAA-MM-JJ", "last day, YYYY-MM-DD"),
    "Fields.account": Text("champs du compte", "fields of an account"),
    "Fields.opportunity": Text("champs de l'opportunité", "fields of an opportunity"),
    "Fields.measures": Text("mesures du compte", "measures of an account"),
    "Fields.write": Text("ce qu'Arpent écrit dans le CRM", "what Arpent writes into the CRM"),
    "Field_.label": Text("[français, anglais]", "[French, English]"),
    "Field_.type": Text("type du champ", "type of the field"),
    "Field_.hubspot": Text("nom interne dans HubSpot", "internal name in HubSpot"),
    "Field_.salesforce": Text("nom d'API dans Salesforce", "API name in Salesforce"),
    "Field_.zoho": Text("nom d'API dans Zoho", "API name in Zoho"),
    "Field_.missing": Text("le CRM n'a pas encore ce champ", "the CRM lacks this field so far"),
    "Field_.values": Text(
        "pour un choix : valeur → options du CRM", "of a choice: value → options of the CRM"
    ),
    "Field_.labels": Text("valeur → [français, anglais]", "value → [French, English]"),
    "Measure.label": Text("[français, anglais]", "[French, English]"),
    "Measure.sum": Text("somme d'un champ", "sum of a field"),
    "Measure.count": Text("nombre de fiches", "number of records"),
    "Measure.max": Text("plus grande valeur, ou dernier jour", "largest value, or last day"),
    "Measure.days_since": Text("jours écoulés depuis le dernier", "days since the last one"),
    "Measure.when": Text("condition sur chaque fiche", "condition on each record"),
    "Write.group": Text("groupe des champs d'Arpent", "group of Arpent's fields"),
    "Write.optional": Text("champs écrits en plus", "fields written besides"),
    "Write.drift": Text(
        "sort d'une modification faite par une personne", "what becomes of a person's edit"
    ),
    "Kpis.opportunities_opened": Text("opportunités ouvertes", "opportunities opened"),
    "Kpis.conversion_rate": Text("taux de transformation", "conversion rate"),
    "Kpis.active_pipeline": Text("pipeline actif", "active pipeline"),
    "Kpis.priority_contacted": Text(
        "comptes prioritaires contactés", "priority accounts contacted"
    ),
    "OpportunitiesOpened.label": Text("[français, anglais]", "[French, English]"),
    "OpportunitiesOpened.minimum": Text("montant minimal, 10k", "least amount, 10k"),
    "ConversionRate.label": Text("[français, anglais]", "[French, English]"),
    "ConversionRate.window": Text("jours regardés, 90 d", "days looked at, 90 d"),
    "ActivePipeline.label": Text("[français, anglais]", "[French, English]"),
    "ActivePipeline.horizon": Text("jours à venir, 180 d", "days ahead, 180 d"),
    "PriorityContacted.label": Text("[français, anglais]", "[French, English]"),
    "PriorityContacted.tiers": Text("niveaux comptés", "tiers that count"),
    "Alerts.start": Text(
        "rien n'est envoyé avant ce jour, AAAA-MM-JJ ; sans lui, dans la première semaine",
        "nothing is sent before this day, YYYY-MM-DD; without it, in the first week",
    ),
    "Alerts.sensitivity": Text(
        "combien vite un écart parle : calm, normal, early",
        "how soon a deviation speaks: calm, normal, early",
    ),
    "Alerts.false_discovery": Text(
        "part de fausses alertes admise parmi celles d'une semaine, 10 %",
        "share of false alerts allowed among those of a week, 10 %",
    ),
    "Alerts.limits": Text("combien demander à la fois", "how much to ask at a time"),
    "Alerts.send": Text("quand partent les résumés", "when digests leave"),
    "Alerts.quiet": Text(
        "jours sans alerte, [2026-12-21..2027-01-03]", "days without alerts, the same"
    ),
    "Alerts.facts": Text("faits surveillés, par leur nom", "facts watched, by name"),
    "Alerts.deviations": Text("écarts surveillés, par leur nom", "deviations watched, by name"),
    "Alerts.recognition": Text("ce qui mérite un mot", "what deserves a word"),
    "Limits.open_tasks_per_rep": Text(
        "tâches ouvertes à la fois par personne, 3", "tasks open at a time for a person, 3"
    ),
    "Send.rep": Text("résumé du représentant, monday 07:00", "digest of a rep, monday 07:00"),
    "Send.manager": Text("celui du gestionnaire, 24 h later", "that of a manager, 24 h later"),
    "FactRule.kind": Text("sorte de fait, ou bien when", "kind of fact, or else when"),
    "FactRule.when": Text(
        "condition sur les champs et les niveaux d'un compte",
        "condition over the fields and tags of an account",
    ),
    "FactRule.tiers": Text("niveaux des comptes, [gold]", "tiers of the accounts, [gold]"),
    "FactRule.after": Text("après combien de jours, 30 d", "after how many days, 30 d"),
    "FactRule.percentile": Text("part des ventes gagnées, 90 %", "share of the won deals, 90 %"),
    "FactRule.least": Text("ventes gagnées qu'il faut au moins", "won deals needed at least"),
    "FactRule.margin": Text("dépassement admis, 10 %", "excess allowed, 10 %"),
    "FactRule.one_per": Text(
        "une alerte par responsable, ou par compte", "one alert per owner, or per account"
    ),
    "FactRule.send": Text("task : dans le CRM ; digest : au résumé", "task: in the CRM; or digest"),
    "FactRule.to": Text("à qui : rep, manager, ops", "to whom: rep, manager, ops"),
    "FactRule.gravity": Text("ce qui passe d'abord", "what goes first"),
    "FactRule.snooze": Text("repos après une réponse, 14 d", "rest after an answer, 14 d"),
    "FactRule.due": Text("échéance de la tâche, 2 d", "when the task is due, 2 d"),
    "FactRule.subject": Text("objet : [français, anglais]", "subject: [French, English]"),
    "FactRule.body": Text("texte : [français, anglais]", "body: [French, English]"),
    "DeviationRule.kpi": Text("indicateur surveillé", "KPI watched"),
    "DeviationRule.activity": Text("de quelle activité", "of which activity"),
    "DeviationRule.windows": Text("fenêtres, [4 w, 8 w]", "windows, [4 w, 8 w]"),
    "DeviationRule.minimum": Text(
        "opportunités fermées qu'il faut à un taux, 36", "closed deals that a rate needs, 36"
    ),
    "DeviationRule.watch": Text("ce que fait un écart à surveiller", "what one to watch does"),
    "DeviationRule.confirmed": Text(
        "ce que fait un écart confirmé", "what a confirmed deviation does"
    ),
    "DeviationRule.gravity": Text("ce qui passe d'abord", "what goes first"),
    "DeviationRule.snooze": Text(
        "repos d'une tâche reportée, 14 d", "rest of a task put off, 14 d"
    ),
    "DeviationRule.due": Text("échéance de la tâche, 2 d", "when the task is due, 2 d"),
    "DeviationRule.subject": Text("objet : [français, anglais]", "subject: [French, English]"),
    "DeviationRule.body": Text("texte : [français, anglais]", "body: [French, English]"),
    "Recognition.won_back": Text("un compte qui dormait et achète", "a dormant account that buys"),
    "Recognition.risen": Text("un compte qui change de niveau", "an account that climbs the tiers"),
    "Recognition.priority_win": Text(
        "une vente où le plan la veut", "a win where the plan wants it"
    ),
    "Recognition.referrals": Text("des références", "referrals"),
    "WonBack.after": Text("sans achat depuis, 365 d", "without a sale for, 365 d"),
    "WonBack.text": Text("la phrase : [français, anglais]", "the sentence: [French, English]"),
    "Risen.from": Text("niveau d'avant", "tier before"),
    "Risen.to": Text("niveau d'après", "tier after"),
    "Risen.text": Text("la phrase : [français, anglais]", "the sentence: [French, English]"),
    "PriorityWin.tiers": Text("niveaux", "tiers"),
    "PriorityWin.segments": Text("segments des comptes", "segments of the accounts"),
    "PriorityWin.text": Text("la phrase : [français, anglais]", "the sentence: [French, English]"),
    "Referrals.every": Text("une phrase toutes les 5", "a sentence for each 5"),
    "Referrals.field": Text("champ d'opportunité qui les dit", "opportunity field that tells them"),
    "Referrals.value": Text("sa valeur", "its value"),
    "Referrals.text": Text("la phrase : [français, anglais]", "the sentence: [French, English]"),
    "Plan.owner": Text(
        "clé du représentant dans team.yaml, ou team pour toute l'équipe",
        "key of the rep in team.yaml, or team for the whole team",
    ),
    "Plan.period": Text("année de l'exercice", "year of the fiscal year"),
    "Plan.currency": Text("monnaie, comme CAD", "currency, as CAD"),
    "Plan.objective": Text("objectif de l'année", "objective of the year"),
    "Plan.sources": Text("l'objectif par source", "the objective by source"),
    "Plan.quarters": Text("l'objectif par trimestre", "the objective by quarter"),
    "Plan.targets": Text("cibles des indicateurs", "targets of the KPIs"),
    "Plan.time": Text(
        "heures par semaine pour les comptes, et leur partage",
        "hours a week for accounts, and how they are shared out",
    ),
    "Plan.segments": Text("l'objectif par segment", "the objective by segment"),
    "Plan.products": Text("l'objectif par produit", "the objective by product"),
    "Plan.seasonality": Text(
        "part de l'année de certains mois, july: 4 %", "share of the year of some months, july: 4 %"
    ),
    "Plan.accounts": Text("comptes par source", "accounts by source"),
    "Plan.assumptions": Text("ce que le plan suppose", "what the plan supposes"),
    "Plan.activities": Text(
        "rythme des activités de kpis.yaml", "rate of the activities of kpis.yaml"
    ),
    "Plan.away": Text("absences, [2026-07-20..2026-07-31]", "days away, [2026-07-20..2026-07-31]"),
    "Plan.review": Text("les revues du plan", "the reviews of the plan"),
    "Plan.agreed": Text("qui a dit oui, et quel jour", "who said yes, and on which day"),
    "Plan.accept": Text(
        "constats de plan check qu'on accepte", "findings of plan check that are accepted"
    ),
    "Plan.revisions": Text("ce qui change à partir d'un jour", "what changes from a day on"),
    "Assumptions.average_won_deal": Text(
        "vente gagnée moyenne, 33 500", "average won deal, 33 500"
    ),
    "Assumptions.cycle": Text("cycle de vente, 75 d", "sales cycle, 75 d"),
    "Assumptions.opportunities_per_account": Text(
        "part des comptes qui ouvrent une opportunité, 50 %",
        "share of accounts that open an opportunity, 50 %",
    ),
    "Review.every": Text("intervalle, 6 weeks", "interval, 6 weeks"),
    "Review.with": Text("clé de la personne dans team.yaml", "key of the person in team.yaml"),
    "Acceptance.finding": Text("nom du constat", "name of the finding"),
    "Acceptance.until": Text("jusqu'à ce jour compris", "up to this day, included"),
    "Acceptance.why": Text("pourquoi", "why"),
    "Revision.from": Text("premier jour, AAAA-MM-JJ", "first day, YYYY-MM-DD"),
    "Revision.why": Text("pourquoi", "why"),
    "Revision.objective": Text("objectif de l'année", "objective of the year"),
    "Revision.sources": Text("l'objectif par source", "the objective by source"),
    "Revision.quarters": Text("l'objectif par trimestre", "the objective by quarter"),
    "Revision.segments": Text("l'objectif par segment", "the objective by segment"),
    "Revision.products": Text("l'objectif par produit", "the objective by product"),
    "Revision.seasonality": Text(
        "part de l'année de certains mois, july: 4 %", "share of the year of some months, july: 4 %"
    ),
    "Revision.accounts": Text("comptes par source", "accounts by source"),
    "Revision.assumptions": Text("ce que le plan suppose", "what the plan supposes"),
    "Revision.targets": Text("cibles des indicateurs", "targets of the KPIs"),
    "Revision.activities": Text(
        "rythme des activités de kpis.yaml", "rate of the activities of kpis.yaml"
    ),
    "Revision.time": Text(
        "heures par semaine pour les comptes, et leur partage",
        "hours a week for accounts, and how they are shared out",
    ),
    "Revision.review": Text("les revues du plan", "the reviews of the plan"),
    "Revision.agreed": Text("qui a dit oui, et quel jour", "who said yes, and on which day"),
    "Time.capacity": Text("heures par semaine, 32 h per week", "hours a week, 32 h per week"),
    "Targets.opportunities_opened": Text("rythme, 12 per month", "rate, 12 per month"),
    "Targets.conversion_rate": Text("part, 25 %", "share, 25 %"),
    "Targets.active_pipeline": Text("montant, 300k", "amount, 300k"),
    "Targets.priority_contacted": Text("part, 90 %", "share, 90 %"),
    "Targets.proposals": Text("rythme, 6 per month", "rate, 6 per month"),
    "Targets.weighted_pipeline": Text("montant, 120k", "amount, 120k"),
    "Targets.coverage": Text("combien de fois ce qui reste, 3", "how many times what is left, 3"),
    "Targets.sales_cycle": Text("durée, 75 d au plus", "length, 75 d at most"),
    "Targets.priority_covered": Text("part, 90 %", "share, 90 %"),
    "Targets.priority_time": Text("part, 80 %", "share, 80 %"),
    "Targets.priority_revenue": Text("part, 70 %", "share, 70 %"),
    "Targets.potential_captured": Text("part, 15 %", "share, 15 %"),
    "Targets.plan_wins": Text("rythme, 2 per month", "rate, 2 per month"),
    "Rule.label": Text("[français, anglais]", "[French, English]"),
    "Rule.values": Text(
        "valeurs possibles, de la meilleure à la moindre, et leurs libellés",
        "values it can give, best first, with their labels",
    ),
    "Rule.bands": Text(
        "tranches d'un nombre ou d'une date : {of: champ, valeur: condition}",
        "bands of a number or a date: {of: field, value: condition}",
    ),
    "Rule.table": Text(
        "la première ligne dont toutes les cases sont vraies gagne",
        "the first row whose cells all hold wins",
    ),
    "Rule.points": Text("groupes qui s'additionnent", "groups that add up"),
    "Rule.when": Text("une condition, vraie ou fausse", "a condition, true or false"),
    "Rule.contact_every": Text("cadence par niveau, 14 d", "cadence by tier, 14 d"),
    "Rule.cap": Text(
        "plafond par représentant : {gold: 12 per owner, rank: champ}",
        "cap for each rep: {gold: 12 per owner, rank: field}",
    ),
    "Rule.demote": Text(
        "délai et marge d'une baisse : {after: 21 d, margin: 10 %}",
        "delay and margin of a demotion: {after: 21 d, margin: 10 %}",
    ),
    "Rule.freeze": Text("jours sans changement de niveau", "days on which no tier changes"),
    "Rule.contact_hours": Text("heures d'un contact, par niveau", "hours of a contact, by tier"),
    "Rule.challenge": Text("contestations acceptées d'office", "challenges accepted at once"),
    "Row.then": Text("ce que donne la ligne", "what the row gives"),
    "Row.else": Text("dans tous les autres cas", "in all other cases"),
    "Row.why": Text("ce que lit le représentant", "what the rep reads"),
    "Segments.scope": Text(
        "les comptes du plan : {when: condition}", "the accounts of the plan: {when: condition}"
    ),
    "Tests.always": Text("ce que tout exemple a", "what every example has"),
    "Tests.examples": Text("les exemples, par leur nom", "the examples, by name"),
    "Example.on": Text("le jour où il vaut, AAAA-MM-JJ", "the day it holds, YYYY-MM-DD"),
    "Example.given": Text("les champs du compte", "the fields of the account"),
    "Example.expect": Text("ce que les règles en font", "what the rules make of it"),
}


def told(text: Text) -> str:
    """Both languages, French first; once where they are the same."""
    return text.fr if text.fr == text.en else f"{text.fr}\n\n{text.en}"
