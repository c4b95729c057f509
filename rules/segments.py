"""`segments.yaml`: the scope, the rules in the order they depend on each other, and the tags.

A rule may use facts and other rules, wherever they stand in the file; a circle is an error.
Five rule names are tags, written to the store and to the CRM: `tier` (required), `priority`,
`segment`, `quadrant`; `contact_every` of `tier` gives the next contact and the contact status.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import case, func, literal

from rules.budget import KEYS as BUDGET_KEYS
from rules.budget import Budget
from rules.budget_reading import BudgetReader
from rules.cells import KNOWN
from rules.cells import UNKNOWN as UNKNOWN_CELL
from rules.conditions import name_fault
from rules.language import Language, Text
from rules.located import Document, Misfit, Path, nearest
from rules.numbers import read_days
from rules.owned import Owned
from rules.records import FieldType
from rules.shapes import SHAPES, Row, Rule, ShapeReader, row_number
from rules.team import read_words
from rules.terms import Name, Sql, Term

TAGS = (Owned.TIER, Owned.PRIORITY, Owned.SEGMENT, Owned.QUADRANT)
CHOICE_TAGS = (Owned.TIER, Owned.PRIORITY, Owned.QUADRANT)
RESERVED = ("scope", "languages", "tests")
_OF_TIER = ("contact_every", *BUDGET_KEYS)
_KEYS = {"label", "values", *_OF_TIER, *SHAPES}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_ASSUMED = {"when": FieldType.YES_NO, "points": FieldType.NUMBER}
RULE_LIMIT = 200
CHAIN_LIMIT = 25
UNKNOWN = Text("à préciser", "to be specified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The compiled rules; `rules` stand in the order they must be computed."""

    scope: Term
    rules: Sequence[Rule]
    language: Language
    budget: Budget = field(default_factory=Budget)

    def rule(self, name: str) -> Rule | None:
        """A rule by its name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    @property
    def tier(self) -> Rule:
        """The rule that every playbook has."""
        return next(rule for rule in self.rules if rule.name == Owned.TIER)

    def facts(self, names: Mapping[str, Name]) -> tuple[str, ...]:
        """The facts that the rules read, `names` being all facts."""
        terms = [self.scope, *(rule.term for rule in self.rules)]
        used = dict.fromkeys(name for term in terms for name in term.uses)
        needed = ("created", "last_logged_contact") if self.tier.contact_every else ()
        used_too = (*needed, *self.budget.facts)
        return tuple(dict.fromkeys([*(name for name in used if name in names), *used_too]))


def read_segments(
    document: Document, facts: Mapping[str, Name], language: Language
) -> Segments | None:
    """`segments.yaml`; None when something is wrong with it, said in the document's issues."""
    return _Reader(document, facts, language).read()


