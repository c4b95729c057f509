"""Every command, by hand, in the order of a first day; then the same in JSON and in English."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from service.app import system_clock
from service.store import leases
from service.store.engine import open_store
from tests import portals
from tests.acceptance.shell import CANARY, Shell
from tests.acceptance.territory import A_WHILE

PLANNED = 115
FIELDS = 7

Step = tuple[tuple[str, ...], str, str]

# Each command, and what it says in French and in English. The clock is this machine's, long after
# the case's own date: which tier an account has is not the matter here.
FIRST_DAY: list[Step] = [
    (("db", "upgrade"), "Base à la révision", "Store at revision"),
    (("rules", "check"), "Aucune erreur : 18 règles", "No errors: 18 rules"),
    (("rules", "publish", "--why", "premier jour"), "Publié :", "Nothing to publish:"),
    (("fields", "ensure", "--dry-run"), "(simulation)", "(dry run)"),
    (("fields", "ensure"), "arpent_tier", "Left to an admin"),
    (("pull",), "Lu dans hubspot", "Pulled from hubspot"),
    (("tag",), "Comptes évalués : 118", "Accounts evaluated: 0"),
    (("measure",), "Pipeline actif", "KPIs of"),
    (("alert",), "Semaine", "Week"),
    (("preview",), "805 valeurs sur 115 comptes", "0 values on 0 accounts"),
    (("push",), "805 valeurs écrites, 0 refusée", "0 values written, 0 rejected"),
    (("run",), "hubspot : 0 valeur écrite", "hubspot: 0 values written"),
    (("status",), "805 en place", "Accounts to evaluate"),
    (
        ("kpi", "--definitions"),
        "d'opportunités créées dans la période",
        "opportunities created in the period",
    ),
    (("rules", "explain", "20009"), "Toitures Laflèche-Arbour et fils (20009)", "Inputs"),
    (("rules", "explain", "Toitures Laflèche"), "1 040 000", "To evaluate again by"),
    (
        ("rules", "explain", "https://app.hubspot.com/contacts/4242001/record/0-2/20009"),
        "Toitures Laflèche-Arbour et fils (20009)",
        "Inputs",
    ),
    (("doctor",), "✓ Champs d'Arpent : 8 en place", "✓ Arpent's fields : 8 in place"),
]
WITHOUT_JSON = {("db", "upgrade")}
# A process for one of each kind: the first of a machine, the files alone, what writes the store,
# the CRM, all stages in a row, tables of figures. The others are said within this one.
IN_A_PROCESS = {
    ("db", "upgrade"), ("rules", "check"), ("rules", "publish", "--why", "premier jour"),
    ("pull",), ("run",), ("kpi", "--definitions"),
}  # fmt: skip


@pytest.fixture(scope="module")
def portal() -> Iterator[HubSpotSandbox]:
    """A portal that nothing was written to."""
    with portals.elise() as portal:
        portal.add_token(CANARY)
        yield portal


@pytest.fixture(scope="module")
def newcomer(portal: HubSpotSandbox, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The folder of somebody who starts."""
    settings = {"hubspot_url": portal.url, "hubspot_token": CANARY}
    return Shell(tmp_path_factory.mktemp("newcomer"), settings)


@pytest.fixture(autouse=True)
def _later(portal: HubSpotSandbox) -> None:
    """Each test is later than what a pull reads again to be sure of the last minutes."""
    portal.clock.advance(A_WHILE)


def test_a_first_day_by_hand(newcomer: Shell, portal: HubSpotSandbox) -> None:
    for words, french, _ in FIRST_DAY:
        if words == ("run",):
            portal.clock.advance(A_WHILE)
        said = (newcomer.run if words in IN_A_PROCESS else newcomer.say)(*words)
        assert (said.code, said.err) == (0, ""), words
        assert french in said.out.replace("\u00a0", " ").replace("\u202f", " "), words


def test_the_same_in_english(newcomer: Shell) -> None:
    for words, _, english in FIRST_DAY:
        said = newcomer.say(*words, language="en")
        assert (said.code, said.err) == (0, ""), words
        assert english in said.out, words


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_same_in_json(newcomer: Shell, language: str) -> None:
    told = {
        words: newcomer.say(*words, "--json", language=language)
        for words, _, _ in FIRST_DAY
        if words not in WITHOUT_JSON
    }
    assert {said.code for said in told.values()} == {0}
    assert {said.err for said in told.values()} == {""}
    # Reading each as one document is the test; some of what they say is looked at too.
    json = {words: said.json for words, said in told.items()}
    assert json["rules", "check"]["issues"] == []
    assert {row["state"] for row in json["fields", "ensure"]["fields"]} == {"present"}
    pushed = json["push",]
    nothing = {"calls": 0, "values.in": 0, "values.left": 0, "rejections": [], "held": []}
    assert {name: pushed[name] for name in nothing} == nothing
    assert (json["run",]["failures"], json["run",]["unwritten"]) == ({}, None)
    (crm,) = json["status",]["crms"]
    assert crm["values"] == {"settled": PLANNED * FIELDS}
    assert sum(json["status",]["tiers"].values()) == PLANNED
    assert json["preview",]["changes"] == []
    kpi = json["kpi", "--definitions"]
    assert {figure["subject"] for figure in kpi["figures"]} == {"elise", "marc", "team"}
    assert {figure["kpi"] for figure in kpi["figures"]} == set(kpi["definitions"])
    ids = {json["rules", "explain", told]["external_id"] for told in ("20009", "Toitures Laflèche")}
    assert ids == {"20009"}
    assert all(finding["is_fine"] for finding in json["doctor",])


