"""`kpis.yaml`: what is read, what is refused, and when two definitions are the same."""

from pathlib import Path

import pytest

import rules
from rules.kpi.kpis import KpiName, Kpis, Unit, read_kpis
from rules.language import Language
from rules.yaml_text import read

PLAYBOOK = Path(rules.__file__).parent / "playbook"
TIERS = ["gold", "silver", "bronze", "unrated"]
CADENCE = {"gold": 14, "silver": 30}
GOOD = """\
opportunities_opened: {label: [Ouvertes, Opened], minimum: 10k}
conversion_rate: {label: [Taux, Rate], window: 90 d}
active_pipeline: {label: [Pipeline, Pipeline], horizon: 180 d}
priority_contacted: {label: [Contactés, Contacted], tiers: [gold, silver]}
"""


def kpis_of(text: str) -> Kpis:
    document = read("kpis.yaml", text)
    kpis = read_kpis(document, TIERS)
    assert kpis is not None
    assert document.issues == []
    return kpis


def complaints(text: str) -> list[str]:
    document = read("kpis.yaml", text)
    read_kpis(document, TIERS)
    return [issue.to(Language.EN) for issue in document.issues]


def definitions(text: str, cadence: dict[str, int]) -> dict[str, str]:
    return {kpi.name: kpi.definition(cadence) for kpi in kpis_of(text).measured}


def test_the_shipped_kpis_are_read() -> None:
    kpis = kpis_of((PLAYBOOK / "kpis.yaml").read_text("utf-8"))
    assert [kpi.name for kpi in kpis.measured] == list(KpiName)
    units = {kpi.name: kpi.unit for kpi in kpis.measured}
    assert units[KpiName.OPPORTUNITIES_OPENED] is Unit.COUNT
    assert units[KpiName.COVERAGE] is Unit.TIMES
    assert units[KpiName.SALES_CYCLE] is Unit.DAYS
    assert kpis.opportunities_opened is not None
    assert kpis.opportunities_opened.minimum == 1_000_000


def test_a_kpi_that_is_left_out_is_not_measured() -> None:
    names = [kpi.name for kpi in kpis_of(GOOD.splitlines()[1]).measured]
    assert names == [KpiName.CONVERSION_RATE]
    assert kpis_of("").measured == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("silver]", "sliver]", "4:67: 'sliver' is not a tier of segments.yaml (did you mean"),
        ("[gold, silver]", "[]", "4:60: name at least one tier"),
        ("10k", "ten", "1:60: 'ten' is not a number"),
        ("10k", "-1", "1:60: '-1' is too small"),
        ("90 d", "0 d", "2:48: '0 d' is too small"),
        ("90 d", "[90]", "2:48: a value on one line is needed"),
        ("conversion_rate", "conversion", "2:1: unknown key 'conversion' (did you mean"),
        (", horizon: 180 d", "", "3:18: the key 'horizon' is missing"),
    ],
)
def test_a_mistake_is_told_where_it_stands(before: str, after: str, expected: str) -> None:
    (complaint,) = complaints(GOOD.replace(before, after))
    assert complaint.startswith(f"kpis.yaml:{expected}")


def test_a_definition_outlives_a_new_label() -> None:
    renamed = GOOD.replace("Opened", "Created").replace("Rate", "Win rate")
    assert definitions(renamed, CADENCE) == definitions(GOOD, CADENCE)


@pytest.mark.parametrize(
    ("before", "after", "kpi"),
    [
        ("10k", "20k", KpiName.OPPORTUNITIES_OPENED),
        ("90 d", "91 d", KpiName.CONVERSION_RATE),
        ("180 d", "90 d", KpiName.ACTIVE_PIPELINE),
        ("[gold, silver]", "[gold]", KpiName.PRIORITY_CONTACTED),
    ],
)
def test_a_definition_changes_with_its_own_settings(before: str, after: str, kpi: KpiName) -> None:
    old, new = definitions(GOOD, CADENCE), definitions(GOOD.replace(before, after), CADENCE)
    assert {name for name in old if old[name] != new[name]} == {kpi}


def test_the_cadence_is_part_of_what_it_means_to_be_due() -> None:
    old = definitions(GOOD, CADENCE)
    new = definitions(GOOD, {"gold": 21, "silver": 30})
    assert {name for name in old if old[name] != new[name]} == {KpiName.PRIORITY_CONTACTED}
    # The cadence of a tier that the KPI doesn't count changes nothing.
    assert definitions(GOOD, CADENCE | {"bronze": 90}) == old


def test_definitions_are_short_and_differ_from_one_another() -> None:
    hashes = list(definitions(GOOD, CADENCE).values())
    assert [len(text) for text in hashes] == [12, 12, 12, 12]
    assert len(set(hashes)) == 4


def test_every_kpi_is_explained_with_its_own_settings() -> None:
    texts = [kpi.explained("CAD") for kpi in kpis_of(GOOD).measured]
    for text, setting in zip(texts, ["10,000", "90", "180", "gold, silver"], strict=True):
        assert setting in text.en
    assert "10\u00a0000" in texts[0].fr
