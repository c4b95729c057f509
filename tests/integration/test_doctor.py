"""Doctor: each finding that is not fine says what to do, and a CRM that rests is left alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

import migrations
from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from rules.language import Text
from rules.rulebook import compile_rulebook
from service import doctor, provision
from service.app import App, read_playbook, system_clock
from service.doctor import Finding
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import connections, incidents, ledger, requests, rulebooks
from service.store.engine import Store
from service.store.requests import Request, Wanted
from service.store.tables import stage
from service.worker import JOB
from tests.integration.office import shipped

# What a person can do next: run, set, change the rights of, wait for.
REMEDY = re.compile(r"arpent [a-z]+|ARPENT_[A-Z_]+|chmod 600|reprend d'elle-même|resumes by itself")
HOUR = 3_600_000


@pytest.fixture
def portal(store: Store) -> Iterator[HubSpotSandbox]:
    """A portal beside a store where the shipped playbook is in force."""
    with store.write() as connection:
        rulebooks.publish(connection, shipped(), author="ops", reason="", now=1)
    with HubSpotSandbox() as made:
        yield made


@pytest.fixture
def settings(portal: HubSpotSandbox, store_url: str) -> Settings:
    return Settings(
        database_url=store_url, hubspot_url=portal.url, hubspot_token=SecretStr(SANDBOX_TOKEN)
    )


@pytest.fixture
def app(settings: Settings, store: Store) -> App:
    """An installation that has opened the portal once."""
    app = App(settings, store)
    with app.connector("hubspot") as connector:
        app.connect(connector)
        provision.run(connector, shipped(), dry_run=False)
    return app


def look(settings: Settings) -> list[Finding]:
    """All findings; what is not fine must say what to do, in both languages."""
    found = doctor.run(settings)
    for each in found:
        if not each.is_fine and each.check.en != "Bound fields":
            assert REMEDY.search(each.text.fr), each
            assert REMEDY.search(each.text.en), each
    return found


def of(check: str, found: list[Finding]) -> Finding:
    (one,) = [each for each in found if each.check.en == check]
    return one


def test_a_sound_installation_is_told_so(app: App) -> None:
    found = look(app.settings)
    for check in ("Store", "Private files", "Playbook", "Published rules", "Worker"):
        assert of(check, found).is_fine, check
    assert migrations.HEAD in of("Store", found).text.fr
    if app.store.is_sqlite:
        assert of("Disk", found).text.en.endswith(("journal wal", "journal truncate"))


def test_stages_of_proposals_that_the_crm_does_not_have_are_told(app: App) -> None:
    with app.store.write() as connection:
        connection.execute(
            stage.insert().values(
                id=1, connection_id=1, external_id="1", pipeline_id="p", pipeline_label="Ventes",
                label="Devis", kind="open", position=0, probability=0.5,
            )
        )  # fmt: skip
    told = of("Stages", look(app.settings))
    assert not told.is_fine
    assert "« Devis »" in told.text.fr


def test_a_crm_that_asked_to_be_left_alone_is_not_called(app: App, portal: HubSpotSandbox) -> None:
    with app.store.write() as connection:
        connections.park(connection, "hubspot", system_clock() + HOUR)
    before = portal.statistics()
    found = of("HubSpot", look(app.settings))
    assert not found.is_fine
    assert "asked to be left alone" in found.text.en
    assert portal.statistics() == before


def test_a_crm_that_asks_for_rest_while_looked_at_gets_it(app: App, portal: HubSpotSandbox) -> None:
    rest = {"status": 477, "retry_after": 7_200}
    portal.set_faults({"match": {"path": "properties"}, "fault": rest})
    look(app.settings)
    before = portal.statistics()
    look(app.settings)
    assert portal.statistics() == before


def test_what_waits_and_what_is_wrong_is_told(app: App) -> None:
    now = system_clock()
    with app.store.write() as connection:
        ledger.enter(connection, JOB, scope="hubspot", period="1", run_id=1, now=now - HOUR)
        text = Text("clé refusée : ARPENT_HUBSPOT_TOKEN", "key refused: ARPENT_HUBSPOT_TOKEN")
        incidents.follow(connection, {"crm:hubspot": text}, now)
    found = look(app.settings)
    assert "the worker is late" in of("Worker", found).text.en
    assert "key refused" in of("Incident crm:hubspot", found).text.en
    with app.store.write() as connection:
        given = Request(author="ana", reason="copie", at=now)
        requests.ask(connection, Wanted.PAUSE, given)
        requests.ask(connection, Wanted.HOLD, given)
    found = look(app.settings)
    assert "paused" in of("Worker", found).text.en
    assert "copie" in of("Writing", found).text.fr


def test_another_playbook_on_disk_and_a_silent_mail_server_are_told(
    app: App, tmp_path: Path
) -> None:
    (tmp_path / "team.yaml").write_text("zone: America/Toronto\n")
    changed = app.settings.model_copy(
        update={
            "playbook": tmp_path, "mail_to": "ops@arpent.example", "mail_from": "a@arpent.example",
            "mail_server": SecretStr("smtp://127.0.0.1:1"),
        }
    )  # fmt: skip
    found = look(changed)
    assert not of("Playbook", found).is_fine
    assert not of("Mail", found).is_fine
    assert "ARPENT_MAIL_SERVER" in of("Mail", found).text.fr


def test_rules_that_are_not_published_are_told(app: App) -> None:
    files = dict(read_playbook(SHIPPED_PLAYBOOK))
    files["alerts.yaml"] = b"start: 2026-01-05\n"
    other = compile_rulebook(files)
    with app.store.write() as connection:
        rulebooks.publish(connection, other, author="ops", reason="", now=2)
    found = of("Published rules", look(app.settings))
    assert "« arpent rules publish »" in found.text.fr


def test_a_store_that_others_can_read_is_told(app: App) -> None:
    if not app.store.is_sqlite:
        return
    Path(app.store.place).chmod(0o644)
    found = of("Private files", look(app.settings))
    assert not found.is_fine
    assert f"chmod 600 {app.store.place}" in found.text.fr


def test_a_store_without_tables_is_told(empty_url: str) -> None:
    (_, store) = doctor.run(Settings(database_url=empty_url))
    assert not store.is_fine
    assert "n'a pas encore ses tables. Lancez « arpent db upgrade »" in store.text.fr
    assert "aucune" not in store.text.fr


def test_the_channels_of_the_digests_and_who_has_no_address_are_told(
    app: App, store: Store
) -> None:
    assert "no channel" in of("Weekly digests", look(app.settings)).text.en
    url = SecretStr("https://hooks.example/secret")
    slack = app.settings.model_copy(update={"slack_url": url})
    assert of("Weekly digests", look(slack)).text.en == "slack"
    server = SecretStr("smtp://127.0.0.1:1")
    mailing = {"mail_from": "a@arpent.example", "mail_server": server}
    found = of("Weekly digests", look(app.settings.model_copy(update=mailing)))
    assert "ARPENT_MAIL_TO" in found.text.fr
    files = read_playbook(SHIPPED_PLAYBOOK)
    files["team.yaml"] = files["team.yaml"].replace(b"email: marc@arpent.example", b"language: fr")
    with store.write() as connection:
        rulebooks.publish(connection, compile_rulebook(files), author="ops", reason="", now=3)
    mailing["mail_to"] = "ops@arpent.example"
    found = of("Weekly digests", look(app.settings.model_copy(update=mailing)))
    assert not found.is_fine
    assert "(Marc Lavoie)" in found.text.fr
