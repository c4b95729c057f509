"""Each playbook of the gallery is refused with the right place and a usable sentence.

Nothing of it reaches the database: the playbook that was published keeps serving.
"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rules.checking import check
from rules.language import Text
from rules.located import Issue
from service import check as checking
from service.settings import SHIPPED_PLAYBOOK
from tests.acceptance.shell import Shell
from tests.playbooks import TIER, shipped
from tests.unit import gallery
from tests.unit.gallery import Broken

NOW = 1_772_000_000_000
# What a library says, or Python: nothing for people.
_RAW = re.compile(r"Traceback|<class|Error\b|pydantic|ruamel|sqlglot|NoneType|Input should")


def test_the_gallery_is_large_and_without_repetition() -> None:
    names = [broken.what for broken in gallery.every()]
    assert len(set(names)) == len(names) >= 120
    assert all(gallery.MARK in broken.marked() for broken in gallery.every())


@pytest.mark.parametrize("broken", gallery.every(), ids=lambda broken: broken.what)
def test_a_broken_file_is_refused_at_its_place(broken: Broken) -> None:
    found = check({**around(broken.file), broken.file: broken.content()}, NOW)
    line, column = broken.place()
    check_told(found.errors, Issue(broken.file, line, column, Text(broken.fr, broken.en)))


def around(file: str) -> dict[str, str | bytes]:
    """The other files: as shipped where they matter, else short, to be read in no time."""
    files: dict[str, str | bytes] = {**shipped()}
    del files["tests.yaml"]
    if file == gallery.SEGMENTS:
        del files[gallery.PLAN]
        return {**files, gallery.KPIS: "", gallery.ALERTS: "start: 2026-01-05\n"}
    return {**files, gallery.SEGMENTS: TIER}


def check_told(errors: Sequence[Issue], wanted: Issue) -> None:
    """An error stands at the place and holds the words; none shows what a library says."""
    here = [
        each.text for each in errors
        if (each.file, each.line, each.column) == (wanted.file, wanted.line, wanted.column)
    ]  # fmt: skip
    said = "\n".join(f"{each.file}:{each.line}:{each.column}: {each.text}" for each in errors)
    assert any(wanted.text.fr in text.fr and wanted.text.en in text.en for text in here), (
        f"not told at {wanted}:\n{said}"
    )
    assert not _RAW.search(said)
    assert all(each.text.fr != each.text.en for each in errors)


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        ("zone: America/Toronto\n# Élise\n".encode("latin-1"), 2, 3),
        ("# é puis ".encode() + b"\xe9\n", 1, 10),
        ("zone: America/Toronto\n".encode("utf-16"), 1, 1),
        (shipped()["team.yaml"].encode()[: shipped()["team.yaml"].encode().index(b"\xc3") + 1],
         2, 5),
        (b"\x89PNG\r\n\x1a\n", 1, 1),
    ],
    ids=["Latin-1", "UTF-8 and Latin-1", "UTF-16", "half a character", "picture"],
)  # fmt: skip
def test_bytes_that_are_no_utf_8_are_refused_at_the_first(
    content: bytes, line: int, column: int
) -> None:
    errors = check({**shipped(), "team.yaml": content}, NOW).errors
    check_told(errors, Issue("team.yaml", line, column, Text("UTF-8", "UTF-8")))


def _folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _link(path: Path) -> None:
    outside = path.parent.parent / "outside.yaml"
    path.rename(outside)
    path.symlink_to(outside)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone.yaml"))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "breaking", "fr", "en"),
    [
        ("team.yaml", _folder, "c'est un dossier", "this is a folder"),
        ("more.yaml", _folder, "c'est un dossier", "this is a folder"),
        ("team.yaml", _link, "ce lien mène hors du playbook", "leads out of the playbook"),
        ("team.yaml", _dangling, "ne se lit pas", "can't be read"),
        ("team.yaml", _pipe, "ne se lit pas", "can't be read"),
        ("team.yml", lambda path: path.write_text("zone: UTC\n"), "ce fichier en team.yaml",
         "this file to team.yaml"),
        ("kpis.yaml", Path.unlink, "ce fichier manque", "this file is missing"),
        ("kpis.yaml", lambda path: path.rename(path.with_name("kpi.yaml")), "ce fichier manque",
         "this file is missing"),
        ("elsewhere", lambda path: path.symlink_to(path.parent.parent), "hors du playbook",
         "out of the playbook"),
    ],
    ids=["folder", "another folder", "link out", "link to nothing", "pipe", "yml", "missing",
         "renamed", "folder linked"],
)  # fmt: skip
def test_what_is_no_file_of_a_playbook_is_refused_by_its_name(
    tmp_path: Path, name: str, breaking: Callable[[Path], object], fr: str, en: str
) -> None:
    folder = shutil.copytree(SHIPPED_PLAYBOOK, tmp_path / "playbook")
    breaking(folder / name)
    errors = checking.run(folder, NOW).errors
    check_told(errors, Issue(name, 1, 1, Text(fr, en)))


def test_hidden_folders_and_other_files_are_no_part_of_a_playbook(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED_PLAYBOOK, tmp_path / "playbook")
    (folder / ".github").mkdir()
    (folder / ".github" / "check.yml").write_text("on: push\n")
    (folder / "README.md").write_text("Notre plan\n")
    (folder / "notes").mkdir()
    assert checking.run(folder, NOW).errors == []


def test_no_folder_at_all(tmp_path: Path) -> None:
    told = checking.run(tmp_path / "nowhere", NOW).errors
    assert "ARPENT_PLAYBOOK" in told[0].text.fr
    assert "no playbook here" in checking.run(tmp_path, NOW).errors[0].text.en


@pytest.fixture
def published(tmp_path: Path) -> Shell:
    """A store in which the shipped playbook is in force, and a copy of it to break."""
    shell = Shell(tmp_path)
    shell.settings |= {
        "database_url": f"sqlite:///{tmp_path}/arpent.sqlite3", "playbook": str(tmp_path / "book"),
    }  # fmt: skip
    shutil.copytree(SHIPPED_PLAYBOOK, tmp_path / "book")
    assert shell.say("db", "upgrade").code == 0
    assert shell.say("rules", "publish", "--why", "essai").code == 0
    return shell


def test_a_broken_playbook_is_not_published_and_the_one_in_force_stays(published: Shell) -> None:
    before = published.say("rules", "history", "--json").out
    kept = [*gallery.FILES[:2], *gallery.YAML_MISTAKES[::20], *gallery.TABLES[:4]]
    for broken in kept:
        path = published.folder / "book" / broken.file
        good = path.read_bytes() if path.exists() else None
        path.write_text(broken.content(), encoding="utf-8", newline="")
        said = published.say("rules", "publish", "--why", "essai")
        line, column = broken.place()
        assert said.code == 2, broken.what
        assert f"{broken.file}:{line}:{column}: " in said.err, broken.what
        path.write_bytes(good) if good is not None else path.unlink()
    assert published.say("rules", "history", "--json").out == before
    assert published.say("rules", "check").code == 0


def test_a_check_is_printed_for_people_programs_and_github(published: Shell) -> None:
    path = published.folder / "book" / "segments.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("    - {else: p4}\n", "    - {tier: gold, then: p4}\n"), "utf-8")
    row = text.splitlines().index("    - {else: p4}") + 1
    table = row - 4
    said = published.say("rules", "check", language="en")
    assert (said.code, said.out) == (2, "")
    assert f"segments.yaml:{row}:7: priority: row 4 never counts: row 1 already takes" in said.err
    assert f"segments.yaml:{table}:3: priority: no row fits some accounts, for example" in said.err
    told = published.say("rules", "check", "--format", "json")
    assert told.code == 2
    assert [each["line"] for each in told.json["issues"]] == [table, row]
    assert told.json == published.say("rules", "check", "--json").json
    annotated = published.say("rules", "check", "book", "--format", "github", language="en")
    assert annotated.code == 2
    assert re.search(
        rf"^::error file=book/segments\.yaml,line={row},col=7::priority: row 4 never",
        annotated.out, re.MULTILINE,
    )  # fmt: skip


def test_what_is_proved_and_what_is_not_is_said_of_a_right_playbook(published: Shell) -> None:
    said = published.say("rules", "check")
    assert (said.code, said.err) == (0, "")
    assert "Aucune erreur" in said.out
    assert re.search("^Démontré, sur tous les comptes possibles : .*tier", said.out, re.MULTILINE)
    assert "Non démontré : « existing_link »" in said.out
    notices = published.say("rules", "check", "--format", "github")
    assert notices.code == 0
    assert all(each.startswith("::notice ") for each in notices.out.splitlines())


def test_annotations_escape_what_github_would_take_for_its_own(published: Shell) -> None:
    path = published.folder / "book" / "plans" / "a,b.yaml"
    path.write_text("owner: elise\nperiod: 2026\ncurrency: CAD\nobjective: 5 % \n", "utf-8")
    said = published.say("rules", "check", "--format", "github")
    assert "plans/a%2Cb.yaml" in said.out
    assert "5 %25" in said.out
