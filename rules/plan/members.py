"""The names that plans share their objective and their time under, as KPIs will look for them.

A part of the plan that no record can ever bear would have a target and never a value: such a name
is refused where it stands. What only the CRM knows (a text field) is not looked at.
"""

from collections.abc import Mapping, Sequence

from rules.facts import Fields
from rules.kpi.kpis import Cut, Kpis
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.plan.terms import NOT_ALLOTTED
from rules.records import FieldType
from rules.segments import Segments

SOURCES, SEGMENTS, PRODUCTS = "sources", "segments", "products"
Members = Mapping[str, Sequence[str]]
"""The members that a split may have, by its key in a plan; a key that is not there has any."""

_CUTS = {SOURCES: Cut.SOURCE, PRODUCTS: Cut.PRODUCT}
# A plan may always share its objective so, even where a CRM has no word yet for one of them.
_USUAL = {SOURCES: ("existing", "new", "referral")}


def members_of(kpis: Kpis, fields: Fields, segments: Segments | None) -> Members:
    """What `cuts` of `kpis.yaml` can find, where the playbook says it: the values of choices."""
    found: dict[str, Sequence[str]] = {}
    for key, cut in _CUTS.items():
        field = fields.opportunity.get(kpis.cuts.of_deals.get(cut, ""))
        if field is not None and field.type is FieldType.CHOICE:
            found[key] = list(dict.fromkeys([*field.values, *_USUAL.get(key, ())]))
    name = kpis.cuts.segment
    rule = segments.rule(name) if segments and name else None
    field = fields.account.get(name or "")
    if rule is not None and rule.choices:
        found[SEGMENTS] = list(rule.choices)
    elif rule is None and field is not None and field.type is FieldType.CHOICE:
        found[SEGMENTS] = list(field.values)
    return found


def check_names(document: Document, at: Path, kpis: Kpis, members: Members) -> None:
    """Complain of the parts of the time, and of the objective, that no KPI will ever find."""
    groups = list(kpis.time.groups) if kpis.time else []
    for name in written(document, (*at, "time")):
        if groups and name not in {"capacity", *groups}:
            _complain(document, (*at, "time", name), name, groups, _GROUP)
    for key, known in members.items():
        for name in written(document, (*at, key)):
            if name in {NOT_ALLOTTED, *known}:
                continue
            parts = [each for each in written(document, (*at, key, name)) if each != NOT_ALLOTTED]
            strange = [each for each in parts if each not in known]
            if not parts:
                _complain(document, (*at, key, name), name, known, _MEMBER[key])
            # A source that the CRM does not know is measured by its sub-sources.
            for each in strange:
                _complain(document, (*at, key, name, each), each, known, _MEMBER[key])


def written(document: Document, path: Path) -> list[str]:
    """The keys that a file writes at a path."""
    return [
        str(found[-1])
        for found in document.places
        if len(found) == len(path) + 1 and found[: len(path)] == path
    ]


_GROUP = Text("n'est pas un groupe de time de kpis.yaml", "is not a group of time in kpis.yaml")
_MEMBER = {
    SOURCES: Text(
        "n'est pas une valeur du champ des sources (cuts de kpis.yaml)",
        "is not a value of the field of sources (cuts of kpis.yaml)",
    ),
    SEGMENTS: Text(
        "n'est pas une valeur du découpage par segment (cuts de kpis.yaml)",
        "is not a value of the cut by segment (cuts of kpis.yaml)",
    ),
    PRODUCTS: Text(
        "n'est pas une valeur du champ des produits (cuts de kpis.yaml)",
        "is not a value of the field of products (cuts of kpis.yaml)",
    ),
}


def _complain(document: Document, path: Path, name: str, known: Sequence[str], what: Text) -> None:
    hint, listed = nearest(name, known), ", ".join(known)
    document.complain(
        path,
        Text(
            f"« {name} » {what.fr}{hint.fr} : rien n'y serait jamais mesuré ; écrivez l'un de "
            f"{listed}, ou ajoutez-le là",
            f"'{name}' {what.en}{hint.en}: nothing would ever be measured under it; write one of "
            f"{listed}, or add it there",
        ),
        at_key=True,
    )
