"""Every broken plan is refused where it is wrong, with a sentence that tells what to do."""

import re

import pytest

from rules.kpi.kpis import read_kpis
from rules.located import Document, Issue
from rules.plan.plan import Plan
from rules.plan.reading import check_plans, read_plan
from rules.team import Team, read_team
from rules.yaml_text import read
from tests.unit.broken_plans import BROKEN, KPIS, PLAN, TEAM, Broken

FILE = "plans/elise.yaml"
# As French writes numbers.
SPACES = re.compile("[\u00a0\u202f]")


def team() -> Team:
    document = read("team.yaml", TEAM)
    found = read_team(document)
    assert found is not None
    assert document.issues == []
    return found


def checked(*texts: str) -> tuple[list[Document], list[Plan]]:
    """The documents of some plans with all that is wrong with them, and those that can be read."""
    kpis = read_kpis(read("kpis.yaml", KPIS), ["gold"], {})
    assert kpis is not None
    us = team()
    documents = [read(FILE if place == 0 else f"plans/{place}.yaml", text)
                 for place, text in enumerate(texts)]  # fmt: skip
    plans = [
        (document, plan)
        for document in documents
        if not document.issues and (plan := read_plan(document, us)) is not None
    ]
    check_plans(plans, kpis)
    return documents, [plan for _, plan in plans]


def issues(*texts: str) -> list[Issue]:
    return sorted(issue for document in checked(*texts)[0] for issue in document.issues)


def test_the_plan_that_they_are_made_of_is_right() -> None:
    assert issues(PLAN) == []


def test_there_are_many_and_each_says_something_else() -> None:
    assert len(BROKEN) >= 40
    assert len({case.what for case in BROKEN}) == len({case.content() for case in BROKEN})


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.what)
def test_a_broken_plan_is_told_at_its_place(case: Broken) -> None:
    (issue,) = issues(case.content())
    assert (issue.file, issue.line, issue.column) == (FILE, *case.place()), issue.text
    assert case.fr in SPACES.sub(" ", issue.text.fr)
    assert case.en in issue.text.en


def test_two_plans_of_a_rep_for_a_year_are_told_at_the_second() -> None:
    (issue,) = issues(PLAN, PLAN.replace("1 200 000", "1 200 000"))
    assert (issue.file, issue.line, issue.column) == ("plans/1.yaml", 1, 8)
    assert "gardez-en un" in issue.text.fr
    assert "keep one" in issue.text.en


def test_the_whole_team_has_one_plan() -> None:
    whole = PLAN.replace("owner: elise", "owner: team")
    assert issues(PLAN, whole) == []
    assert [each.file for each in issues(whole, whole)] == ["plans/1.yaml"]