def test_a_preview_and_a_push_of_one_rep(newcomer: Shell) -> None:
    """Marc owns no account of the case."""
    said = newcomer.say("preview", "--owner", "marc", "--json")
    assert (said.code, said.json["changes"]) == (0, [])
    said = newcomer.say("kpi", "--owner", "marc", "--json")
    assert {figure["subject"] for figure in said.json["figures"]} == {"marc"}


def test_reading_only_says_that_it_wrote_nothing(newcomer: Shell) -> None:
    said = newcomer.say("run", read_only="1")
    assert (said.code, said.err) == (0, "")
    assert "ARPENT_READ_ONLY est activé" in said.out


def test_a_push_that_stops_exits_with_1(served: HubSpotSandbox, published: Shell) -> None:
    assert published.say("fields", "ensure").code == 0
    assert published.say("pull").code == 0
    assert published.say("tag").code == 0
    served.set_faults({"match": {"path": "/companies/batch/update"}, "fault": {"status": 503}})
    try:
        said = published.say("push")
        assert said.code == 1
        assert "Arrêté :" in said.out
        told = published.say("push", "--json")
        assert told.code == 1
        assert "503" in told.json["stopped"]
        told = published.say("run", "--json")
        assert told.code == 1
        assert "503" in told.json["failures"]["hubspot"]
    finally:
        served.set_faults()


def test_what_is_refused_is_told_and_sent_again_after_its_cause_is_gone(
    elise: HubSpotSandbox, published: Shell
) -> None:
    elise.add_token(CANARY)
    published.settings["hubspot_url"] = elise.url
    assert published.say("fields", "ensure").code == 0
    assert published.say("pull").code == 0
    assert published.say("tag").code == 0
    elise.act("remove_option", objectType="companies", property="arpent_tier", value="bronze")

    told = published.say("push", "--json")

    refused = told.json["values.rejected"]
    assert (told.code, refused > 0, refused % FIELDS) == (1, True, 0)
    (group,) = told.json["rejections"]
    assert group["count"] == refused
    assert "fields ensure" in group["reason"]
    said = published.say("push", "--retry")
    assert said.code == 1
    assert f"{refused} refusées" in said.out
    assert f"{refused} × " in said.out
    assert "arpent push --retry" in said.out
    shown = published.say("status")
    assert f"{refused} (« arpent push --retry » les renvoie)" in shown.out
    (crm,) = published.say("status", "--json").json["crms"]
    assert crm["rejections"] == [group]
    # Refused values are left alone until something changes.
    assert published.say("push", "--json").json["calls"] == 0
    again = published.say("fields", "ensure", "--json")
    assert again.json["owed_again"] == refused
    assert published.say("push", "--json").json["values.applied"] == refused
    assert published.say("fields", "ensure", "--json").json["owed_again"] == 0


def test_a_preview_shows_some_changes_or_all_and_counts_them_all(
    served: HubSpotSandbox, published: Shell
) -> None:
    assert served.url
    assert published.say("pull").code == 0
    assert published.say("tag").code == 0
    few = published.say("preview", "--limit", "3", "--json").json
    everything = published.say("preview", "--limit", "0", "--json").json
    assert len(few["changes"]) == 3
    assert few["values"] == everything["values"] == len(everything["changes"])
    assert everything["changes"][:3] == few["changes"]
    assert sum(few["by_field"].values()) == few["values"]
    assert "(--limit 0 pour tout voir)" in published.say("preview", "--limit", "3").out


def test_a_drift_is_shown(elise: HubSpotSandbox, published: Shell) -> None:
    elise.add_token(CANARY)
    published.settings["hubspot_url"] = elise.url
    assert published.say("fields", "ensure").code == 0
    assert published.say("run").code == 0
    elise.act("edit", objectType="companies", id="20009", properties={"arpent_why": "La mienne"})
    elise.clock.advance(A_WHILE)
    assert published.say("run").code == 0
    (crm,) = published.say("status", "--json").json["crms"]
    assert crm["values"]["drift"] == 1
    (drift,) = crm["drifting"]
    assert (drift["external_id"], drift["field"], drift["observed"]) == (
        "20009",
        "why",
        "La mienne",
    )
    assert "1 valeur modifiée dans le CRM" in published.say("status").out


@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_command_leaves_a_crm_to_the_one_that_works_on_it(published: Shell, command: str) -> None:
    store = open_store(f"sqlite:///{published.folder / '.arpent' / 'arpent.sqlite3'}")
    with store.write() as connection:
        now = system_clock()
        leases.acquire(connection, "crm:hubspot", "elsewhere:12:0-a", now=now)
    store.close()
    said = published.say(command)
    assert (said.code, said.out) == (1, "")
    assert "machine elsewhere, processus 12" in said.err
    assert published.say("status", "--json").json["last_run"] is None
