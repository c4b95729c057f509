"""`arpent forecast` and `arpent review` on the worked case, on its own Monday."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from icalendar import Calendar
from typer.testing import CliRunner

from service.cli.commands import app, forecast, review
from tests import portals
from tests.acceptance.territory import Territory, settled

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def territory(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Territory]:
    """An installation that has lived a cycle of the worked case; its clock is the portal's."""
    store = tmp_path_factory.mktemp("forecast") / "arpent.sqlite3"
    shutil.copy(sqlite_template, store)
    with portals.elise() as portal, settled(portal, f"sqlite:///{store}") as found:
        found.cycle()
        yield found


@pytest.fixture(autouse=True)
def _opened(territory: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (forecast, review):
        monkeypatch.setattr(command, "open_installation", lambda: territory.app)


def said(*words: str) -> str:
    """What a command answers that ends well."""
    answer = RUNNER.invoke(app, words)
    assert answer.exit_code == 0, answer.output
    return answer.output.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_forecast_says_what_was_won_and_what_is_likely() -> None:
    (found,) = json.loads(said("forecast", "--owner", "elise", "--json"))["forecasts"]
    assert (found["won"], found["target"]) == (69_600_000, 120_000_000)
    assert found["p10"] < found["p50"] < found["p90"]
    # Of late, half of what the plan counts on: its own pace would do.
    assert found["probability"] < 0.5 < found["planned"]["probability"]
    assert said("forecast", "--owner", "elise") == said("forecast", "--owner", "elise")


def test_nothing_is_calibrated_before_a_period_has_ended() -> None:
    assert json.loads(said("forecast", "--calibration", "--json")) == []


def test_the_pack_of_a_review_is_written(tmp_path: Path) -> None:
    said("review", "--owner", "elise", "--out", str(tmp_path))
    names = {each.suffix: each.read_text("utf-8") for each in tmp_path.iterdir()}
    assert set(names) == {".md", ".html"}
    for pack in names.values():
        assert "Comptes prioritaires sans contact" in pack
        assert "Bournival" in pack


def test_the_blocks_of_a_week_make_the_hours_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "elise.ics"
    said("review", "--owner", "elise", "--ics", str(path))
    blocks = Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    hours: dict[str, float] = {}
    for block in blocks:
        length = (block.decoded("DTEND") - block.decoded("DTSTART")).total_seconds() / 3_600
        name = str(block["SUMMARY"])
        hours[name] = hours.get(name, 0.0) + length
    # 32 hours a week: 50, 30 and 20 %.
    assert sorted(hours.values()) == pytest.approx([6.4, 9.6, 16.0], abs=0.26)
