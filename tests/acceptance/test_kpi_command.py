"""`arpent kpi` and `arpent plan export|import` at a terminal, on the worked case."""

import csv
import json
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from service.settings import SHIPPED_PLAYBOOK
from tests import portals
from tests.acceptance.shell import Shell
from tests.acceptance.territory import settled

DONE, MISTAKEN = 0, 2
WEEK = "2026-W26"


@pytest.fixture(scope="module")
def shell(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A terminal beside a store that has lived a cycle of the worked case, on its Monday."""
    folder = tmp_path_factory.mktemp("kpi")
    shutil.copy(sqlite_template, folder / "arpent.sqlite3")
    url = f"sqlite:///{folder / 'arpent.sqlite3'}"
    with portals.elise() as portal:
        with settled(portal, url) as territory:
            territory.cycle()
        settings = {
            "database_url": url,
            "hubspot_url": portal.url,
            "hubspot_token": portal.token,
        }
        yield Shell(folder, settings)


def said(shell: Shell, *words: str, **settings: str) -> str:
    """What a command answers that ends well, its spaces plain."""
    answer = shell.say(*words, **settings)
    assert (answer.code, answer.err) == (DONE, ""), answer
    return answer.out.replace("\u00a0", " ").replace("\u202f", " ")


def refused(shell: Shell, *words: str) -> str:
    answer = shell.say(*words)
    assert (answer.code, answer.out) == (MISTAKEN, ""), answer
    return answer.err.replace("\n", " ")


def test_the_tables_fit_the_terminal(shell: Shell) -> None:
    narrow = Shell(shell.folder, shell.settings, {"COLUMNS": "80"})
    answer = narrow.run("kpi")
    assert (answer.code, answer.err) == (DONE, "")
    # Sentences fold as the terminal likes; tables have to fit.
    assert max(len(each) for each in answer.out.splitlines() if not each.endswith(".")) <= 80
    assert "Élise Gagnon ·" in answer.out
    assert "Équipe ·" in answer.out
    assert "Atteinte" in answer.out


def test_the_same_in_english(shell: Shell) -> None:
    text = said(shell, "kpi", "--team", "--span", "quarter", language="en")
    assert "Team · Q" in text
    assert "Attained to date" in text
    assert "Élise" not in text


def test_stages_stand_in_their_order_and_hours_are_hours(shell: Shell) -> None:
    text = said(shell, "kpi", "--owner", "elise", "--week", WEEK)
    stages = ("Qualification", "Découverte", "Proposition ", "Négociation")
    assert sorted(stages, key=text.index) == list(stages)
    assert " h)" in text
    assert "Client existant" in said(shell, "kpi", "--owner", "elise", "--by", "source")


def test_what_a_reader_must_know_stands_around_the_tables(shell: Shell) -> None:
    text = said(shell, "kpi")
    assert "hubspot n'a pas été lu depuis le 2026-06-29 07:00" in text
    assert "Rien à montrer pour ces jours de Marc Lavoie" in text
    week = said(shell, "kpi", "--week", WEEK, "--filters")
    assert f"Semaine {WEEK} gelée le 2026-06-29 07:00." in week
    assert "elles donnent la colonne « Aujourd'hui »" in week
    assert "numérateur : " in week
    document = json.loads(said(shell, "kpi", "--week", WEEK, "--json"))
    assert document["frozen_at"].startswith("2026-06-29T07:00:0")
    assert document["is_late"] is False
    assert set(document["read_at"]) == {"hubspot"}
    assert document["plans"]["marc"] is None
    assert document["plans"]["elise"]["initial_objective"] == 120_000_000


def test_json_keeps_what_the_tables_leave_out(shell: Shell) -> None:
    document = json.loads(said(shell, "kpi", "--owner", "marc", "--json"))
    (opened,) = (each for each in document["figures"] if each["kpi"] == "opportunities_opened")
    assert (opened["value"], opened["target"]) == (0, None)
    assert "Rien à montrer pour ces jours" in said(shell, "kpi", "--owner", "marc")


def test_a_frozen_week_stands_beside_today(shell: Shell) -> None:
    text = said(shell, "kpi", "--week", WEEK, "--owner", "elise")
    assert f"Élise Gagnon · semaine {WEEK} : gelé / aujourd'hui" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "Taux de transformation 23 % (6/26) 23 % (6/26) =" in lines
    month = json.loads(
        said(shell, "kpi", "--week", WEEK, "--owner", "elise", "--span", "month", "--json")
    )
    won = next(each for each in month["figures"] if each["kpi"] == "revenue_won")
    assert (won["period"], won["as_of"]) == ("2026-06", "2026-06-28")
    assert won["value"] == won["today"]["value"]


def test_a_week_that_was_not_frozen_is_named(shell: Shell) -> None:
    assert f"« 2026-W01 » n'est pas gelée. Les dernières qui le sont : {WEEK}" in refused(
        shell, "kpi", "--week", "2026-W01"
    )


def test_a_cut_shows_its_members(shell: Shell) -> None:
    text = said(shell, "kpi", "--team", "--by", "segment", "--span", "year")
    assert "fabrication" in text
    assert "ce playbook ne découpe rien par « channel »" in refused(shell, "kpi", "--by", "channel")


def test_definitions_and_filters_are_printed_on_request(shell: Shell) -> None:
    plain = said(shell, "kpi", "--owner", "elise")
    assert "gagnées ÷" not in plain
    told = said(shell, "kpi", "--owner", "elise", "--definitions", "--filters")
    assert "Taux de transformation :" in told
    assert "(hubspot)" in told
    assert '"propertyName"' in told


def test_json_has_every_figure_with_its_definition(shell: Shell) -> None:
    document = json.loads(said(shell, "kpi", "--json", "--filters"))
    kpis = {each["kpi"] for each in document["figures"]}
    assert kpis == set(document["definitions"])
    assert {each["subject"] for each in document["figures"]} >= {"elise", "team"}
    assert all("hubspot" in each["lists"] for each in document["figures"])


def test_csv_opens_in_excel(shell: Shell) -> None:
    answer = shell.say("kpi", "--csv")
    assert answer.out.startswith("\ufeffsubject;name;kpi;")
    listed = list(csv.DictReader(StringIO(answer.out[1:], newline=""), delimiter=";"))
    assert {each["subject"] for each in listed} >= {"elise", "team"}
    for each in listed:
        float(each["value"].replace(",", ".") or 0)


def test_options_that_do_not_go_together_are_refused(shell: Shell) -> None:
    assert "--team et --owner" in refused(shell, "kpi", "--team", "--owner", "elise")
    assert "--csv et --json" in refused(shell, "kpi", "--csv", "--json")


def test_a_plan_goes_through_excel(shell: Shell) -> None:
    folder = shell.folder / "playbook"
    shutil.copytree(SHIPPED_PLAYBOOK, folder)
    plan = folder / "plans" / "elise.yaml"
    before = plan.read_bytes()
    there = ("--folder", str(folder))
    assert "arpent plan import plans.xlsx" in said(shell, "plan", "export", "plans.xlsx", *there)
    assert "rien de changé" in said(shell, "plan", "import", "plans.xlsx", *there)
    book = load_workbook(shell.folder / "plans.xlsx")
    sheet: Any = book.worksheets[0]
    row = next(cell.row for (cell,) in sheet.iter_rows(max_col=1) if cell.value == "Capacité")
    sheet.cell(row, 3).value = "30 h per week"
    book.save(shell.folder / "plans.xlsx")
    dry = said(shell, "plan", "import", "plans.xlsx", "--dry-run", *there)
    assert "plans/elise.yaml changerait : 1 valeur" in dry
    assert plan.read_bytes() == before
    document = json.loads(said(shell, "plan", "import", "plans.xlsx", "--json", *there))
    (change,) = document["plans"][0]["changes"]
    assert (change["where"], change["after"]) == ("Temps, Capacité", "30 h per week")
    assert plan.read_bytes() == before.replace(b"32 h per week", b"30 h per week")
    sheet.cell(row, 3).value = "beaucoup"
    book.save(shell.folder / "plans.xlsx")
    told = refused(shell, "plan", "import", "plans.xlsx", *there)
    assert f"plans.xlsx, feuille « elise 2026 », cellule C{row} :" in told


def test_a_new_plan_needs_its_year(shell: Shell) -> None:
    assert "--period 2027" in refused(shell, "plan", "export", "n.xlsx", "--new", "elise")
    text = said(shell, "plan", "export", "n.xlsx", "--new", "Élise Gagnon", "--period", "2027")
    assert "Plan vide de elise pour 2027" in text
    assert "« nobody » n'est pas dans team.yaml" in refused(
        shell, "plan", "export", "m.xlsx", "--new", "nobody", "--period", "2027"
    )
