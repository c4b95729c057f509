"""A plan's parts bear the names that KPIs look for, or are refused; sub-sources stand in."""

from datetime import date

import pytest

from rules.calendar import Span, fiscal_year
from rules.kpi.kpis import Cut, KpiName
from rules.kpi.moment import Moment
from rules.kpi.targets import Targets
from rules.located import Issue, PlaybookError
from rules.plan.members import SEGMENTS, SOURCES, members_of
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_number
from tests.playbooks import shipped

PLAN = "plans/elise.yaml"


def playbook(*changes: tuple[str, str]) -> dict[str, str]:
    """The shipped playbook with some changes of Élise's plan."""
    files = dict(shipped())
    for old, new in changes:
        assert old in files[PLAN]
        files[PLAN] = files[PLAN].replace(old, new, 1)
    return files


def issues(old: str, new: str) -> list[Issue]:
    try:
        compile_rulebook(playbook((old, new)))
    except PlaybookError as error:
        return list(error.issues)
    return []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("prospects: 50 %", "prospect: 50 %", "vouliez-vous dire « prospects »"),
        ("referral: 120 000}", "referal: 120 000}", "vouliez-vous dire « referral »"),
        ("referral: 120 000}", "partners: {events: 120 000}}", "« events » n'est pas une valeur"),
        ("quarters:", "segments: {fabrication: 1 200 000}\nquarters:", "manufacturing, building"),
    ],
)
def test_a_part_that_nothing_can_ever_be_measured_under_is_refused(
    old: str, new: str, words: str
) -> None:
    found = [each for each in issues(old, new) if words in each.text.fr]
    assert [each.file for each in found] == [PLAN]
    assert found[0].line > 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # `new` is measured: how it is shared out further is the rep's own affair.
        ("new: 480 000", "new: {prospecting: 280 000, events: 200 000}"),
        ("existing: 600 000, new", "customers: {existing: 600 000}, new"),
        ("quarters:", "segments: {manufacturing: 900 000, not_allotted: 300 000}\nquarters:"),
        # Products are texts of the CRM: anything may be one.
        ("quarters:", "products: {whatever: 1 200 000}\nquarters:"),
    ],
)
def test_what_records_can_bear_or_nobody_knows_is_right(old: str, new: str) -> None:
    found = [each for each in issues(old, new) if "accounts" not in each.text.fr]
    assert [each for each in found if "valeur" in each.text.fr] == []


@pytest.fixture(scope="module")
def split() -> Rulebook:
    """The shipped playbook, where the source `existing` of the CRM is a part of a plan's source."""
    return compile_rulebook(
        playbook(
            ("existing: 600 000, new", "customers: {existing: 600 000}, new"),
            ("accounts: {existing: 35", "accounts: {customers: 35"),
        )
    )


def test_a_source_that_no_record_bears_is_asked_for_by_its_sub_sources(split: Rulebook) -> None:
    as_of = day_number(date(2026, 12, 31))
    moment = Moment(as_of=as_of, spans=(Span.YEAR,), fiscal_start=1, is_over=True)
    known = members_of(split.kpis, split.fields, split.segments)
    assert known[SOURCES] == ["existing", "new", "referral"]
    assert "manufacturing" in known[SEGMENTS]
    targets = Targets(split.plans, split.team, moment, known[SOURCES])
    won = split.kpis.kpi(KpiName.REVENUE_WON)
    assert won is not None
    assert targets.members("elise", won, Cut.SOURCE) == ["existing", "new", "referral"]
    asked = targets.target("elise", won, Cut.SOURCE, "existing", fiscal_year(2026, 1))
    assert asked == 60_000_000
    assert targets.target("elise", won, Cut.SOURCE, "customers", fiscal_year(2026, 1)) is None
