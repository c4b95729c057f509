"""`arpent plan check` at a terminal: on a fresh machine, on a playbook of one's own, on errors."""

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.shell import Shell
from tests.playbooks import SHIPPED
from tests.unit.plan_checking import SOUND, Written

THREE = {"revenue_out_of_reach", "too_few_accounts", "pipeline_below_inflow"}


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """A copy of the shipped playbook, not published anywhere."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "mine"))


def written(playbook: Path, plan: Written) -> None:
    (playbook / "plans" / "elise.yaml").write_text(json.dumps(plan), "utf-8")


def test_a_fresh_machine_shows_the_three_contradictions_of_the_worked_case(shell: Shell) -> None:
    said = shell.say("plan", "check", "--json")
    assert said.code == 1
    assert sorted(said.json) == ["contradictions", "warnings"]
    assert {each["name"] for each in said.json["contradictions"]} == THREE
    assert len(said.json["contradictions"]) == 3
    # Nothing was made on the way.
    assert list(shell.folder.iterdir()) == []


def test_the_terminal_shows_places_numbers_and_repairs_in_both_languages(shell: Shell) -> None:
    french, english = shell.say("plan", "check"), shell.say("plan", "check", language="en")
    assert french.code == english.code == 1
    plain = french.out.replace("\u00a0", " ").replace("\u202f", " ")
    assert "plans/elise.yaml:" in plain
    assert "33 334 $ par vente gagnée" in plain
    assert "targets: {active_pipeline: 1 200 000}" in plain
    assert "supposé" in plain
    assert "3 contradictions" in plain
    assert "Tolérance : 2 %" in plain
    assert "each won deal must be worth $33,334" in english.out
    assert "supposed" in english.out


def test_a_repaired_plan_passes(shell: Shell, playbook: Path) -> None:
    written(playbook, SOUND)
    said = shell.say("plan", "check", str(playbook), "--json")
    assert (said.code, said.json) == (0, {"contradictions": [], "warnings": []})
    assert "0 contradiction" in shell.say("plan", "check", playbook=str(playbook)).out


def test_whoever_has_no_plan_is_told_so_and_not_that_it_holds(shell: Shell) -> None:
    said = shell.say("plan", "check", "--owner", "marc")
    assert said.code == 0
    assert "marc n'a aucun plan dans plans/ : rien n'est vérifié." in said.out
    assert "0 contradiction" not in said.out


def test_what_could_not_be_checked_is_told(shell: Shell, playbook: Path) -> None:
    written(playbook, {name: part for name, part in SOUND.items() if name != "accounts"})
    said = shell.say("plan", "check", str(playbook), language="en")
    assert said.code == 0
    assert "elise 2026: not everything is checked" in said.out
    assert "accounts (new)" in said.out


def test_what_is_accepted_does_not_fail(shell: Shell, playbook: Path) -> None:
    targets = {**SOUND["targets"], "active_pipeline": "300k"}
    line = {"finding": "pipeline_below_inflow", "until": "2099-12-31", "why": "à mesurer"}
    written(playbook, {**SOUND, "targets": targets, "accept": [line]})
    said = shell.say("plan", "check", str(playbook), "--json")
    assert said.code == 0
    (finding,) = said.json["contradictions"]
    assert finding["accepted"] == {"until": "2099-12-31", "why": "à mesurer"}
    assert "accepté" in shell.say("plan", "check", str(playbook)).out


def test_a_single_owner_is_looked_at(shell: Shell) -> None:
    assert len(shell.say("plan", "check", "--owner", "Élise Gagnon", "--json").json["warnings"]) < 3
    marc = shell.say("plan", "check", "--owner", "marc", "--json")
    assert (marc.code, marc.json["contradictions"]) == (0, [])
    unknown = shell.say("plan", "check", "--owner", "zoe")
    assert unknown.code == 2
    assert "team.yaml" in unknown.err


def test_a_bad_file_gives_its_place(shell: Shell, playbook: Path) -> None:
    written(playbook, {**SOUND, "objective": "1 300 000"})
    said = shell.say("plan", "check", str(playbook))
    assert said.code == 2
    assert "plans/elise.yaml:1:" in said.err


def test_publishing_tells_the_contradictions_and_goes_on(installed: Shell) -> None:
    said = installed.say("rules", "publish", "--why", "premier jour")
    assert said.code == 0
    assert "Publié" in said.out
    assert "3 contradictions" in said.out
    assert "arpent plan check" in said.out
