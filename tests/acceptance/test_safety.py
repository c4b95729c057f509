"""Before and after a push, by hand: a wrong rule is held, released, previewed to a file, undone.

And with ARPENT_READ_ONLY no command, whichever, writes anything into the CRM.
"""

import json
import shutil
from pathlib import Path

import pytest
from typer.main import get_command

from connectors.sandbox.hubspot import HubSpotSandbox
from service.app import system_clock
from service.cli.commands import app
from service.settings import SHIPPED_PLAYBOOK
from service.store import leases
from service.store.engine import open_store
from tests.acceptance.shell import CANARY, Said, Shell
from tests.acceptance.territory import A_WHILE

DONE, FAILED, MISTAKEN, HELD = 0, 1, 2, 3
BRONZE = "    - else: bronze\n"
# What each command is given to try; None: it serves or shows for ever, or writes into no CRM of
# ours (`demo` brings its own). `worker` does nothing to a CRM but the cycles of `run`.
WHY = ("--why", "essai", "--who", "elise")
TRIED: dict[str, tuple[str, ...] | None] = {
    "demo": None, "worker": None, "sandbox serve": None, "db restore": None, "db backup": ("b",),
    "db upgrade": (), "pull": ("--full",), "tag": (), "measure": (), "kpi": (),
    "alert": ("--force",), "run": (), "status": (), "doctor": (), "preview": ("-o", "p.json"),
    "push": (), "undo": ("1",), "fields ensure": (), "fields release": ("tier",),
    "rules check": (), "rules test": (), "rules publish": (), "rules history": (),
    "rules explain": ("20009",), "rules rollback": (), "runs list": (),
    "runs show": ("1",), "runs retry": ("1",),
    "schedule show": (), "schedule pause": (), "schedule resume": (), "schedule now": (),
    "challenges list": (), "challenges accept": ("1", *WHY), "challenges refuse": ("1", *WHY),
    "overrides list": (), "overrides set": ("20009", "--tier", "gold", "--for", "30 d", *WHY),
    "overrides end": ("1", *WHY), "rules preview": (), "rules backtest": (), "rules schema": (),
    "rules export": ("tier", "-o", "tier.csv"), "rules import": ("tier.csv",),
    "plan check": (), "plan export": ("plans.xlsx",), "plan import": ("plans.xlsx",),
    "forecast": (), "review": ("--owner", "elise"), "digest list": (), "digest send": (),
    "digest show": ("1",), "init": ("new",), "fields suggest": (), "fields remove": ("--yes",),
}  # fmt: skip
FIELDS = (("fields", "ensure"), ("fields", "remove"))
MORE = (("push", "p.json"), ("push", "--release", "2"), ("push", "--retry"))


@pytest.fixture
def shop(elise: HubSpotSandbox, published: Shell) -> Shell:
    """A terminal whose CRM holds what the shipped rules want, with a playbook of its own."""
    elise.add_token(CANARY)
    folder = published.folder / "playbook"
    shutil.copytree(SHIPPED_PLAYBOOK, folder)
    # The examples would refuse the rules that these tests are about.
    (folder / "tests.yaml").unlink()
    published.settings |= {"hubspot_url": elise.url, "playbook": str(folder)}
    assert published.say("fields", "ensure").code == DONE
    assert published.say("run").code == DONE
    elise.clock.advance(A_WHILE)
    return published


def go_wrong(shell: Shell, tier: str = "silver") -> None:
    """Everything that was bronze is now something else."""
    path = Path(shell.settings["playbook"]) / "segments.yaml"
    text = path.read_text(encoding="utf-8")
    assert BRONZE in text
    path.write_text(text.replace(BRONZE, BRONZE.replace("bronze", tier)), encoding="utf-8")
    assert shell.say("rules", "publish", "--why", "essai").code == DONE


def written(elise: HubSpotSandbox, field: str = "arpent_tier") -> int:
    """How often a field was written by Arpent."""
    rows = [row for row in elise.history() if row["source"] == "Arpent"]
    return sum(json.dumps(row).count(f'"{field}"') for row in rows)


