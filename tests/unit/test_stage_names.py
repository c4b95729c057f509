"""The stages of `kpis.yaml` beside those of a CRM."""

import pytest

from rules.kpi.kpis import Kpis
from service.stage_names import look

KPIS = Kpis.model_validate(
    {"proposals": {"label": "Proposals", "stages": ["Proposition", "Proposal"]}}
)


def test_a_kpi_whose_stages_the_crm_does_not_have_is_told() -> None:
    found = look(KPIS, ["Qualification", "proposition", "Gagnée"])
    assert found is not None
    assert "(kpis.yaml : Proposition, Proposal)" in found.fr
    assert "« Qualification », « proposition », « Gagnée »" in found.fr
    assert "Write one of 'Qualification', 'proposition', 'Gagnée'" in found.en


@pytest.mark.parametrize(
    ("kpis", "labels"),
    [
        (KPIS, ["Qualification", "Proposal"]),  # the other name is of another CRM
        (KPIS, []),  # nothing was pulled yet
        (Kpis(), ["Qualification"]),  # the KPI is not in use
    ],
)
def test_nothing_is_told_where_it_counts_or_nobody_knows(kpis: Kpis, labels: list[str]) -> None:
    assert look(kpis, labels) is None
