"""`arpent undo`, `rules rollback` and `rules history`, as a person types them."""

import shutil
from pathlib import Path

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from service.settings import SHIPPED_PLAYBOOK
from tests.acceptance.shell import CANARY, Shell


@pytest.fixture
def spoiled(shell: Shell, elise: HubSpotSandbox, sqlite_template: Path) -> Shell:
    """A terminal where a wrong playbook was published after a right one, each followed by a run."""
    elise.add_token(CANARY)
    elise.switches.change({"ten_second_limit": 100_000, "search_per_second": 1_000})
    playbook = shell.folder / "playbook"
    shutil.copytree(SHIPPED_PLAYBOOK, playbook)
    # The examples would refuse the wrong rules.
    (playbook / "tests.yaml").unlink()
    (shell.folder / ".arpent").mkdir()
    shutil.copy(sqlite_template, shell.folder / ".arpent" / "arpent.sqlite3")
    shell.settings.update(hubspot_url=elise.url, hubspot_token=CANARY, playbook=str(playbook))
    rules = playbook / "segments.yaml"
    for words in (
        ("rules", "publish", "--why", "premier"),
        ("fields", "ensure"),
        ("run",),
    ):
        assert shell.say(*words).code == 0
    right = rules.read_text("utf-8")
    slip = right.replace("high\n      then: silver", "high\n      then: gold")
    assert slip != right
    rules.write_text(slip, "utf-8")
    assert shell.say("rules", "publish", "--why", "glissade", "--who", "Marc").code == 0
    return shell


def last_run(shell: Shell) -> str:
    return str(shell.say("run", "--json").json["run"])


def test_a_person_takes_a_wrong_playbook_back(spoiled: Shell) -> None:
    run = last_run(spoiled)
    planned = spoiled.say("undo", run, "--dry-run", "--json").json
    (crm,) = planned["crms"]
    wrong = crm["values"]["restored"]
    assert (crm["run"], crm["push"]) == (None, None)
    assert wrong > 0
    assert sum(crm["by_rep"].values()) == wrong
    assert len(crm["restored"]) == min(wrong, 40)
    assert "Rien n'est fait." in spoiled.say("undo", run, "--dry-run").out
    refused = spoiled.say("undo", run, read_only="1")
    assert refused.code == 1
    assert "ARPENT_READ_ONLY" in refused.err

    done = spoiled.say("undo", run, "--limit", "2")

    assert done.code == 0, done.err
    assert f"exécution {run} annulée" in done.out
    assert f"{wrong} valeurs remises" in done.out
    assert "Les automatisations du CRM ont pu réagir" in done.out
    assert f"arpent undo {run} --release" in done.out
    # Again: all is back already, and stays pinned.
    (again,) = spoiled.say("undo", run, "--json").json["crms"]
    assert (again["values"]["kept"], again["push"]["calls"]) == (wrong, 0)
    back = spoiled.say("rules", "rollback", "--why", "glissade de Marc", "--who", "Élise")
    assert back.code == 0
    assert "De nouveau en vigueur" in back.out
    assert spoiled.say("run", "--json").json["hubspot.push.calls"] == 0
    # The rules want what is there: nothing is pinned any more.
    assert "Aucune valeur n'est gardée" in spoiled.say("undo", run, "--release").err
    first, second, third = spoiled.say("rules", "history", "--json").json["publications"]
    assert first["hash"] == third["hash"] != second["hash"]
    assert [each["is_in_force"] for each in (first, second, third)] == [True, False, False]
    assert (first["author"], first["reason"]) == ("Élise", "glissade de Marc")
    assert (second["author"], second["reason"]) == ("Marc", "glissade")
    assert "en vigueur" in spoiled.say("rules", "history").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("undo", "404"), 2, "Aucune exécution n'a le numéro 404"),
        (("undo", "404", "--release"), 2, "Aucune exécution n'a le numéro 404"),
        (("undo", "1", "--release", "--dry-run"), 2, "ne vont pas ensemble"),
        (("rules", "rollback"), 1, "Aucun autre playbook n'a été publié avant"),
        (("rules", "rollback", "12"), 2, "Rien n'a été publié sous « 12 »"),
        (("rules", "rollback", "ffffffff"), 2, "arpent rules history"),
        (("rules", "rollback", "1"), 0, "est déjà en vigueur"),
    ],
)
def test_what_can_not_be_taken_back_is_said(
    published: Shell, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = published.say(*words)
    assert (answer.code, said in answer.out + answer.err) == (code, True), answer


def test_a_run_that_wrote_nothing_has_nothing_to_undo(published: Shell) -> None:
    assert published.say("tag").code in {0, 1}
    answer = published.say("undo", "1")
    assert answer.code == 0
    assert "il n'y a rien à annuler" in answer.out
    assert published.say("undo", "1", "--json").json == {"undone_run": 1, "crms": []}