class _Reader:
    def __init__(self, document: Document, facts: Mapping[str, Name], language: Language) -> None:
        self._document = document
        self._data: Any = document.data
        self._facts = facts
        self._names = dict(facts)
        self._language = language

    def read(self) -> Segments | None:
        if not isinstance(self._data, dict):
            self._complain((), "il faut des règles nommées", "named rules are needed")
            return None
        known = len(self._document.issues)
        rules = [self._rule(name) for name in self._in_order()]
        scope = self._scope()
        if Owned.TIER not in self._data:
            self._complain((), "il manque la règle « tier »", "the rule 'tier' is missing")
        budget = self._budget()
        if len(self._document.issues) > known or scope is None:
            return None
        return Segments(
            scope=scope,
            rules=[rule for rule in rules if rule],
            language=self._language,
            budget=budget,
        )

    def _budget(self) -> Budget:
        """What stands under `tier` besides its table; its condition may use any rule."""
        data = self._data.get(Owned.TIER)
        if not isinstance(data, dict):
            return Budget()
        values = data.get("values")
        tiers = values if isinstance(values, dict) else {}
        labels = {tier: _words_of(tier, words) for tier, words in tiers.items()}
        return BudgetReader(self._document, data, self._facts, labels).read(self._names)

    def _in_order(self) -> list[str]:
        """The names of the rules, each after those that it uses; without those in a circle."""
        names = [name for name in self._data if self._is_rule(name)]
        for name in names[RULE_LIMIT:]:
            self._complain(
                (name,),
                f"plus de {RULE_LIMIT} règles : regroupez-les",
                f"over {RULE_LIMIT} rules: group them",
                at_key=True,
            )
            return []
        while True:
            graph = {
                name: [use for use in dict.fromkeys(_uses(self._data[name])) if use in names]
                for name in names
            }
            try:
                return self._shallow(graph, list(TopologicalSorter(graph).static_order()))
            except CycleError as error:
                circle = error.args[1][1:]
                self._complain_of_circle(circle)
                names = [name for name in names if name not in circle]

    def _shallow(self, graph: Mapping[str, Sequence[str]], names: list[str]) -> list[str]:
        """The names, unless one stands on too long a chain of others."""
        depth: dict[str, int] = {}
        for name in names:
            depth[name] = 1 + max((depth[use] for use in graph[name]), default=0)
            if depth[name] > CHAIN_LIMIT:
                self._complain(
                    (name,),
                    f"au bout d'une chaîne de plus de {CHAIN_LIMIT} règles : raccourcissez-la",
                    f"at the end of a chain of over {CHAIN_LIMIT} rules: shorten it",
                    at_key=True,
                )
                return []
        return names

    def _complain_of_circle(self, circle: Sequence[str]) -> None:
        """Tell it from the rule that stands first in the file, whichever the sorter found."""
        start = min(map(list(self._data).index, circle))
        first = circle.index(list(self._data)[start])
        told = " → ".join([*circle[first:], *circle[: first + 1]])
        self._complain(
            (circle[first],), f"règles en rond : {told}", f"rules in a circle: {told}", at_key=True
        )
        self._assume(circle)

    def _is_rule(self, name: str) -> bool:
        if name in RESERVED:
            return False
        if name in self._names:
            self._complain(
                (name,),
                f"« {name} » est déjà un champ : choisissez un autre nom de règle",
                f"'{name}' is already a field: choose another name for the rule",
                at_key=True,
            )
            return False
        if fault := name_fault(name):
            self._document.complain((name,), fault, at_key=True)
        return True

    def _assume(self, names: Iterable[str]) -> None:
        """Let others refer to rules that are wrong, as far as their shape tells what they are."""
        for name in names:
            data = self._data[name] if isinstance(self._data[name], dict) else {}
            kind = next((_ASSUMED[shape] for shape in _ASSUMED if shape in data), FieldType.CHOICE)
            values = data.get("values")
            choices = values if isinstance(values, dict) else _implied(data)
            self._names[name] = Name(
                name=name, type=kind, label=Text(name, name),
                choices={value: Text(value, value) for value in choices},
            )  # fmt: skip

    def _scope(self) -> Term | None:
        """The scope is settled before any rule: it only knows facts."""
        scope = self._data.get("scope", {"when": "true"})
        if not isinstance(scope, dict) or list(scope) != ["when"]:
            self._complain(
                ("scope",),
                "écrivez scope: {when: condition}",
                "write scope: {when: condition}",
                at_key=True,
            )
            return None
        when = scope["when"]
        for name in _words(when):
            if name in self._data and name not in RESERVED and name not in self._facts:
                self._complain(
                    ("scope", "when"),
                    f"scope ne peut pas dépendre de la règle « {name} » : seulement de champs",
                    f"scope can't depend on the rule '{name}': only on fields",
                )
                return None
        reader = ShapeReader(self._document, "scope", self._facts, self._language)
        return reader.when(("scope", "when"), when)

    def _rule(self, name: str) -> Rule | None:
        data = self._data[name]
        shapes = [shape for shape in SHAPES if isinstance(data, dict) and shape in data]
        if len(shapes) != 1:
            self._complain(
                (name,),
                f"« {name} » doit avoir une forme, et une seule : {', '.join(SHAPES)}",
                f"'{name}' must have one shape, and only one: {', '.join(SHAPES)}",
                at_key=True,
            )
            self._assume([name])
            return None
        self._check_keys(name, data)
        label = self._label(name, data)
        choices = self._choices(name, data)
        rule = self._shaped(name, shapes[0], data, label, choices)
        if rule is None:
            self._assume([name])
        else:
            self._names[name] = rule.as_name
        return rule

    def _check_keys(self, name: str, data: Mapping[str, Any]) -> None:
        for key in data.keys() - _KEYS:
            hint = nearest(key, sorted(_KEYS))
            self._complain(
                (name, key),
                f"clé inconnue « {key} »{hint.fr}",
                f"unknown key '{key}'{hint.en}",
                at_key=True,
            )
        for key in _OF_TIER:
            if key in data and name != Owned.TIER:
                self._complain(
                    (name, key),
                    f"{key} ne va qu'avec tier",
                    f"{key} only goes with tier",
                    at_key=True,
                )

    def _label(self, name: str, data: Mapping[str, Any]) -> Text:
        try:
            return read_words(data.get("label", name))
        except Misfit as error:
            self._document.complain((name, "label"), error.text)
            return Text(name, name)

    def _choices(self, name: str, data: Mapping[str, Any]) -> dict[str, Text]:
        """The values that are declared, else those that the shape can give."""
        values = data.get("values")
        if values is None:
            return {value: Text(value, value) for value in _implied(data)}
        if not isinstance(values, dict) or not values:
            self._complain(
                (name, "values"),
                "écrivez {valeur: [libellé français, libellé anglais]}",
                "write {value: [French label, English label]}",
            )
            return {}
        choices = {}
        for value, words in values.items():
            if value in {KNOWN, UNKNOWN_CELL}:
                self._complain(
                    (name, "values", value),
                    f"« {value} » a déjà un sens dans les cases : choisissez une autre valeur",
                    f"'{value}' has a meaning of its own in cells: choose another value",
                    at_key=True,
                )
            try:
                choices[value] = read_words(words)
            except Misfit as error:
                self._document.complain((name, "values", value), error.text)
        return choices

    def _shaped(
        self,
        name: str,
        shape: str,
        data: Any,  # noqa: ANN401 - raw YAML
        label: Text,
        choices: Mapping[str, Text],
    ) -> Rule | None:
        reader = ShapeReader(self._document, name, self._names, self._language)
        path, body = (name, shape), data[shape]
        if shape == "table":
            return self._table(name, reader.rows(path, body, choices), label, choices, data)
        if name in TAGS:
            self._complain(
                path,
                f"« {name} » doit être une table",
                f"'{name}' must be a table",
                at_key=True,
            )
            return None
        term = {
            "when": lambda: reader.when(path, body),
            "bands": lambda: reader.bands(path, body, choices),
            "points": lambda: reader.points(path, body),
        }[shape]()
        if term is None:
            return None
        return Rule(
            name=name, shape=shape, label=label, type=term.type, term=term,
            choices=choices if term.type is FieldType.CHOICE else {}, written=body,
        )  # fmt: skip

    def _table(
        self,
        name: str,
        rows: list[Row] | None,
        label: Text,
        choices: Mapping[str, Text],
        data: Mapping[str, Any],
    ) -> Rule | None:
        if rows is None:
            return None
        uses = [name for row in rows for cell in row.cells for name in cell.term.uses]
        templates = [
            word
            for index, row in enumerate(rows)
            for word in self._placeholders((name, "table", index), row)
        ]
        term = Term(
            type=FieldType.TEXT if templates else FieldType.CHOICE,
            sql=row_number(rows),
            uses=tuple(dict.fromkeys([*uses, *templates])),
            flips=[flip for row in rows for cell in row.cells for flip in cell.term.flips],
        )
        if name in CHOICE_TAGS and (templates or "values" not in data):
            self._complain(
                (name,),
                f"« {name} » doit déclarer ses valeurs (values)",
                f"'{name}' must declare its values",
                at_key=True,
            )
        return Rule(
            name=name, shape="table", label=label, type=term.type, term=term, rows=rows,
            choices={} if templates else choices, written=data["table"],
            contact_every=self._contact_every(name, data.get("contact_every"), choices),
        )  # fmt: skip

    def _placeholders(self, path: Path, row: Row) -> list[str]:
        """The names that a result like `{potential_level} · {cycle}` puts in."""
        path = (*path, "then" if row.cells else "else")
        found = _PLACEHOLDER.findall(row.then)
        if re.search(r"[{}]", _PLACEHOLDER.sub("", row.then)):
            self._complain(
                path,
                "entre accolades, il faut le nom d'un champ ou d'une règle, et lui seul",
                "in braces, the name of a field or of a rule is needed, and nothing else",
            )
        for word in found:
            if word not in self._names:
                hint = nearest(word, list(self._names))
                self._complain(
                    path,
                    f"champ ou règle inconnus « {word} »{hint.fr}",
                    f"unknown field or rule '{word}'{hint.en}",
                )
            elif self._names[word].type not in {FieldType.CHOICE, FieldType.TEXT}:
                self._complain(
                    path,
                    f"« {word} » n'est ni un choix ni un texte : nommez-en des bandes",
                    f"'{word}' is neither a choice nor a text: name bands of it",
                )
        return [word for word in found if word in self._names]

    def _contact_every(
        self, name: str, data: object, choices: Mapping[str, Text]
    ) -> dict[str, int]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            self._complain(
                (name, "contact_every"), "écrivez {or: 14 d, …}", "write {gold: 14 d, …}"
            )
            return {}
        cadence = {}
        for tier, days in data.items():
            try:
                cadence[tier] = read_days(days)
            except Misfit as error:
                self._document.complain((name, "contact_every", tier), error.text)
            if tier not in choices:
                hint = nearest(tier, list(choices))
                self._complain(
                    (name, "contact_every", tier),
                    f"« {tier} » n'est pas un niveau{hint.fr}",
                    f"'{tier}' is not a tier{hint.en}",
                    at_key=True,
                )
        return cadence

    def _complain(self, path: Path, fr: str, en: str, *, at_key: bool = False) -> None:
        self._document.complain(path, Text(fr, en), at_key=at_key)


