"""A part of the torture, of another CRM each day (`docs/reliability.md`); `make torture` does all.

It runs in a process of its own, which makes others by forking: nothing else may run in it.
"""

import os
import subprocess
import sys

import pytest

from tests.torture import planted
from tests.torture.__main__ import vendor_of
from tests.torture.parts import CAUGHT, DOUBLE, POSTGRES, SQLITE
from tests.torture.results import ROOT, Line, Results
from tests.torture.world import PORTALS, STAGES

# Only there so that nothing hangs, however loaded the machine is.
LONGEST = 3_600
# Another day takes another CRM, other points and other faults.
DAY = int(os.environ["ARPENT_TEST_DAY"])
VENDOR = vendor_of(DAY)


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Results:
    """What the part found; its own words where it could not, or where something is wrong."""
    path = tmp_path_factory.mktemp("torture") / "share.jsonl"
    settings = {name: value for name, value in os.environ.items() if "ARPENT_" not in name}
    settings |= {"PYTHONPATH": str(ROOT), "ARPENT_TEST_POSTGRES": postgres_url}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.torture", "share", path, str(DAY)], cwd=path.parent,
        env=settings, text=True, capture_output=True, check=False, timeout=LONGEST,
    )  # fmt: skip
    assert ended.returncode in {0, 1}, ended.stderr
    results = Results(path)
    assert results.lines, ended.stderr
    assert not list(results.wrong()), ended.stdout
    return results


def lines(results: Results, part: str) -> list[Line]:
    return [line for line in results.lines.values() if line.part.startswith(part)]


def test_points_all_over_a_story_survive_a_death(share: Results) -> None:
    """Some in each stage."""
    found = lines(share, f"points: {VENDOR}, {SQLITE}")
    assert len({line.part for line in found}) == len(STAGES)
    assert len(found) >= 2 * len(STAGES)


def test_points_survive_a_death_on_postgresql(share: Results) -> None:
    assert len(lines(share, f"points: {VENDOR}, {POSTGRES}")) >= 2


def test_double_deaths_among_faults_lose_nothing(share: Results) -> None:
    assert len(lines(share, f"{DOUBLE}: {VENDOR}")) >= 4


def test_faults_of_many_kinds_were_met(share: Results) -> None:
    fired = share.fired()
    requests = fired.pop("requests")
    assert fired.total() >= 0.08 * requests
    assert sum(count > 0 for count in fired.values()) >= 8


def test_the_planted_bugs_of_the_day_are_caught(share: Results) -> None:
    assert {line.name for line in lines(share, CAUGHT)} == {
        bug.name for bug in planted.some(VENDOR, DAY)
    }


@pytest.mark.parametrize("vendor", PORTALS)
def test_each_planted_bug_has_its_day(vendor: str) -> None:
    shown = {bug.name for day in range(2 * len(PORTALS)) for bug in planted.some(vendor, day)}
    assert shown == {bug.name for bug in planted.harmful(vendor)}


def test_every_crm_has_its_day() -> None:
    assert {vendor_of(DAY + number) for number in range(len(PORTALS))} == set(PORTALS)


def test_what_a_frozen_process_wrote_is_healed_by_the_next_cycle(share: Results) -> None:
    """Frozen by SIGSTOP before a write, resumed after another process wrote something newer."""
    assert len(lines(share, f"frozen and resumed: {VENDOR}")) == 1
