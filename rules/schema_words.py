"""What an editor says of each key of a playbook, French first; `Model.field` names a key."""

from collections.abc import Mapping

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
    "Team.zone": Text("fuseau, comme America/Toronto", "time zone, as America/Toronto"),
    "Team.currency": Text("monnaie, comme CAD", "currency, as CAD"),
    "Team.language": Text(
        "langue des étiquettes et des tâches dans le CRM", "language of labels and tasks in the CRM"
    ),
    "Team.fiscal_year": Text("mois où commence l'exercice", "month in which fiscal years begin"),
    "Team.holidays": Text("jours fériés suivis, comme CA-QC", "holidays followed, as CA-QC"),
    "Team.reps": Text("les représentants, par leur clé", "the reps, by their key"),
    "Rep.name": Text("nom, tel qu'on le lit", "name, as people read it"),
    "Rep.email": Text("adresse dans le CRM", "address in the CRM"),
    "Rep.manager": Text("clé de son gestionnaire", "key of their manager"),
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
        "rien n'est envoyé avant ce jour, AAAA-MM-JJ", "nothing is sent before this day, YYYY-MM-DD"
    ),
    "Alerts.deviations": Text("écarts surveillés, par leur nom", "deviations watched, by name"),
    "DeviationRule.kpi": Text("indicateur surveillé", "KPI watched"),
    "DeviationRule.windows": Text("fenêtres, [4 w, 8 w]", "windows, [4 w, 8 w]"),
    "DeviationRule.confirmed": Text(
        "ce que fait un écart confirmé", "what a confirmed deviation does"
    ),
    "DeviationRule.due": Text("échéance de la tâche, 2 d", "when the task is due, 2 d"),
    "DeviationRule.subject": Text("objet : [français, anglais]", "subject: [French, English]"),
    "DeviationRule.body": Text("texte : [français, anglais]", "body: [French, English]"),
    "Plan.owner": Text("clé du représentant dans team.yaml", "key of the rep in team.yaml"),
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
    "Time.capacity": Text("heures par semaine, 32 h per week", "hours a week, 32 h per week"),
    "Targets.opportunities_opened": Text("rythme, 12 per month", "rate, 12 per month"),
    "Targets.conversion_rate": Text("part, 25 %", "share, 25 %"),
    "Targets.active_pipeline": Text("montant, 300k", "amount, 300k"),
    "Targets.priority_contacted": Text("part, 90 %", "share, 90 %"),
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
