"""A part of the torture for every day; `make torture` does it all (`docs/reliability.md`).

It runs in a process of its own, which makes others by forking: nothing else may run in it.
"""

import os
import subprocess
import sys

import pytest

from tests.torture.parts import CAUGHT, DOUBLE, POSTGRES, SQLITE
from tests.torture.planted import BUGS
from tests.torture.results import ROOT, Line, Results
from tests.torture.world import PORTALS, STAGES

LONGEST = 900


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Results:
    """What the part found; its own words where it could not, or where something is wrong."""
    path = tmp_path_factory.mktemp("torture") / "share.jsonl"
    settings = {name: value for name, value in os.environ.items() if "ARPENT_" not in name}
    settings |= {"PYTHONPATH": str(ROOT), "ARPENT_TEST_POSTGRES": postgres_url}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.torture", "share", path], cwd=path.parent, env=settings,
        text=True, capture_output=True, check=False, timeout=LONGEST,
    )  # fmt: skip
    assert ended.returncode in {0, 1}, ended.stderr
    results = Results(path)
    assert results.lines, ended.stderr
    assert not list(results.wrong()), ended.stdout
    return results


def lines(results: Results, part: str) -> list[Line]:
    return [line for line in results.lines.values() if line.part.startswith(part)]


@pytest.mark.parametrize("vendor", PORTALS)
def test_points_all_over_a_story_survive_a_death(share: Results, vendor: str) -> None:
    """At least one in each stage."""
    found = lines(share, f"points: {vendor}, {SQLITE}")
    assert len({line.part for line in found}) == len(STAGES)
    assert len(lines(share, "points: ")) >= 16


def test_points_survive_a_death_on_postgresql(share: Results) -> None:
    """With one of the CRMs, each in its turn."""
    assert sum(len(lines(share, f"points: {vendor}, {POSTGRES}")) for vendor in PORTALS) >= 3


@pytest.mark.parametrize("vendor", PORTALS)
def test_double_deaths_among_faults_lose_nothing(share: Results, vendor: str) -> None:
    assert len(lines(share, f"{DOUBLE}: {vendor}")) >= 3
    assert len(lines(share, DOUBLE)) >= 12


def test_faults_of_all_kinds_were_met(share: Results) -> None:
    fired = share.fired()
    requests = fired.pop("requests")
    assert fired.total() >= 0.12 * requests
    assert sum(count > 0 for count in fired.values()) >= 20


def test_every_planted_bug_is_caught(share: Results) -> None:
    """Each with one of the CRMs."""
    assert {line.name for line in lines(share, CAUGHT)} == {bug.name for bug in BUGS}


@pytest.mark.parametrize("vendor", PORTALS)
def test_what_a_frozen_process_wrote_is_healed_by_the_next_cycle(
    share: Results, vendor: str
) -> None:
    """Frozen by SIGSTOP before a write, resumed after another process wrote something newer."""
    assert len(lines(share, f"frozen and resumed: {vendor}")) == 1
