"""What a newcomer gets wrong: each time a sentence, an exit code, and no key and no traceback.

1 is what a CRM or the store could not do, 2 what the person has to correct. `shell` looks for
the key and for tracebacks in everything that is printed. A process tells one of each kind (a CRM, a
playbook, a store, a setting, a port); the others are told within this one.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.hubspot.portal import DEFAULT_SCOPES
from service import rehearsal
from service.settings import SHIPPED_PLAYBOOK
from tests.acceptance.shell import CANARY, Said, Shell, ended

FAILED, MISTAKEN = 1, 2


@pytest.fixture(scope="module", autouse=True)
def unanswered(
    ready: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.Popen[str]]:
    """A pull from an address where nothing listens: it tries for a while, so it starts first."""
    shell = Shell(tmp_path_factory.mktemp("unanswered"))
    shutil.copy(ready, shell.folder / "arpent.sqlite3")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = shell.start(
        "pull",
        database_url=f"sqlite:///{shell.folder}/arpent.sqlite3",
        hubspot_url=f"http://127.0.0.1:{port}",
        hubspot_token=CANARY,
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def says(said: Said, code: int, *words: str) -> None:
    """The exit code, and each of these words on standard error; nothing on standard output."""
    assert (said.code, said.out) == (code, "")
    for word in words:
        assert word in said.err


@pytest.fixture
def playbook(published: Shell) -> Path:
    """A copy of the shipped playbook to spoil; the terminal uses it."""
    folder = published.folder / "playbook"
    shutil.copytree(SHIPPED_PLAYBOOK, folder)
    published.settings["playbook"] = str(folder)
    return folder


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# The key.


def test_no_key(published: Shell) -> None:
    del published.settings["hubspot_token"]
    french = "Aucun CRM n'est réglé"
    for name in ("ARPENT_HUBSPOT_TOKEN", "ARPENT_SALESFORCE_CLIENT_ID"):
        says(published.say("pull"), MISTAKEN, french, name, "« arpent demo »")
    says(published.say("push", language="en"), MISTAKEN, "No CRM is set.", "`arpent demo`")
    one = published.say("pull", "--crm", "hubspot")
    says(one, MISTAKEN, "HubSpot n'est pas réglé. Créez une clé de service dans HubSpot")
    says(published.say("worker"), MISTAKEN, french)
    says(published.say("init", "new", hubspot_token=""), MISTAKEN, french)
    assert not (published.folder / "new").exists()


def test_a_wrong_key(published: Shell) -> None:
    wrong = f"{CANARY}-wrong"
    said = published.run("pull", hubspot_token=wrong)
    says(said, FAILED, "HubSpot ne reconnaît pas la clé (401)", "Clés de service")
    said = published.say("run", hubspot_token=wrong, language="en")
    assert said.code == FAILED
    assert "HubSpot does not recognise the key (401)" in said.out


def test_a_key_with_something_invisible(published: Shell) -> None:
    said = published.say("pull", hubspot_token=f"{CANARY}\u00a0")
    says(said, MISTAKEN, "contient des espaces ou des caractères invisibles")


def test_a_missing_scope_is_named(published: Shell, served: HubSpotSandbox) -> None:
    scopes = sorted(DEFAULT_SCOPES - {"crm.objects.companies.read"})
    served.add_token(f"{CANARY}-narrow", scopes)
    said = published.say("pull", hubspot_token=f"{CANARY}-narrow")
    says(said, FAILED, "crm.objects.companies.read")


def test_the_key_of_another_account(published: Shell) -> None:
    said = published.say("pull", hubspot_account_id="77")
    says(said, FAILED, "La clé ouvre le compte HubSpot 4242001", "le compte 77")


# The CRM.


def test_an_address_that_is_not_the_crm(published: Shell) -> None:
    said = published.say("pull", hubspot_url="https://hubspot.example")
    says(said, MISTAKEN, "« hubspot.example » n'est pas celle de ce CRM", "rien n'a été envoyé")


def test_another_crm_than_those_known(published: Shell) -> None:
    expected = ("« hubsport » n'est pas un CRM", "vouliez-vous dire « hubspot »")
    says(published.say("pull", "--crm", "hubsport"), MISTAKEN, *expected)
    for words in (("push",), ("preview",), ("run",), ("fields", "ensure"), ("worker",)):
        says(published.say(*words, "--crm", "hubsport"), MISTAKEN, *expected)


def test_a_field_that_the_crm_does_not_have(published: Shell, playbook: Path) -> None:
    replace(playbook / "fields.yaml", "potentiel_annuel", "potentiel_anuel")
    assert published.say("rules", "publish").code == 0
    says(
        published.say("pull"),
        FAILED,
        "fields.yaml, account.potential : hubspot n'a pas de champ « potentiel_anuel »",
        "vouliez-vous dire « potentiel_annuel »",
    )
    said = published.say("doctor", language="en")
    assert said.code == FAILED
    assert "did you mean 'potentiel_annuel'" in said.out


def test_reading_only(published: Shell) -> None:
    expected = "ARPENT_READ_ONLY est activé : rien n'est écrit dans le CRM"
    says(published.say("push", read_only="1"), FAILED, expected)
    says(published.say("fields", "ensure", read_only="1"), FAILED, expected)
    dry = published.say("fields", "ensure", "--dry-run", read_only="1")
    assert (dry.code, dry.err) == (0, "")


# The playbook.


def test_an_unknown_key_is_placed_and_guessed(published: Shell, playbook: Path) -> None:
    replace(playbook / "team.yaml", "currency: CAD", "curency: CAD")
    expected = (
        "team.yaml:4:1: clé inconnue « curency » (vouliez-vous dire « currency » ?)",
        "il manque la clé « currency »",
    )
    says(published.run("rules", "check"), MISTAKEN, *expected)
    says(published.say("rules", "publish"), MISTAKEN, *expected)
    told = published.say("rules", "check", "--json")
    assert told.code == MISTAKEN
    assert {issue["file"] for issue in told.json["issues"]} == {"team.yaml"}


def test_a_tab(published: Shell, playbook: Path) -> None:
    replace(playbook / "team.yaml", "  elise:", "\telise:")
    says(published.say("rules", "check"), MISTAKEN, "team.yaml:8:1: tabulation")
    says(published.say("rules", "check", language="en"), MISTAKEN, "team.yaml:8:1: tab")


def test_no_playbook_where_it_is_said_to_be(published: Shell) -> None:
    said = published.say("rules", "check", "/nowhere/at/all")
    says(said, MISTAKEN, "/nowhere/at/all", "ARPENT_PLAYBOOK")
    said = published.say("rules", "publish", playbook="/nowhere/at/all", language="en")
    says(said, MISTAKEN, "no playbook here")


def test_files_are_named_by_the_folder_that_was_given(published: Shell, playbook: Path) -> None:
    replace(playbook / "team.yaml", "currency: CAD", "curency: CAD")
    shutil.copytree(playbook, published.folder / "other")
    said = published.say("rules", "check", "other")
    says(said, MISTAKEN, "other/team.yaml:4:1: clé inconnue")
    (published.folder / "empty").mkdir()
    assert published.say("rules", "check", "empty").err.startswith("empty:1:1: pas de playbook")
    here = published.say("rules", "check", "playbook")
    assert here.err.startswith("team.yaml:")
    told = published.say("rules", "check", "other", "--json").json["issues"]
    assert {issue["file"] for issue in told} == {"team.yaml"}


def test_two_formats_at_once(published: Shell) -> None:
    for layout in ("github", "text"):
        said = published.say("rules", "check", "--format", layout, "--json")
        says(said, MISTAKEN, "--format et --json demandent deux formats")
    assert published.say("rules", "check", "--format", "json", "--json").json["issues"] == []


def test_schemas_beside_no_rule_file(published: Shell, playbook: Path) -> None:
    above = published.folder / "above"
    above.mkdir()
    shutil.move(playbook, above)
    said = published.say("rules", "schema", "above")
    says(said, MISTAKEN, "aucun fichier de règles dans ce dossier même", "above/playbook")
    assert not (above / ".schema").exists()
    assert published.say("rules", "schema", "above/playbook").code == 0


def test_a_field_that_was_never_read_is_said_where_it_is_published(
    published: Shell, playbook: Path
) -> None:
    assert published.say("pull").code == 0
    replace(playbook / "fields.yaml", "potentiel_annuel", "potentiel_anuel")
    for command in ("preview", "publish"):
        said = published.say("rules", command)
        assert said.code == 0
        assert "Jamais lus dans le CRM : potential (hubspot : potentiel_anuel)" in said.out
        assert "« arpent fields suggest » montre ceux qu'il a" in said.out


def test_own_fields_that_are_not_there_are_one_line(published: Shell) -> None:
    said = published.say("pull")
    (line,) = [each for each in said.out.splitlines() if "arpent_tier" in each]
    assert line.startswith("hubspot n'a pas ")
    assert "arpent_why" in line
    assert said.out.count("arpent fields ensure") == 1


def test_nothing_is_published(installed: Shell) -> None:
    expected = ("Aucun playbook n'est publié", "arpent rules publish")
    says(installed.say("pull"), FAILED, *expected)
    for words in (("tag",), ("kpi",), ("run",), ("worker",), ("rules", "explain", "x")):
        says(installed.say(*words), FAILED, *expected)


def test_nobody_by_that_key_in_the_team(published: Shell) -> None:
    expected = "« elize » n'est pas dans team.yaml (vouliez-vous dire « elise » ?)"
    says(published.say("run", "--owner", "elize"), MISTAKEN, expected)
    for command in ("preview", "push", "kpi"):
        says(published.say(command, "--owner", "elize"), MISTAKEN, expected)


def test_accounts_that_can_not_be_told(published: Shell) -> None:
    assert published.say("pull").code == 0
    said = published.say("rules", "explain", "Ferblanterie Nordet")
    says(said, MISTAKEN, "Aucun compte « Ferblanterie Nordet »")
    said = published.say("rules", "explain", "conseil", language="en")
    says(said, MISTAKEN, "Several accounts match 'conseil'", "Conseil Roche-Cendrée (20001)")


def test_an_account_that_is_not_named(published: Shell) -> None:
    for words in ("", "  "):
        said = published.say("rules", "explain", words)
        says(said, MISTAKEN, "Quel compte ? Donnez son nom, son identifiant")


def test_a_rep_by_name(published: Shell) -> None:
    assert published.say("pull").code == 0
    for name in ("Élise Gagnon", "elise gagnon", "ELISE"):
        assert published.say("preview", "--owner", name, "--json").code == 0
        assert published.say("rules", "preview", "--owner", name, "--json").code == 0
    said = published.say("push", "--owner", "Zoé")
    says(said, MISTAKEN, "« Zoé » n'est pas dans team.yaml", "elise (Élise Gagnon)")


def test_numbers_that_nothing_has(published: Shell) -> None:
    for words in (("runs", "show"), ("runs", "retry"), ("undo",)):
        says(published.say(*words, "999"), MISTAKEN, "Aucune exécution n'a le numéro 999")
    says(published.say("rules", "rollback", "99"), MISTAKEN, "Rien n'a été publié sous « 99 »")


def test_files_that_can_not_be_written(published: Shell, playbook: Path) -> None:
    assert published.say("pull").code == 0
    replace(playbook / "segments.yaml", "500k", "300k")
    (published.folder / "there").mkdir()
    said = published.say("rules", "preview", "-o", "there")
    says(said, MISTAKEN, "there ne peut pas être écrit (c'est un dossier)")
    missing = ("-o", "/nowhere/moves.csv")
    says(published.say("rules", "preview", *missing), MISTAKEN, "fichier ou dossier introuvable")
    said = published.say("preview", *missing, language="en")
    assert (said.code, "(no such file or folder)" in said.err) == (MISTAKEN, True)
    says(published.say("rules", "export", "tier", *missing), MISTAKEN, "introuvable")
    says(published.say("push", "/nowhere/preview.json"), MISTAKEN, "ne se lit pas (fichier ou")


# The store.


def test_a_store_without_its_tables(installed: Shell) -> None:
    shutil.rmtree(installed.folder / ".arpent")
    says(installed.run("status"), FAILED, "arpent db upgrade")
    for words in (("pull",), ("rules", "publish"), ("worker",)):
        says(installed.say(*words), FAILED, "arpent db upgrade")


def test_a_store_from_another_time(installed: Shell) -> None:
    path = installed.folder / ".arpent" / "arpent.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    says(installed.say("status"), FAILED, "9999", "arpent db upgrade")


def test_a_place_where_no_file_can_be(shell: Shell) -> None:
    below_a_file = shell.folder / "file" / "arpent.sqlite3"
    below_a_file.parent.write_text("not a folder")
    for place, tell in ((below_a_file, shell.run), ("/proc/arpent.sqlite3", shell.say)):
        said = tell("db", "upgrade", database_url=f"sqlite:///{place}")
        says(said, FAILED, str(place), "ne peut être ni créé ni écrit", "ARPENT_DATABASE_URL")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_without_permission(shell: Shell) -> None:
    folder = shell.folder / "closed"
    folder.mkdir(mode=0o500)
    said = shell.run("db", "upgrade", database_url=f"sqlite:///{folder}/arpent.sqlite3")
    says(said, FAILED, "ne peut être ni créé ni écrit")


def test_an_address_of_the_store_that_means_nothing(shell: Shell) -> None:
    said = shell.say("db", "upgrade", database_url=f"mysql://arpent:{CANARY}@server/base")
    says(said, MISTAKEN, "L'adresse de la base ne se lit pas", "ARPENT_DATABASE_URL")


# Settings.


def test_a_mistyped_variable(shell: Shell) -> None:
    said = shell.run("status", databse_url="x")
    says(said, MISTAKEN, "ARPENT_DATABSE_URL : réglage inconnu", "« ARPENT_DATABASE_URL »")


def test_every_wrong_setting_at_once(shell: Shell) -> None:
    wrong = {
        "weekly_look": "lundi 7h",
        "pull_every_minutes": "0",
        "read_only": "perhaps",
        "log": "xml",
    }
    said = shell.say("status", **wrong)
    says(
        said,
        MISTAKEN,
        "ARPENT_WEEKLY_LOOK : « lundi 7h » n'est pas un moment de la semaine (monday 07:00).",
        "ARPENT_PULL_EVERY_MINUTES : il faut au moins 1.",
        "ARPENT_READ_ONLY : il faut 1 ou 0.",
        "ARPENT_LOG : il faut 'auto', 'json' ou 'console'.",
    )
    said = shell.say("status", language="en", **wrong)
    told = "ARPENT_WEEKLY_LOOK: 'lundi 7h' is not a time of the week"
    says(said, MISTAKEN, told, "1 or 0 is needed")


def test_mistakes_in_the_files_of_settings(shell: Shell) -> None:
    (shell.folder / ".env").write_text("ARPENT_LANGUAGE=en\nARPENT_HUBSPOT_TOKN=x\n")
    (shell.folder / "arpent.toml").write_text('weekly_lok = "monday 07:00"\n')
    # A mistake in the settings is said in French: the language is one of them.
    said = shell.say("status")
    says(said, MISTAKEN, ".env, ARPENT_HUBSPOT_TOKN", "arpent.toml, weekly_lok", "« weekly_look »")
    (shell.folder / "arpent.toml").write_text("weekly_look = [")
    says(shell.say("status"), MISTAKEN, "arpent.toml ne se lit pas")
    (shell.folder / "arpent.toml").unlink()
    (shell.folder / ".env").write_text("ARPENT_LANGUAGE=en\n")
    says(shell.run("status"), FAILED, "Run `arpent db upgrade`")


# The emulated CRM.


def test_a_port_in_use(shell: Shell, served: HubSpotSandbox) -> None:
    port = served.url.rpartition(":")[2]
    said = shell.run("sandbox", "serve", "--port", port, language="en")
    says(said, MISTAKEN, f"Port {port} is already in use", "--port 0")


def test_a_folder_that_can_not_be_loaded(shell: Shell) -> None:
    def serve() -> Said:
        return shell.say("sandbox", "serve", "--data", "case", "--port", "0")

    says(serve(), MISTAKEN, "Ce dossier ne se charge pas.", "case/owners.csv")
    case = shell.folder / "case"
    shutil.copytree(rehearsal.ELISE, case)
    (case / "accounts.csv").write_text("id,name,owner_id\n1,Fonderie,999\n", encoding="utf-8")
    says(serve(), MISTAKEN, "accounts.csv, line 2, column owner_id", "999")
    (case / "case.json").write_text('{"as_of": "yesterday"}', encoding="utf-8")
    says(serve(), MISTAKEN, "case.json ne se lit pas", "as_of")


def test_a_state_file_that_is_none(shell: Shell) -> None:
    (shell.folder / "state").write_text("these are\nmy own notes\n", encoding="utf-8")
    said = shell.say("sandbox", "serve", "--state", "state", "--port", "0")
    says(said, MISTAKEN, "Le fichier d'état state ne peut servir.")
    assert (shell.folder / "state").read_text(encoding="utf-8") == "these are\nmy own notes\n"


def test_nobody_answers(unanswered: subprocess.Popen[str]) -> None:
    says(ended(unanswered), FAILED, "« 127.0.0.1 » est injoignable")
