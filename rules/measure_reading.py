"""The section `measures` of `fields.yaml`: read, checked, and every mistake told in its place."""

from collections.abc import Mapping

from rules.conditions import compile_condition, name_fault
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.measures import NAMES, Function, Measured, Recorded, measure
from rules.records import FieldType
from rules.syntax import ConditionError
from rules.team import Strict, Words
from rules.terms import TYPE_NAMES, Name, Term

LIMIT = 40
"""How many measures a playbook may define."""

_FITTING: Mapping[Function, tuple[FieldType, ...]] = {
    Function.SUM: (FieldType.MONEY, FieldType.NUMBER),
    Function.MAX: (FieldType.DATE, FieldType.MONEY, FieldType.NUMBER),
    Function.DAYS_SINCE: (FieldType.DATE,),
}
_FUNCTIONS = ", ".join(Function)


class Measure(Strict):
    """A measure as `fields.yaml` writes it: one function, and perhaps a filter."""

    label: Words | None = None
    sum: str | None = None
    count: str | None = None
    max: str | None = None
    days_since: str | None = None
    when: str | None = None


def read_measures(
    document: Document,
    entries: Mapping[str, Measure],
    bound: Mapping[str, Name],
    taken: Mapping[str, Text],
) -> dict[str, Name]:
    """The measures as facts; what is wrong is said in the issues of the document.

    One that is wrong is a name all the same, so that rules which use it are not told of as well.

    Args:
        document: `fields.yaml`.
        entries: its section `measures`.
        bound: the bound fields of opportunities.
        taken: names that a measure can't bear, with the reason.
    """
    names = dict(NAMES)
    names[Recorded.OPPORTUNITY] = {**bound, **NAMES[Recorded.OPPORTUNITY]}
    if any(_looks_at(each, Recorded.OPPORTUNITY) for each in entries.values()):
        _check_bound(document, bound)
    found: dict[str, Name] = {}
    for number, (name, entry) in enumerate(entries.items(), 1):
        path: Path = ("measures", name)
        fault = taken.get(name) or name_fault(name)
        if number == LIMIT + 1:
            fault = Text(
                f"plus de {LIMIT} mesures : retirez celles qu'aucune règle ne lit",
                f"over {LIMIT} measures: remove those that no rule reads",
            )
        if fault:
            document.complain(path, fault, at_key=True)
        made = _Reader(document, path, names).read(name, entry)
        found[name] = made or _assumed(name, entry)
    return found


def _looks_at(entry: Measure, record: Recorded) -> bool:
    written = (getattr(entry, each) for each in Function)
    return any((each or "").partition(".")[0].strip() == record for each in written)


def _check_bound(document: Document, bound: Mapping[str, Name]) -> None:
    for name in bound.keys() & NAMES[Recorded.OPPORTUNITY].keys():
        document.complain(
            ("opportunity", name),
            Text(
                f"« {name} » a déjà un sens pour les mesures des opportunités : choisissez un "
                "autre nom",
                f"'{name}' has a meaning of its own for measures of opportunities: choose another "
                "name",
            ),
            at_key=True,
        )


def _assumed(name: str, entry: Measure) -> Name:
    """A measure that is wrong, as far as its function tells what it is."""
    kinds = {Function.SUM: FieldType.MONEY, Function.MAX: FieldType.DATE}
    written = next((each for each in Function if getattr(entry, each) is not None), Function.COUNT)
    kind = kinds.get(written, FieldType.NUMBER)
    return Name(name=name, type=kind, label=entry.label or Text(name, name), choices={})


class _Reader:
    """Reads one measure; every mistake is told in its place."""

    def __init__(
        self, document: Document, path: Path, names: Mapping[Recorded, Mapping[str, Name]]
    ) -> None:
        self._document = document
        self._path = path
        self._names = names

    def read(self, name: str, entry: Measure) -> Measured | None:
        """The measure, or None when something is wrong with it."""
        function = self._function(entry)
        if function is None:
            return None
        written = getattr(entry, function)
        record = self._record(function, written)
        if record is None:
            return None
        subject = self._subject(function, record, written)
        when = self._when(record, entry.when)
        is_whole = subject is not None or function is Function.COUNT
        if not is_whole or (when is None and entry.when is not None):
            return None
        return measure(
            name, entry.label or Text(name, name), record=record, function=function,
            subject=subject, when=when,
        )  # fmt: skip

    def _function(self, entry: Measure) -> Function | None:
        found = [each for each in Function if getattr(entry, each) is not None]
        if len(found) == 1:
            return found[0]
        self._complain(
            None,
            f"il faut une fonction, et une seule : {_FUNCTIONS}",
            f"one function is needed, and only one: {_FUNCTIONS}",
            at_key=True,
        )
        return None

    def _record(self, function: Function, written: str) -> Recorded | None:
        known = [each.value for each in Recorded]
        word, dot, _ = written.partition(".")
        if word not in known:
            hint, listed = nearest(word, known), ", ".join(known)
            self._complain(
                function,
                f"fiches inconnues « {word} »{hint.fr} : {listed}",
                f"unknown records '{word}'{hint.en}: {listed}",
            )
            return None
        if function is Function.COUNT and dot:
            self._complain(
                function,
                f"count compte des fiches, et non des valeurs : écrivez count: {word}",
                f"count counts records, not values: write count: {word}",
            )
            return None
        return Recorded(word)

    def _subject(self, function: Function, record: Recorded, written: str) -> Name | None:
        if function is Function.COUNT:
            return None
        names, word = self._names[record], written.partition(".")[2]
        fitting = [each for each in names.values() if each.type in _FITTING[function]]
        listed = ", ".join(f"{record}.{each.name}" for each in fitting) or "–"
        subject = names.get(word)
        if subject is not None and subject in fitting:
            return subject
        if subject is None:
            hint = nearest(word, [each.name for each in fitting] or list(names))
            self._complain(
                function,
                f"{function} demande un champ{hint.fr} : {listed}",
                f"{function} needs a field{hint.en}: {listed}",
            )
        else:
            kind = TYPE_NAMES[subject.type]
            self._complain(
                function,
                f"« {word} » est {kind.fr}, ce que {function} n'admet pas (champs : {listed})",
                f"'{word}' is {kind.en}, which {function} does not take (fields: {listed})",
            )
        return None

    def _when(self, record: Recorded, written: str | None) -> Term | None:
        if written is None:
            if (*self._path, "when") in self._document.places:
                self._complain("when", "écrivez une condition", "write a condition", at_key=True)
            return None
        try:
            return compile_condition(written, self._names[record])
        except ConditionError as error:
            known = ", ".join(self._names[record])
            self._document.complain(
                (*self._path, "when"),
                Text(
                    f"{error.text.fr} (une condition sur {_OF[record].fr} connaît : {known})",
                    f"{error.text.en} (a condition on {_OF[record].en} knows: {known})",
                ),
                offset=error.offset,
            )
            return None

    def _complain(self, key: str | None, fr: str, en: str, *, at_key: bool = False) -> None:
        path = self._path if key is None else (*self._path, str(key))
        self._document.complain(path, Text(fr, en), at_key=at_key)


_OF = {
    Recorded.OPPORTUNITY: Text("des opportunités", "opportunities"),
    Recorded.ACTIVITY: Text("des activités", "activities"),
    Recorded.CONTACT: Text("des contacts", "contacts"),
    Recorded.HISTORY: Text("l'historique", "the history"),
}