def says(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said
    for word in words:
        assert word in said.out + said.err


def test_a_wrong_rule_is_held_and_a_person_decides(elise: HubSpotSandbox, shop: Shell) -> None:
    go_wrong(shop)
    before = written(elise)

    cycle = shop.run("run")

    says(cycle, HELD, "trop de valeurs changeaient d'un coup", "arpent push --release")
    assert written(elise) == before
    listed = shop.say("runs", "list", "--json").json
    held = listed[0]
    assert (held["command"], held["state"]) == ("run", "held")
    number = str(held["id"])
    says(shop.say("status"), DONE, f"« arpent push --release {number} »")
    waiting = shop.say("status", "--json").json["crms"][0]["held"]
    (tier,) = [each for each in waiting if each["field"] == "tier"]
    assert tier["run_id"] == held["id"]
    says(shop.say("push", language="en"), HELD, f"Held by run {number}")
    says(shop.say("runs", "show", number), DONE, f"--release {number}", f"Niveau {tier['values']}")
    says(shop.say("push", "--release", "999"), MISTAKEN, "L'exécution 999 ne retient rien")

    released = shop.say("push", "--release", number, "--json")

    assert released.code == DONE
    assert released.json["values.applied"] == sum(each["values"] for each in waiting)
    assert shop.say("status", "--json").json["crms"][0]["held"] == []
    assert written(elise) == before + tier["values"]
    says(shop.say("runs", "list"), DONE, "faite")
    assert shop.say("push", "--json").json["calls"] == 0


def test_everything_gold_is_held_on_three_fields_shown_and_refused(
    elise: HubSpotSandbox, shop: Shell
) -> None:
    fields = ("tier", "priority", "next_contact")
    go_wrong(shop, "gold")
    before = [written(elise, f"arpent_{field}") for field in fields]

    says(shop.run("run"), HELD, "trop de valeurs changeaient d'un coup")

    waiting = shop.say("status", "--json").json["crms"][0]["held"]
    assert set(fields) <= {each["field"] for each in waiting}
    shown = shop.say("status")
    says(shown, DONE, "Niveau", "Priorité", "Prochain contact")

    says(shop.say("rules", "rollback", "--why", "tout était en or"), DONE)
    after = shop.run("run", "--json")

    assert after.code == DONE, after
    assert shop.say("status", "--json").json["crms"][0]["held"] == []
    assert [written(elise, f"arpent_{field}") for field in fields] == before
    assert shop.say("push", "--json").json["calls"] == 0


def test_a_preview_is_pushed_as_it_was_seen_or_refused(elise: HubSpotSandbox, shop: Shell) -> None:
    go_wrong(shop)
    for command in ("pull", "tag"):
        assert shop.say(command).code == DONE
    seen = shop.say("preview", "-o", "p.json", "--limit", "3")
    says(seen, DONE, "un push retiendrait", "bronze → silver", "tier, ligne", "arpent push p.json")
    assert "20009" not in seen.err
    file = json.loads((shop.folder / "p.json").read_text(encoding="utf-8"))
    assert (file["vendor"], len(file["rulebook"])) == ("hubspot", 16)
    # Somebody edits one of those accounts meanwhile, and the next pull sees it.
    change = next(each for each in file["changes"] if each["field"] == "tier")
    elise.act(
        "edit", objectType="companies", id=change["external_id"],
        properties={"arpent_tier": "gold"},
    )  # fmt: skip
    elise.clock.advance(A_WHILE)
    assert shop.say("pull").code == DONE
    before = written(elise)

    refused = shop.say("push", "p.json")

    says(refused, FAILED, change["external_id"], "n'est plus à écrire", "--skip-stale")
    assert written(elise) == before
    pushed = shop.say("push", "p.json", "--skip-stale", "--json")
    assert pushed.code == DONE
    (stale,) = pushed.json["stale"]
    assert (stale["external_id"], stale["now"]) == (change["external_id"], "drift")
    assert pushed.json["values.applied"] == len(file["changes"]) - 1
    again = shop.say("push", "p.json", "--json")
    assert again.code == FAILED
    assert len(again.json["stale"]) == len(file["changes"])
    for words in (("p.json", "--owner", "elise"), ("p.json", "--release", "1"), ("--skip-stale",)):
        assert shop.say("push", *words).code == MISTAKEN
    # While another command works on the CRM, a preview adds nothing to what it sends, and says so.
    store = open_store(f"sqlite:///{shop.folder / '.arpent' / 'arpent.sqlite3'}")
    with store.write() as connection:
        leases.acquire(connection, "crm:hubspot", "elsewhere:12:0-a", now=system_clock())
    store.close()
    says(shop.say("preview"), DONE, "Une autre commande travaille sur hubspot", "0 valeur sur 0")


def test_no_command_writes_when_reading_only(elise: HubSpotSandbox, shop: Shell) -> None:
    known = {
        f"{name} {sub}" if sub else name
        for name, command in get_command(app).commands.items()  # type: ignore[attr-defined] # a group
        for sub in getattr(command, "commands", {"": None})
    }
    assert known == set(TRIED)
    go_wrong(shop)
    assert shop.say("run").code == HELD
    before = elise.history()
    tried = [(*name.split(), *words) for name, words in TRIED.items() if words is not None]
    for words in (*tried, *MORE):
        said = shop.say(*words, read_only="1")
        if words[0] in ("push", "undo") or words[:2] in FIELDS:
            says(said, FAILED, "ARPENT_READ_ONLY")
    assert elise.history() == before
