"""What the names of a plan are called in a workbook: the words of the playbook's own files.

They are read from the files as they stand, so that a plan can be mended while another is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence

from rules.language import Language, Text
from rules.located import Data, Document, Misfit
from rules.plan.sheet_sections import BY_NAME, FACTS, SECTIONS, Labels, sections_words
from rules.plan.terms import TEAM, FindingName, Targets
from rules.team import Team, read_words

_SHOWN = ("quarters", "seasonality", "targets", "activities", "assumptions", "review", "sources")


def labels_of(documents: Mapping[str, Document]) -> Labels:
    """The labels of KPIs, activities, sources and people, by section of a plan."""
    kpis = _data(documents, "kpis.yaml")
    fields = _data(documents, "fields.yaml").get("opportunity")
    reps = _data(documents, "team.yaml").get("reps")
    source = fields.get("source") if isinstance(fields, dict) else None
    named = source.get("labels") if isinstance(source, dict) else None
    return {
        "targets": {
            name: text for name, text in _labelled(kpis, "label")
            if name in Targets.model_fields
        },
        "activities": dict(_labelled(kpis.get("activities"), "label")),
        "sources": dict(_words(named)),
        "agreed": dict(_labelled(reps, "name")),
    }  # fmt: skip


def _data(documents: Mapping[str, Document], name: str) -> Mapping[str, Data]:
    data = documents[name].data if name in documents else None
    return data if isinstance(data, dict) else {}


def _labelled(body: Data, key: str) -> Iterator[tuple[str, Text]]:
    entries = body.items() if isinstance(body, dict) else ()
    yield from _words(
        {name: each[key] for name, each in entries if isinstance(each, dict) and key in each}
    )


def _words(body: Data) -> Iterator[tuple[str, Text]]:
    for name, given in body.items() if isinstance(body, dict) else ():
        try:
            yield name, read_words(given)
        except Misfit:
            continue


def offered_of(labels: Labels, team: Team, owner: str) -> dict[str, Sequence[str]]:
    """The names that each section of somebody's plan shows, even without a value."""
    shown = {
        name: [
            each
            for each in {**BY_NAME[name].words, **labels.get(name, {})}
            if each != "not_allotted"
        ]
        for name in _SHOWN
    }
    rep = team.reps.get(owner)
    people = [owner, rep.manager] if rep else []
    return {**shown, "time": ["capacity"], "agreed": [each for each in people if each]}


def lists_of(labels: Labels, team: Team, language: Language) -> dict[str, Sequence[str]]:
    """The values to pick from: by section for its names, by section and row for a value."""
    names = {
        section.name: [text.to(language) for text in sections_words(labels, section).values()]
        for section in SECTIONS
        if section.name not in {"plan", "accept"}
    }
    return {
        **names,
        f"plan.{FACTS['owner'].to(language)}": [*team.reps, TEAM],
        f"review.{BY_NAME['review'].words['with'].to(language)}": list(team.reps),
        "accept": [each.value for each in FindingName],
    }


def called(path: Sequence[str], labels: Labels, language: Language) -> str:
    """Where a value of a plan stands, in the words of its sheet: `Trimestres, T1`."""
    first, *rest = path
    if first in FACTS:
        return FACTS[first].to(language)
    section = BY_NAME.get(first)
    if section is None:
        return ", ".join(path)
    words = sections_words(labels, section)
    told = [words[each].to(language) if each in words else each for each in rest]
    return ", ".join([section.title.to(language), *told])
