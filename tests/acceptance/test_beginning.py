"""From a key to a first preview, and out again: the worked case, in an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.sandbox.hubspot import HubSpotSandbox
from tests import portals
from tests.acceptance.shell import CANARY, Shell

BOUND = {
    "kind": "lifecyclestage", "potential": "potentiel_annuel", "sector": "industry",
    "size": "numberofemployees", "cycle": "cycle_de_vente", "source": "source",
    "product": "product",
}  # fmt: skip


@pytest.fixture
def portal() -> Iterator[HubSpotSandbox]:
    with portals.elise() as opened:
        opened.add_token(CANARY)
        opened.switches.ten_second_limit = 100_000
        yield opened


@pytest.fixture
def newcomer(shell: Shell, portal: HubSpotSandbox) -> Shell:
    """Somebody with a key, an address, and nothing else."""
    shell.settings.update(hubspot_url=portal.url, hubspot_token=CANARY)
    return shell


def begin(newcomer: Shell, *words: str) -> dict[str, object]:
    """A first playbook, in force; what `init` said."""
    begun = newcomer.say("init", "--yes", "--json", *words)
    assert begun.code == 0, begun.err
    newcomer.settings["playbook"] = "playbook"
    assert newcomer.say("rules", "publish").code == 0
    found: dict[str, object] = begun.json
    return found


def ours(portal: HubSpotSandbox) -> set[str]:
    names = portal.portal.state.properties["companies"]
    return {name for name in names if name.startswith("arpent_")}


def test_from_a_key_to_a_preview_then_out_and_back(newcomer: Shell, portal: HubSpotSandbox) -> None:
    begun = begin(newcomer)
    assert begun["bound"] == BOUND
    assert begun["missing"] == {}
    assert begun["reps"] == ["elise"], "Marc holds nothing"
    assert begun["plans"] == []
    assert newcomer.say("rules", "check").code == newcomer.say("rules", "test").code == 0
    dry = newcomer.say("fields", "ensure", "--dry-run", "--json").json
    assert dry["room"] == {"limit": 1000, "usage": 4}
    assert ours(portal) == set()
    assert newcomer.say("fields", "ensure").code == 0
    assert newcomer.say("pull").code == 0
    assert newcomer.say("tag").code == 0
    preview = newcomer.say("preview", "--json").json
    assert preview["by_rep"] == {"Élise Gagnon": 115}
    pushed = newcomer.say("push", "--json").json

    customers = portal.portal.state.properties["companies"].keys() - ours(portal)
    refused = newcomer.say("fields", "remove")
    assert refused.code == 2
    assert "--yes" in refused.err
    shut = newcomer.say("fields", "remove", "--yes", read_only="1")
    assert shut.code == 1
    assert "ARPENT_READ_ONLY" in shut.err
    assert newcomer.say("fields", "remove", "--dry-run", read_only="1").code == 0
    assert len(ours(portal)) == 8
    gone = newcomer.say("fields", "remove", "--yes", "--json").json
    lost = {each["removed"]["field"]: each["accounts"] for each in gone["fields"]}
    assert lost["tier"] == 115
    assert lost["challenge"] == 0
    assert portal.portal.state.properties["companies"].keys() == customers
    assert "arpent" not in portal.portal.state.groups["companies"]
    assert newcomer.say("fields", "remove").code == 0
    stopped = newcomer.say("push")
    assert stopped.code == 1
    assert "« arpent fields ensure »" in stopped.out
    commands = [each["command"] for each in newcomer.say("runs", "list", "--json").json]
    assert commands.count("fields remove") == 1

    back = newcomer.say("fields", "ensure", "--json").json
    assert {each["state"] for each in back["fields"]} == {"revived"}
    again = newcomer.say("push", "--json").json
    assert again["values.applied"] == pushed["values.applied"] == 805
    assert newcomer.say("preview", "--json").json["values"] == 0


def test_without_a_potential_accounts_are_unrated_and_what_to_create_is_said(
    newcomer: Shell, portal: HubSpotSandbox
) -> None:
    portal.act("remove_property", objectType="companies", property="potentiel_annuel")

    begun = begin(newcomer, "--owner", "Elise Gagnon", "--language", "en", "--zone", "Europe/Paris")

    assert list(begun["missing"]) == ["potential"]  # type: ignore[call-overload]  # plain JSON
    assert begun["plans"] == ["elise"]
    playbook = newcomer.folder / "playbook"
    team = YAML(typ="safe").load(playbook / "team.yaml")
    assert (team["zone"], team["currency"], team["language"]) == ("Europe/Paris", "CAD", "en")
    assert newcomer.say("fields", "ensure").code == 0
    assert newcomer.say("pull").code == 0
    tagged = newcomer.say("tag", "--json").json
    assert tagged["evaluated"] == 118
    shown = newcomer.say("preview", "--limit", "0", "--json").json["changes"]
    assert {each["after"] for each in shown if each["field"] == "tier"} == {"unrated"}
    # Once the field is there, one line of fields.yaml binds it.
    fields = playbook / "fields.yaml"
    text = fields.read_text("utf-8")
    fields.write_text(text.replace("missing: yes", "hubspot: annualrevenue"), "utf-8")
    assert newcomer.say("rules", "publish").code == 0
    assert newcomer.say("pull").code == 0


def test_what_exists_is_never_overwritten(newcomer: Shell) -> None:
    file = newcomer.folder / "playbook" / "team.yaml"
    file.parent.mkdir()
    file.write_text("à moi", encoding="utf-8")

    said = newcomer.say("init", "--yes")

    assert said.code == 2
    assert "playbook/team.yaml" in said.err
    assert [path.name for path in file.parent.iterdir()] == ["team.yaml"]
    assert file.read_text("utf-8") == "à moi"


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--field=potential=potentiel_anuel", "potentiel_annuel"),
        ("--owner=Elyse", "elise"),
        ("--zone=America/Toronta", "America/Toronto"),
        ("--field=potential", "Écrivez potential=nom_interne"),
    ],
)
def test_what_can_not_be_used_is_said_and_nothing_is_written(
    newcomer: Shell, option: str, told: str
) -> None:
    said = newcomer.say("init", "--yes", option)
    assert said.code == 2
    assert told in said.err
    assert not (newcomer.folder / "playbook").exists()


def test_a_field_given_twice_is_not_guessed(newcomer: Shell) -> None:
    said = newcomer.say("init", "--yes", "--field=potential=a", "--field=potential=b")
    assert (said.code, said.out) == (2, "")
    assert "« potential » est donné deux fois" in said.err


def test_the_end_of_init_says_what_to_type_next(newcomer: Shell) -> None:
    said = newcomer.say("init", "règles", "--yes", "--field", "sector=")
    assert said.code == 0
    folder = newcomer.folder / "règles"
    for words in (
        f"ARPENT_PLAYBOOK={folder}", "arpent doctor", "arpent fields ensure --dry-run",
        "arpent rules publish", "arpent pull", "arpent preview", "secteur : aucun champ sûr",
        "potentiel = potentiel_annuel (nom exact, 97 % rempli, nombre)",
    ):  # fmt: skip
        assert words in said.out
    assert not list(newcomer.folder.glob(".env"))
    assert not any(CANARY in path.read_text("utf-8") for path in Path(folder).rglob("*.yaml"))


def test_suggest_shows_candidates_and_what_it_cost(newcomer: Shell) -> None:
    found = newcomer.say("fields", "suggest", "--json").json
    first = {need: each[0]["field"] for need, each in found["candidates"].items() if each}
    assert first == BOUND
    assert found["calls"] <= 15
    assert found["accounts_read"] == 118
    newcomer.variables["COLUMNS"] = "80"
    said = newcomer.say("fields", "suggest", "--sample", "50")
    assert said.code == 0
    # A name to be copied goes on below where the terminal is narrow.
    assert "…" not in said.out
    assert "potentiel_" in said.out
    assert "50 premiers comptes lus" in said.out
    assert "moyen (" in said.out
