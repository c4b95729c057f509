"""A gallery of broken playbooks: each is the shipped one with one thing wrong.

`¦` stands where the error must be told; it is taken out before the file is read. `old` is what a
case replaces, once; without it the case is the whole file.
"""

from dataclasses import dataclass

from tests.playbooks import shipped

MARK = "¦"
SHIPPED = shipped()
TEAM, FIELDS, SEGMENTS = "team.yaml", "fields.yaml", "segments.yaml"
KPIS, ALERTS, PLAN = "kpis.yaml", "alerts.yaml", "plans/elise.yaml"


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken file: what to read, where the error is, and words of what is said."""

    what: str
    file: str
    old: str | None
    new: str
    fr: str
    en: str

    def marked(self) -> str:
        """The content with its mark."""
        if self.old is None:
            return self.new
        text = SHIPPED[self.file]
        assert self.old in text, f"{self.what}: {self.old} is not in {self.file}"
        return text.replace(self.old, self.new, 1)

    def content(self) -> str:
        """The content as it is read."""
        return self.marked().replace(MARK, "", 1)

    def place(self) -> tuple[int, int]:
        """The line and the column of the mark."""
        before = self.marked().partition(MARK)[0].replace("\r\n", "\n")
        return before.count("\n") + 1, len(before) - before.rfind("\n")


def when(condition: str, fr: str, en: str, *, what: str = "") -> Broken:
    """A rule with this condition at the end of the segments; it holds the mark."""
    # In a block text, so that the condition may hold any quote.
    text = SHIPPED[SEGMENTS] + f"\nextra:\n  when: |-\n    {condition}\n"
    return Broken(what or f"when {condition[:30]}", SEGMENTS, None, text, fr, en)


def rule(text: str, fr: str, en: str, *, what: str) -> Broken:
    """One more rule at the end of the segments; it holds the mark."""
    return Broken(what, SEGMENTS, None, f"{SHIPPED[SEGMENTS]}\n{text}\n", fr, en)


YAML_MISTAKES = [
    Broken("duplicate key", TEAM, "currency: CAD", "currency: CAD\n¦currency: CAD",
           "« currency » est écrite deux fois", "'currency' is written twice"),
    Broken("duplicate rep", TEAM, "  marc:", "  elise: {name: E}\n  ¦marc:".replace("¦", "")
           .replace("  elise", "  ¦elise"), "écrite deux fois", "written twice"),
    Broken("duplicate rule", SEGMENTS, "effort:  ", "¦engagement:  ", "écrite deux fois",
           "written twice"),
    Broken("duplicate criterion", SEGMENTS, 'effort: "<= 4", then: p2',
           'effort: "<= 4", ¦effort: "1", then: p2', "écrite deux fois", "written twice"),
    Broken("tab", TEAM, "  elise:", "¦\telise:", "tabulation", "tab"),
    Broken("tab after spaces", SEGMENTS, "  bands: {of: pot", "  ¦\tbands: {of: pot",
           "tabulation", "tab"),
    Broken("anchor", SEGMENTS, "gold: [Or, Gold]", "gold: ¦&or [Or, Gold]", "ancres", "anchors"),
    Broken("alias", SEGMENTS, "gold: [Or, Gold]", "gold: ¦*or", "ancres", "anchors"),
    Broken("YAML bomb", FIELDS, None,
           "a: ¦&a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\n",
           "ancres", "anchors"),
    Broken("tag", KPIS, "90 d", "¦!duration 90 d", "étiquettes", "tags"),
    Broken("tag of a programming language", KPIS, "90 d", "¦!!python/object/apply:os.system [ls]",
           "étiquettes", "tags"),
    Broken("merge key", SEGMENTS, "  label: [effort, effort]", "  ¦<<: {label: effort}",
           "clé inconnue « << »", "unknown key '<<'"),
    Broken("deep nesting", SEGMENTS, None, "[" * 18 + "¦" + "[" * 4_000, "imbrications", "nesting"),
    Broken("nested braces", ALERTS, None, "{a: " * 18 + "¦" + "{a: " * 400, "imbrications",
           "nesting"),
    Broken("too large", ALERTS, None, "¦start: 2026-01-05\n" + "# filler\n" * 30_000, "256 Ko",
           "256 KB"),
    Broken("10 MB", SEGMENTS, None, "¦a:\n" + "  - {x: y}\n" * 1_000_000, "256 Ko", "256 KB"),
    Broken("one line of 1 MB", TEAM, None, "¦zone: " + "x" * 1_000_000, "256 Ko", "256 KB"),
    Broken("quote never closed", TEAM, "name: Marc Lavoie", 'name: ¦"Marc Lavoie',
           "jamais fermé", "never closed"),
    Broken("single quote never closed", PLAN, "period: 2026", "period: ¦'2026", "jamais fermé",
           "never closed"),
    Broken("apostrophe in quotes", TEAM, "name: Marc Lavoie, email", "name: 'Marc d'¦Or', email",
           "virgule", "comma"),
    Broken("apostrophe in a list", SEGMENTS, "        - potentiel de plus de 500 k$",
           "        - 'plus d'¦un an", "texte inattendu", "unexpected text"),
    Broken("brace never closed", TEAM, "email: marc@arpent.example}\n",
           "email: marc@arpent.example\n¦",
           "(ce qui s'ouvre à la ligne 8)", "brace, is missing (what opens on line 8)"),
    Broken("bracket never closed", KPIS, "[gold, silver]\n", "[gold, silver\n¦", "à la ligne 13",
           "on line 13"),
    Broken("comma forgotten", TEAM, "name: Marc Lavoie, email", "name: Marc Lavoie email¦",
           "virgule", "comma"),
    Broken("colon in a text", PLAN, "owner: elise", "owner: elise¦: moi", "deux-points", "colon"),
    Broken("key without colon", PLAN, "currency: CAD\n", "currency CAD\n¦", "deux-points", "colon"),
    Broken("wrong indentation", KPIS, "  minimum: 10k", "   ¦minimum: 10k", "alignée",
           "aligned"),
    Broken("indented back", SEGMENTS, "  table:\n    - {tier: gold", " ¦table:\n    - {tier: gold",
           "alignée", "aligned"),
    Broken("dash forgotten", SEGMENTS, "    - potential_level: high\n",
           "    ¦potential_level: high\n", "tiret", "dash"),
    Broken("two documents", TEAM, "reps:", "¦---\nreps:", "un autre document",
           "another document"),
    Broken("text that begins with @", TEAM, "email: marc@arpent.example", "email: ¦@marc",
           "guillemets", "in quotes"),
    Broken("text that begins with %", PLAN, "conversion_rate: 25 %", "conversion_rate: ¦% 25",
           "guillemets", "in quotes"),
    Broken("text that begins with a backquote", PLAN, "owner: elise", "owner: ¦`elise`",
           "guillemets", "in quotes"),
    Broken("text that begins with a brace", ALERTS, '- "Opportunités', '- {{weeks}} ¦"Opportunités',
           "texte inattendu", "unexpected text"),
    Broken("unknown escape", TEAM, "name: Marc Lavoie", 'name: "Marc\\¦qLavoie"',
           "doublez-le", "double it"),
    Broken("NUL", TEAM, "name: Marc", "name: ¦\0Marc", "invisible", "invisible"),
    Broken("NUL by an escape", TEAM, "name: Marc Lavoie", 'name: "Marc¦\\0"', "invisible",
           "invisible"),
    Broken("bell", PLAN, "owner: elise", "owner: eli¦\ase", "invisible", "invisible"),
    Broken("half a surrogate", TEAM, "name: Marc Lavoie", 'name: "¦\\ud83d"', "invisible",
           "invisible"),
    Broken("half-written file", SEGMENTS, None,
           SHIPPED[SEGMENTS][: SHIPPED[SEGMENTS].index("engagement: active\n")].rstrip()
           + "\n      engagem¦", "deux-points", "colon"),
    Broken("half-written list", FIELDS, None, "account:\n  kind: {values: {client: [a,¦",
           "s'arrête trop tôt", "ends too early"),
    Broken("merge conflict", SEGMENTS, "effort:  ", "¦<<<<<<< HEAD\neffort:  ", "conflit de git",
           "git conflict"),
    Broken("JSON with a trailing word", ALERTS, None, '{"start": "2026-01-05"} ¦x', "YAML", "YAML"),
    Broken("CRLF and a typo", TEAM, None,
           SHIPPED[TEAM].replace("currency:", "¦curency:").replace("\n", "\r\n"),
           "« currency »", "'currency'"),
    Broken("BOM and a typo", TEAM, None,
           "\ufeff" + SHIPPED[TEAM].replace("zone:", "¦zoen:"), "« zone »", "'zone'"),
]  # fmt: skip

FILES = [
    Broken("empty team", TEAM, None, "¦", "il manque la clé « zone »", "'zone' is missing"),
    Broken("empty segments", SEGMENTS, None, "¦", "règles nommées", "named rules"),
    Broken("comments only", ALERTS, None, "¦# rien\n", "« start »", "'start'"),
    Broken("list for map", TEAM, None, "¦- zone: America/Toronto\n", "clé: valeur", "key: value"),
    Broken("text for map", SEGMENTS, None, "¦tier\n", "règles nommées", "named rules"),
    Broken("list of rules", SEGMENTS, None, "¦- tier: {}\n", "règles nommées", "named rules"),
    Broken("unknown file", "segment.yaml", None, "¦tier: {}\n", "fichier inconnu",
           "did you mean 'segments.yaml'?"),
    Broken("plan outside its folder", "elise.yaml", None, "¦owner: elise\n", "fichier inconnu",
           "unknown file"),
]  # fmt: skip

PEOPLE = [
    Broken("key misspelt", TEAM, "currency:", "¦curency:", "vouliez-vous dire « currency »",
           "did you mean 'currency'?"),
    Broken("key unknown", TEAM, "language: fr", "langue: fr".replace("langue", "¦langue"),
           "clé inconnue « langue »", "unknown key 'langue'"),
    Broken("zone unknown", TEAM, "America/Toronto", "¦America/Montreall",
           "fuseau inconnu", "did you mean 'America/Montreal'?"),
    Broken("zone as a number", TEAM, "America/Toronto", "¦-5", "fuseau inconnu", "unknown zone"),
    Broken("currency sign", TEAM, "CAD", "¦$", "code de monnaie", "currency code"),
    Broken("currency in lower case", TEAM, "CAD", "¦cad", "code de monnaie", "currency code"),
    Broken("two currencies", TEAM, "CAD", "¦[CAD, USD]", "code de monnaie", "currency code"),
    Broken("language unknown", TEAM, "language: fr", "language: ¦es", "(valeurs : fr, en)",
           "(values: fr, en)"),
    Broken("month by number", TEAM, "january", "¦1", "n'est pas un mois", "not a month"),
    Broken("month in French", TEAM, "january", "¦janvier", "n'est pas un mois", "not a month"),
    Broken("rep without name", TEAM, "{name: Marc Lavoie, email", "¦{email", "« name »", "'name'"),
    Broken("rep as a text", TEAM, "{name: Marc Lavoie, email: marc@arpent.example}", "¦Marc",
           "clé: valeur", "key: value"),
    Broken("reps as a list", TEAM, None,
           "zone: America/Toronto\ncurrency: CAD\nreps:\n  ¦- elise\n", "clé: valeur",
           "key: value"),
    Broken("unknown key of a rep", TEAM, "name: Marc Lavoie,", "name: Marc, ¦nmae: x,",
           "« name »", "'name'"),
    Broken("manager unknown", TEAM, "manager: marc", "manager: ¦mark", "« marc »", "'marc'"),
    Broken("own manager", TEAM, "manager: marc", "manager: ¦elise", "son propre gestionnaire",
           "their own manager"),
    Broken("same address twice", TEAM, "email: marc@", "email: ¦elise@", "déjà l'adresse",
           "already the address"),
    Broken("day that does not exist", TEAM, "manager: marc", "start: ¦2026-02-30",
           "n'est pas une date", "not a date"),
    Broken("day written in French order", TEAM, "manager: marc", "start: ¦01-02-2026",
           "n'est pas une date", "not a date"),
    Broken("leaves before arriving", TEAM, "manager: marc",
           "start: 2026-05-01, end: ¦2026-04-01", "end précède start", "end is before start"),
]  # fmt: skip

CRM_FIELDS = [
    Broken("type unknown", FIELDS, "type: money", "type: ¦monney", "« money »", "'money'"),
    Broken("type forgotten", FIELDS, "potential: {label: [potentiel, potential], type: money, ",
           "potential: ¦{", "« type »", "'type'"),
    Broken("CRM misspelt", FIELDS, "hubspot: potentiel_annuel", "¦hubspt: potentiel_annuel",
           "« hubspot »", "'hubspot'"),
    Broken("bound to nothing", FIELDS, "  sector: {label: [secteur, sector], type: text, "
           "hubspot: industry}", "  ¦sector: {type: text}", "n'est lié à aucun champ",
           "bound to no field"),
    Broken("name in capitals", FIELDS, "  potential:", "  ¦Potential:", "en minuscules",
           "in lower case"),
    Broken("name with a space", FIELDS, "  sector:", "  ¦my sector:", "en minuscules",
           "in lower case"),
    Broken("reserved name", FIELDS, "  size:", "  ¦select:", "mot réservé", "reserved word"),
    Broken("name that is computed", FIELDS, "  size:", "  ¦open_amount:", "existe déjà",
           "exists already"),
    Broken("values without choice", FIELDS, "type: text,", "type: text, ¦values: {a: b},",
           "type: choice", "type: choice"),
    Broken("value with a meaning of its own", FIELDS, "{short: court", "{¦unknown: court",
           "déjà un sens", "meaning of its own"),
    Broken("option bound twice", FIELDS, "moyen, long: long}", "court, long: long}"
           .replace("court", "¦court"), "déjà l'option", "already the option"),
    Broken("label of no value", FIELDS, "labels: {short:", "labels: {¦shrot:", "« short »",
           "'short'"),
    Broken("three labels", FIELDS, "label: [effectif, headcount]", "label: ¦[effectif, a, b]",
           "[français, anglais]", "[French, English]"),
    Broken("accounts as a list", FIELDS, None, "account:\n  ¦- potential\n", "clé: valeur",
           "key: value"),
    Broken("own field unknown", FIELDS, "contact_status]", "¦contact_statut]", "contact_status",
           "contact_status"),
    Broken("drift policy unknown", FIELDS, "  optional:", "  drift: {tier: ¦respekt}\n  optional:",
           "« respect »", "'respect'"),
    Broken("drift of a field that is not ours", FIELDS, "  optional:",
           "  drift: {¦amount: respect}\n  optional:", "clé inconnue", "unknown key"),
]  # fmt: skip

RULES = [
    Broken("no tier", SEGMENTS, None, "¦a: {when: potential > 1}\n", "« tier »", "'tier'"),
    Broken("tier as bands", SEGMENTS, None,
           "tier:\n  values: {gold: Or}\n  ¦bands: {of: potential, gold: '> 1'}\n",
           "doit être une table", "must be a table"),
    Broken("shape unknown", SEGMENTS, None,
           SHIPPED[SEGMENTS].replace("bands: {of: pot", "band: {of: pot")
           .replace("potential_level:", "¦potential_level:", 1), "une forme", "one shape"),
    Broken("two shapes", SEGMENTS, "existing_link:   ", "¦existing_link:\n  points: {}   ",
           "une forme, et une seule", "one shape"),
    Broken("reserved rule name", SEGMENTS, "effort:  ", "¦then:  ", "mot réservé",
           "reserved word"),
    Broken("rule named like a field", SEGMENTS, "effort:  ", "¦potential:  ", "déjà un champ",
           "already a field"),
    Broken("key of a rule misspelt", SEGMENTS, "  values: {high:", "  ¦valeus: {high:",
           "« values »", "'values'"),
    Broken("scope misspelt", SEGMENTS, None,
           SHIPPED[SEGMENTS].replace("when: owner", "whn: owner").replace("scope:", "¦scope:", 1),
           "scope: {when: condition}", "scope: {when: condition}"),
    Broken("scope on a rule", SEGMENTS, "when: owner is not null and", "when: ¦tier = 'gold' and",
           "seulement de champs", "only on fields"),
    Broken("circular bands", SEGMENTS, None,
           "¦a: {bands: {of: b, x: '> 1'}}\nb: {points: {a: {x: 1}}}\n"
           "tier:\n  values: {g: G}\n  table: [{else: g}]\n", "a → b → a", "a → b → a"),
    rule("¦loop: {when: loop}", "en rond", "in a circle", what="rule of itself"),
    Broken("band on an unknown field", SEGMENTS, "of: potential", "of: ¦potental",
           "« potential »", "'potential'"),
    Broken("band value unknown", SEGMENTS, 'high: "> 500k"', '¦hihg: "> 500k"', "« high »",
           "'high'"),
    Broken("band not a number", SEGMENTS, '"> 500k"', '"¦> beaucoup"', "n'est pas un nombre",
           "is not a number"),
    Broken("band with thousands by commas", SEGMENTS, '"> 500k"', '"¦> 500,000"', "500000",
           "500000"),
    Broken("band backwards", SEGMENTS, '"100k..500k"', '"¦500k..100k"', "dépasse la seconde",
           "above the second"),
    Broken("band of mixed units", SEGMENTS, '"100k..500k"', '"¦100..500k"', "100k..500k",
           "100k..500k"),
    Broken("days without ago", SEGMENTS, '"< 90 d ago"', '"¦< 90 d"', "n'est pas une date",
           "is not a date"),
    Broken("negative days", SEGMENTS, '"< 90 d ago"', '"¦< -90 d ago"', "durée", "duration"),
    Broken("unit unknown", SEGMENTS, '"< 90 d ago"', '"¦< 90 months ago"', "durée", "duration"),
    Broken("too many days", SEGMENTS, '"< 90 d ago"', '"¦< 99999 d ago"', "trop long", "too long"),
    Broken("day that never was", SEGMENTS, '"< 90 d ago"', '"¦>= 2026-02-30"',
           "n'est pas une date", "is not a date"),
    Broken("no band at all", SEGMENTS, '{of: potential, high: "> 500k", medium: "100k..500k", '
           'low: "< 100k"}', "¦{of: potential}", "{of: champ", "{of: field"),
    Broken("points as text", SEGMENTS, "{sole: 1,", "{sole: ¦un,", "n'est pas un nombre",
           "is not a number"),
    Broken("points for no value", SEGMENTS, "{sole: 1,", "{¦solo: 1,", "« sole »", "'sole'"),
    Broken("points of nothing", SEGMENTS, "    cycle: {short: 1, medium: 2, long: 3, unknown: 2}",
           "    cycle: ¦{}", "valeur: points", "value: points"),
    Broken("cadence of no tier", SEGMENTS, "{gold: 14 d, silver", "{¦or: 14 d, silver",
           "n'est pas un niveau", "is not a tier"),
    Broken("negative cadence", SEGMENTS, "gold: 14 d", "gold: ¦-14 d", "durée", "duration"),
    Broken("cadence without unit", SEGMENTS, "gold: 14 d", "gold: ¦14", "durée", "duration"),
    Broken("cadence of a priority", SEGMENTS, "priority:\n",
           "priority:\n  ¦contact_every: {p1: 1 d}\n",
           "ne va qu'avec tier", "only goes with tier"),
    Broken("cap of zero", SEGMENTS, "  contact_every:",
           "  ¦cap: {gold: 0 per owner}\n  contact_every:",
           "cap", "cap"),
    rule("¦extra:\n  label: x", "une forme, et une seule", "one shape", what="rule without shape"),
    rule("extra:\n  values: {x: X}\n  bands: {of: size, ¦y: '> 1'}", "n'est pas dans values",
         "not in values", what="band of no value"),
    rule("extra:\n  values: ¦[x, y]\n  bands: {of: size, x: '> 1'}", "libellé", "label",
         what="values as a list"),
    rule("extra:\n  label: ¦{fr: x}\n  when: size > 1", "[français, anglais]",
         "[French, English]", what="label as a map"),
]  # fmt: skip

TABLES = [
    Broken("unreachable row", SEGMENTS, "    - {else: p4}",
           "    ¦- {tier: gold, effort: '> 4', then: p3}\n    - {else: p4}".replace("¦- ", "- ¦"),
           "la ligne 4 ne sert jamais : la ligne 1 prend déjà",
           "row 4 never counts: row 1 already"),
    Broken("row covered by two others", SEGMENTS, '    - {effort: "<= 4", then: maintain}',
           "    - ¦{potential_level: high, effort: known, then: avoid}\n"
           '    - {effort: "<= 4", then: maintain}',
           "les lignes 2 et 3 prennent déjà", "rows 2 and 3 already take"),
    Broken("row against itself", SEGMENTS, "    - {else: avoid}",
           "    - ¦{potential: '> 500k', potential_level: low, then: avoid}\n    - {else: avoid}",
           "ne vont jamais ensemble", "never go together"),
    Broken("cell that nothing is", SEGMENTS,
           '- {decision_makers: "1", influencers: "0", then: sole',
           '- ¦{decision_makers: "1", influencers: "< 0", then: sole',
           "aucun compte n'a « influencers: < 0 »",
           "no account has 'influencers: < 0'"),
    Broken("sum that is never reached", SEGMENTS, "    - {else: avoid}",
           '    - ¦{effort: "> 6", then: avoid}\n    - {else: avoid}', "« effort: > 6 »",
           "'effort: > 6'"),
    Broken("gap", SEGMENTS, None,
           SHIPPED[SEGMENTS].replace("    - {else: p4}\n", "")
           .replace("p4: [4 – En veille, 4 – On hold]\n  table", "p4: x\n  ¦table"),
           "par exemple Niveau Bronze, effort 3", "for example Tier Bronze, effort 3"),
    Broken("gap at a limit", SEGMENTS, None,
           "tier:\n  values: {gold: Or, silver: Argent}\n  ¦table:\n"
           "    - {potential: '> 500k', then: gold}\n    - {potential: '< 500k', then: silver}\n",
           "par exemple potentiel 500\u00a0000\u00a0$", "for example potential $500,000"),
    Broken("gap of a day", SEGMENTS, None,
           "tier:\n  values: {gold: Or, silver: Argent}\n  ¦table:\n"
           "    - {last_logged_contact: '< 90 d ago', then: gold}\n"
           "    - {last_logged_contact: '> 90 d ago', then: silver}\n",
           "dernier contact consigné il y a 90 j", "last logged contact 90 d ago"),
    Broken("gap between two criteria", SEGMENTS, None,
           "tier:\n  values: {gold: Or, silver: Argent}\n  ¦table:\n"
           "    - {potential: '> 500k', kind: client, then: gold}\n"
           "    - {potential: '<= 500k', then: silver}\n    - {kind: other | client, then: gold}\n",
           "type de compte prospect", "account type prospect"),
    Broken("dead band", SEGMENTS, 'medium: "100k..500k"', '¦medium: "> 600k"',
           "la bande « medium » ne sert jamais", "band 'medium' never counts"),
    Broken("dead points", SEGMENTS, "    cycle: {short: 1,", "    cycle: {known: 2, ¦short: 1,",
           "la case « short » ne sert jamais", "cell 'short' never counts"),
    Broken("criterion unknown", SEGMENTS, "    - {tier: gold, then: p1}",
           "    - {¦teir: gold, then: p1}", "« tier »", "'tier'"),
    Broken("cell value unknown", SEGMENTS, "{tier: gold, then: p1}", "{tier: ¦glod, then: p1}",
           "« gold »", "'gold'"),
    Broken("second value unknown", SEGMENTS, "potential_level: high | medium\n",
           "potential_level: high | ¦mediun\n", "« medium »", "'medium'"),
    Broken("result unknown", SEGMENTS, "{tier: gold, then: p1}", "{tier: gold, then: ¦p5}",
           "valeurs : p1, p2, p3, p4", "values: p1, p2, p3, p4"),
    Broken("result forgotten", SEGMENTS, "- {tier: gold, then: p1}", "- ¦{tier: gold}",
           "then: valeur", "then: value"),
    Broken("result as a list", SEGMENTS, "{tier: gold, then: p1}", "{tier: gold, ¦then: [p1]}",
           "une valeur", "one value"),
    Broken("cell as a list", SEGMENTS, "{tier: gold, then: p1}",
           "{tier: ¦[gold, silver], then: p1}",
           "séparez les valeurs par |", "separate values by |"),
    Broken("cell left empty", SEGMENTS, "{tier: gold, then: p1}", "{¦tier: , then: p1}",
           "une case", "a cell"),
    Broken("else before the end", SEGMENTS, "    - {tier: gold, then: p1}",
           "    - {¦else: p4}\n    - {tier: gold, then: p1}".replace("{¦else: p4}", "{else: ¦p4}"),
           "dernière ligne", "last row"),
    Broken("else with a condition", SEGMENTS, "{else: p4}", "{tier: gold, else: ¦p4}",
           "dernière ligne", "last row"),
    Broken("row without condition", SEGMENTS, "- {tier: gold, then: p1}", "- ¦{then: p1}",
           "écrivez else", "write else"),
    Broken("row as a text", SEGMENTS, "- {tier: gold, then: p1}", "- ¦tier gold p1",
           "une ligne est", "a row is"),
    Broken("table as a map", SEGMENTS, None,
           "tier:\n  values: {gold: Or}\n  table: ¦{gold: potential}\n", "liste de lignes",
           "list of rows"),
    Broken("table without rows", SEGMENTS, None,
           "tier:\n  values: {gold: Or}\n  table: ¦[]\n", "liste de lignes", "list of rows"),
    Broken("too many rows", SEGMENTS, None,
           "tier:\n  values: {gold: Or}\n  table:\n" + "    - {potential: '1', then: gold}\n" * 500
           + "    - ¦{potential: '2', then: gold}\n", "plus de 500 lignes", "over 500 rows"),
    Broken("text in a number", SEGMENTS, 'effort: "<= 4", then: p2', "effort: ¦petit, then: p2",
           "n'est pas un nombre", "is not a number"),
    Broken("sign turned around", SEGMENTS, 'effort: "<= 4", then: p2', 'effort: "¦=< 4", then: p2',
           "n'est pas un nombre", "is not a number"),
    Broken("yes or no", SEGMENTS, "existing_link: yes", "existing_link: ¦peut-être",
           "yes, no ou unknown", "yes, no or unknown"),
    Broken("placeholder unknown", SEGMENTS, '- else: "potentiel {potential_level}',
           '- else: ¦"potentiel {potential_levl}', "« potential_level »", "'potential_level'"),
    Broken("placeholder that is a number", SEGMENTS, '- else: "potentiel {potential_level}',
           '- else: ¦"potentiel {effort}', "ni un choix ni un texte",
           "neither a choice nor a text"),
    Broken("placeholder left open", SEGMENTS, '- else: "potentiel {potential_level}',
           '- else: ¦"potentiel {potential_level', "entre accolades", "in braces"),
    Broken("reason in three languages", SEGMENTS,
           "        - potentiel de plus de 500 k$, relation à bâtir ou à réveiller",
           "        ¦- a\n        - b", "[français, anglais]",
           "[French, English]"),
]  # fmt: skip

CONDITIONS = [
    when("¦potental > 1", "« potential »", "'potential'"),
    when("potential ¦== 1", "une seule fois", "single ="),
    when("potential = ¦?", "« ? »", "'?'"),
    when("potential > 1 ¦-- toujours", "« -- »", "'--'"),
    when("potential > 1 ¦/* toujours */", "« /* »", "'/*'"),
    when("potential in (¦select 1)", "« select »", "'select'"),
    when("potential > 1¦; drop table account", "« ; »", "';'"),
    when("¦exists(potential)", "« exists »", "'exists'"),
    when("¦pg_sleep(10) = 1", "pg_sleep", "pg_sleep"),
    when("¦case when potential > 1 then 1 end", "« case »", "'case'"),
    when("potential¦::int > 1", "« :: »", "'::'"),
    when("¦" + "(" * 400 + "potential > 1" + ")" * 400, "imbriquées", "nested",
         what="400 parentheses"),
    when("¦" + "not " * 200 + "potential > 1", "imbriquées", "nested", what="200 not"),
    when("¦" + "potential > 1 or " * 300 + "potential > 2", "trop longue", "too long",
         what="300 alternatives"),
    when("sector = ¦'oil", "jamais fermé", "never closed"),
    when("sector = 'l'eau¦'", "jamais fermé", "never closed"),
    when("potential = ¦null", "IS NULL", "IS NULL"),
    when("potential <> ¦NULL", "IS NULL", "IS NULL"),
    when("kind = ¦'cliant'", "« client »", "'client'"),
    when('kind = ¦"client"', "'client'", "'client'"),
    when("potential > ¦'beaucoup'", "un montant", "an amount"),
    when("sector = ¦3", "un texte", "a text"),
    when("last_won > ¦'2026-02-30'", "n'est pas une date", "is not a date"),
    when("¦days_since(potential) > 3", "champ de type date", "date field"),
    when("¦days_since(last_won, 3) > 3", "days_since", "days_since"),
    when("¦potential", "condition", "condition"),
    when("(potential > ¦1", "parenthèses", "parentheses"),
    when("potential > 1¦)", "parenthèses", "parentheses"),
    when("potential > 1 an¦d", "s'arrête", "ends"),
    when("¦potential = kind", "ne compare pas", "can't be compared"),
    when("¦name > 'a'", "ne se compare que", "only compared by"),
    when("potential > 1 and ¦potential + sector > 1", "un calcul", "calculated"),
    when("¦@@version = 1", "« @ »", "'@'"),
    when("kind ¦like 'cl%'", "« like »", "'like'"),
    rule("extra:\n  when: ¦[potential, kind]", "écrivez une condition", "write a condition",
         what="condition as a list"),
    rule("extra:\n  ¦when:", "écrivez une condition", "write a condition",
         what="condition left empty"),
]  # fmt: skip

PLANS = [
    Broken("plan of nobody", PLAN, "owner: elise", "owner: ¦eloise", "« elise »", "'elise'"),
    Broken("plan without owner", PLAN, "owner: elise\nperiod:", "¦period:", "« owner »", "'owner'"),
    Broken("year in two digits", PLAN, "period: 2026", "period: ¦26", "n'est pas une année",
           "is not a year"),
    Broken("year that is a month", PLAN, "period: 2026", "period: ¦2026-01", "n'est pas une année",
           "is not a year"),
    Broken("plan in another currency", PLAN, "currency: CAD", "currency: ¦USD", "CAD", "CAD"),
    Broken("objective as a text", PLAN, "objective: 1 200 000", "objective: ¦beaucoup",
           "n'est pas un nombre", "is not a number"),
    Broken("negative objective", PLAN, "objective: 1 200 000", "objective: ¦-1", "trop petit",
           "too small"),
    Broken("sources over the objective", PLAN, "sources: {existing: 600",
           "¦sources: {existing: 700",
           "dépasse l'objectif", "over the objective"),
    Broken("quarters under the objective", PLAN, "quarters: {q1: 240", "¦quarters: {q1: 140",
           "il manque", "is missing"),
    Broken("fifth quarter", PLAN, "{q1: 240 000, q2", "{¦q5: 240 000, q2", "q1", "q1"),
    Broken("sources in percent that don't add up", PLAN, "{existing: 600 000, new: 480 000, "
           "referral: 120 000}", "{existing: ¦60 %, new: 30 %, referral: 20 %}",
           "n'est pas un nombre", "not a number"),
    Broken("KPI unknown", PLAN, "conversion_rate:", "¦conversion_rat:", "« conversion_rate »",
           "'conversion_rate'"),
    Broken("rate without period", PLAN, "12 per month", "¦12", "rythme", "rate"),
    Broken("rate per fortnight", PLAN, "12 per month", "¦12 per fortnight", "rythme", "rate"),
    Broken("rate of zero", PLAN, "12 per month", "¦0 per month", "dépasser zéro", "over zero"),
    Broken("share over 100 %", PLAN, "25 %", "¦125 %", "100 %", "100 %"),
    Broken("share without sign", PLAN, "25 %", "¦25", "25 %", "25 %"),
    Broken("targets as a list", PLAN, None,
           "owner: elise\nperiod: 2026\ncurrency: CAD\nobjective: 1\ntargets: ¦[a]\n",
           "clé: valeur", "key: value"),
    Broken("second plan of the year", "plans/zoe.yaml", None,
           "owner: ¦elise\nperiod: 2026\ncurrency: CAD\nobjective: 1\n", "a déjà un plan",
           "already has a plan"),
    Broken("KPI misspelt", KPIS, "active_pipeline:", "¦activ_pipeline:", "« active_pipeline »",
           "'active_pipeline'"),
    Broken("KPI without its setting", KPIS, None, "opportunities_opened:\n  ¦label: x\n",
            "« minimum »", "'minimum'"),
    Broken("window of zero days", KPIS, "90 d", "¦0 d", "trop petit", "too small"),
    Broken("window in months", KPIS, "90 d", "¦3 months", "durée", "duration"),
    Broken("KPI of no tier", KPIS, "[gold, silver]", "[gold, ¦slver]", "« silver »", "'silver'"),
    Broken("KPI without tier", KPIS, "[gold, silver]", "¦[]", "au moins un niveau",
           "at least one tier"),
    Broken("KPIs as a list", KPIS, None, "¦- conversion_rate\n", "clé: valeur", "key: value"),
    Broken("start forgotten", ALERTS, None, "¦deviations: {}\n", "« start »", "'start'"),
    Broken("start that never was", ALERTS, "2026-01-05", "¦2026-02-30", "n'est pas une date",
           "not a date"),
    Broken("alert on no KPI", ALERTS, "kpi: opportunities_opened", "kpi: ¦opportunities_open",
           "« opportunities_opened »", "'opportunities_opened'"),
    Broken("alert on a rate", ALERTS, "kpi: opportunities_opened", "kpi: ¦conversion_rate",
           "seul un nombre", "only a count"),
    Broken("key of an alert misspelt", ALERTS, "    windows:", "    ¦window:", "« windows »",
           "'windows'"),
    Broken("window of some days", ALERTS, "[4 w, 8 w, 13 w]", "¦[4 w, 10 d]", "semaines entières",
           "whole weeks"),
    Broken("window twice", ALERTS, "[4 w, 8 w, 13 w]", "¦[4 w, 4 w]", "deux fois", "twice"),
    Broken("window that is no list", ALERTS, "[4 w, 8 w, 13 w]", "¦4 w", "liste de durées",
           "list of durations"),
    Broken("action unknown", ALERTS, "confirmed: task", "confirmed: ¦tsak", "« task »", "'task'"),
    Broken("negative delay", ALERTS, "due: 2 d", "due: ¦-2 d", "durée", "duration"),
    Broken("placeholder of an alert unknown", ALERTS, '- "Opportunités ouvertes en {weeks}',
           '¦- "Opportunités ouvertes en {weks}',
           "« weeks »", "'weeks'"),
    Broken("alert said in one list of three", ALERTS, "    subject:\n",
           "    subject:\n      ¦- x\n",
           "[français, anglais]", "[French, English]"),
]  # fmt: skip


def every() -> list[Broken]:
    """All that are broken in one file."""
    return [*YAML_MISTAKES, *FILES, *PEOPLE, *CRM_FIELDS, *RULES, *TABLES, *CONDITIONS, *PLANS]