def _uses(data: object) -> Iterator[str]:
    """Every word of a rule that could name another rule."""
    body = data if isinstance(data, dict) else {}
    yield from _words(body.get("when"))
    if isinstance(body.get("bands"), dict):
        yield str(body["bands"].get("of"))
    if isinstance(body.get("points"), dict):
        yield from body["points"]
    rows = body.get("table")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            yield from row.keys() - {"then", "else", "why"}
            yield from _PLACEHOLDER.findall(str(row.get("then", row.get("else"))))


def _words_of(value: str, words: object) -> Text:
    """The label of a value; what is wrong with it is told where it is read."""
    try:
        return read_words(words)
    except Misfit:
        return Text(value, value)


def _words(condition: object) -> list[str]:
    """The words of a condition that are not quoted."""
    return re.findall(r"\w+", _QUOTED.sub("", condition)) if isinstance(condition, str) else []


def _implied(data: Mapping[str, Any]) -> list[str]:
    if isinstance(data.get("bands"), dict):
        return [value for value in data["bands"] if value != "of"]
    if isinstance(data.get("table"), list):
        results = [
            row.get("then", row.get("else")) for row in data["table"] if isinstance(row, dict)
        ]
        return list(
            dict.fromkeys(each for each in results if isinstance(each, str) and "{" not in each)
        )
    return []


def result_of(rule: Rule, number: Sql, names: Mapping[str, Name], language: Language) -> Sql:
    """The result of a table from the number of its row; templates are filled with labels."""
    branches = [
        (number == index, _filled(row.then, names, language))
        for index, row in enumerate(rule.rows, 1)
    ]
    return case(*branches)


def _filled(template: str, names: Mapping[str, Name], language: Language) -> Sql:
    parts = _PLACEHOLDER.split(template)
    sql: Sql = literal(parts[0])
    for index, part in enumerate(parts[1:], 1):
        is_name = index % 2 == 1
        sql = sql.concat(_label_of(names[part], language) if is_name else literal(part))
    # A CRM may strip the spaces at both ends, and what it then holds would never equal ours.
    return func.trim(sql) if len(parts) > 1 else literal(template.strip())


def _label_of(name: Name, language: Language) -> Sql:
    subject = name.term.sql
    unknown = literal(UNKNOWN.to(language))
    if not name.choices:
        return case((subject.is_(None), unknown), else_=subject)
    choices = name.choices.items()
    return case(
        *((subject == key, literal(word.to(language))) for key, word in choices), else_=unknown
    )
