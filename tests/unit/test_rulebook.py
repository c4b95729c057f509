"""A playbook read whole: every issue of every file at once, and the hash of its meaning."""

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.language import Language
from rules.located import PlaybookError
from rules.owned import CORE, Owned
from rules.rulebook import compile_rulebook
from tests.playbooks import FIELDS, TIER, issues, shipped, small


def test_the_shipped_playbook_is_right() -> None:
    rulebook = compile_rulebook(shipped())
    assert list(rulebook.segments.tier.choices) == ["gold", "silver", "bronze", "unrated"]
    assert [plan.owner for plan in rulebook.plans] == ["elise"]


def test_a_tag_without_its_rule_has_no_field() -> None:
    fields = "write: {optional: [segment, quadrant, contact_status, imposed_tier]}\n"
    bare = compile_rulebook(small(segments=TIER, fields=FIELDS + fields))

    assert bare.own_fields == (
        Owned.TIER, Owned.NEXT_CONTACT, Owned.WHY, Owned.CHALLENGE, Owned.CONTACT_STATUS,
        Owned.IMPOSED_TIER,
    )  # fmt: skip
    assert bare.written == (Owned.TIER, Owned.NEXT_CONTACT, Owned.WHY, Owned.CONTACT_STATUS)
    assert set(CORE) < set(compile_rulebook(shipped()).own_fields)


def test_all_issues_of_all_files_come_at_once_and_in_order() -> None:
    files = {
        **shipped(),
        "team.yaml": "zone: America/Toronto\n",
        "fields.yaml": shipped()["fields.yaml"] + "  optonal: [segment]\n",
        "segments.yaml": "tier: {table: [{else: x}]}\n\ttab: 1",
    }
    found = issues({**files})
    assert {issue.file for issue in found} == {"team.yaml", "fields.yaml", "segments.yaml"}
    assert found == sorted(found)


def test_a_wrong_team_hides_nothing_of_the_rules() -> None:
    found = issues(small(team="zone: UTC", segments=TIER.replace("potential", "potental")))
    assert [issue.file for issue in found] == ["segments.yaml", "team.yaml"]


def test_wrong_rules_hide_nothing_of_the_kpis() -> None:
    files = {
        **shipped(),
        "segments.yaml": shipped()["segments.yaml"].replace("of: potential", "of: potental"),
        "kpis.yaml": shipped()["kpis.yaml"].replace("[gold, silver]", "[gold, slver]"),
    }
    assert {issue.file for issue in issues({**files})} == {"kpis.yaml", "segments.yaml"}


def test_a_missing_file_hides_nothing_of_the_others() -> None:
    files = small(segments=TIER.replace("potential", "potental"), segment="x: 1")
    del files["kpis.yaml"]
    found = {(issue.file, issue.text.en.partition(":")[0]) for issue in issues(files)}
    assert ("kpis.yaml", "this file is missing") in found
    assert ("segment.yaml", "unknown file (did you mean 'segments.yaml'?)") in found
    assert any(file == "segments.yaml" for file, _ in found)


def test_an_empty_playbook_names_the_files_it_needs() -> None:
    assert len(issues({})) == 5


@pytest.mark.parametrize("content", ["", "[]", "a", "{", b"\xff", "a: &b 1"])
@pytest.mark.parametrize("name", ["team", "fields", "segments", "kpis", "alerts"])
def test_no_file_breaks_the_reader(name: str, content: str | bytes) -> None:
    try:
        compile_rulebook(small(**{name: content}))
    except PlaybookError as error:
        found = error.issues
    else:
        found = []
    # Only these may be empty.
    is_fine = content == "" and name in {"kpis", "alerts"}
    assert bool(found) is not is_fine
    assert {issue.file for issue in found} <= {f"{name}.yaml", "segments.yaml"}


def mutated(text: str, seed: int) -> str:
    """A rule file as it looks after a bad day: words lost, doubled, swapped, misspelt, unquoted."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible mistake
    words = re.split(r"(\W)", text)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(words))
        match chance.randrange(6):
            case 0:
                words[place] = ""
            case 1:
                words[place] *= 2
            case 2:
                words[place] = chance.choice(words)
            case 3:
                words[place] = words[place][1:]
            case 4:
                words[place] = chance.choice("{}[]'\":|>&*!%\t\n#-=")
            case _:
                words[place] += chance.choice(["unknown", " or ", "else", "\n  ", "²", "9" * 20])
    return "".join(words)


@given(st.sampled_from(sorted(shipped())), st.integers(0, 10**9))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mistake_is_told_in_words_at_a_line_that_exists(name: str, seed: int) -> None:
    files = {**shipped(), name: mutated(shipped()[name], seed)}
    try:
        compile_rulebook({**files})
    except PlaybookError as error:
        found = error.issues
        assert found
    else:
        found = []
    for issue in found:
        assert 1 <= issue.line <= files[issue.file].count("\n") + 1
        assert issue.to(Language.FR) != issue.to(Language.EN)


def hash_of(files: dict[str, str | bytes]) -> str:
    return compile_rulebook(files).hash


def test_comments_spaces_and_quotes_do_not_change_the_meaning() -> None:
    other = "# a comment\n" + TIER.replace("gold: [Or, Gold]", "'gold':   ['Or', \"Gold\"]") + "# x"
    assert hash_of(small(segments=other)) == hash_of(small())
    assert hash_of(small(segments=TIER.encode())) == hash_of(small())


def test_the_order_of_bands_changes_the_meaning() -> None:
    bands = ["low: '< 9'", "tiny: '< 5'"]
    first, second = (
        hash_of(small(segments=f"a: {{bands: {{of: size, {', '.join(order)}}}}}\n{TIER}"))
        for order in (bands, bands[::-1])
    )
    assert first != second


def test_a_number_changes_the_meaning() -> None:
    assert hash_of(small(segments=TIER.replace("500k", "501k"))) != hash_of(small())


def test_the_source_is_kept_as_written() -> None:
    source = compile_rulebook(small(segments=("# é\n" + TIER).encode("utf-8-sig"))).source
    assert source["segments.yaml"].startswith("# é\n")


def test_the_lines_that_the_shipped_rules_offer_are_right_as_they_stand() -> None:
    files = dict(shipped())
    offered = re.compile(r"^(  )# (?=(?:cap|demote|freeze): )", re.MULTILINE)
    files["segments.yaml"], count = offered.subn(r"\1", files["segments.yaml"])
    assert count == 3

    budget = compile_rulebook(files).segments.budget

    assert [(cap.tier, cap.limit, cap.overflow) for cap in budget.caps] == [("gold", 12, "silver")]
    assert (budget.after, budget.margin, budget.margin_fact) == (21, 0.1, "potential")
    assert budget.freeze == 5


def test_what_is_written_in_a_crm_is_no_rule() -> None:
    files = {name: str(text) for name, text in shipped().items()}
    fields = files["fields.yaml"]
    assert "optional: [segment, quadrant, contact_status]" in fields
    fewer = fields.replace("optional: [segment, quadrant, contact_status]", "optional: []")
    other = fields.replace("hubspot: potentiel_annuel", "hubspot: potentiel")
    before = compile_rulebook(files)
    written = compile_rulebook(files | {"fields.yaml": fewer})
    assert (written.rules_hash, written.hash != before.hash) == (before.rules_hash, True)
    assert compile_rulebook(files | {"fields.yaml": other}).rules_hash != before.rules_hash
