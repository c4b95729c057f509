"""The command line where the settings open another CRM than HubSpot, or two at once."""

import base64
from collections.abc import Iterator

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.zoho import ZohoSandbox
from service import rehearsal
from tests.acceptance.shell import Shell
from tests.acceptance.territory import A_WHILE

MISTAKEN = 2
WRONG = "0000WRONG0000"


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceSandbox]:
    """The worked case in a Salesforce org, served."""
    with rehearsal.open_sandbox(rehearsal.ELISE, crm="salesforce") as portal:
        assert isinstance(portal, SalesforceSandbox)
        portal.clock.advance(A_WHILE)
        yield portal


@pytest.fixture
def opened(published: Shell, org: SalesforceSandbox) -> Shell:
    """A terminal whose settings open that org alone, the shipped playbook in force."""
    for name in ("hubspot_url", "hubspot_token"):
        del published.settings[name]
    published.settings |= org.settings
    return published


def test_everyday_commands_work_on_salesforce_alone(opened: Shell, org: SalesforceSandbox) -> None:
    assert "arpent_tier__c" in opened.say("fields", "ensure").out
    pulled = opened.say("pull", "--json")
    assert (pulled.code, pulled.json["crm"], pulled.json["account.written"]) == (
        0, "salesforce", 118,
    )  # fmt: skip
    pushed = opened.say("run", "--json")
    assert (pushed.code, pushed.json["salesforce.push.values.applied"]) == (0, 805)

    doctor = opened.say("doctor")
    assert doctor.code == 0, doctor.out
    assert "✓ Salesforce : Arpent (00D" in doctor.out
    assert "✓ Champs d'Arpent : 8 en place" in doctor.out
    (found,) = opened.say("status", "--json").json["crms"]
    assert (found["vendor"], found["records"]["account"]) == ("salesforce", 118)
    page = f"{org.url}/lightning/r/Account/{org.id_of('accounts', '20001')}/view"
    assert "Conseil Roche-Cendrée" in opened.say("rules", "explain", page).out


def test_what_is_wrong_with_an_access_is_told_by_the_doctor(opened: Shell) -> None:
    del opened.settings["salesforce_client_secret"]
    said = opened.say("doctor")
    assert said.code == MISTAKEN
    assert "il manque : ARPENT_SALESFORCE_CLIENT_SECRET" in said.err
    opened.settings.update(salesforce_client_secret=WRONG)
    said = opened.say("doctor")
    assert said.code == 1
    assert "✗ Salesforce : Salesforce refuse la connexion (invalid_client" in said.out
    for name in ("salesforce_client_id", "salesforce_client_secret", "salesforce_url"):
        del opened.settings[name]
    said = opened.say("doctor")
    assert "✗ CRM : Aucun CRM n'est réglé." in said.out
    assert "- HubSpot : Créez une clé de service" in said.out
    assert "- Salesforce : Créez une External Client App" in said.out


def test_everyday_commands_work_on_zoho_alone(published: Shell) -> None:
    for name in ("hubspot_url", "hubspot_token"):
        del published.settings[name]
    with rehearsal.open_sandbox(rehearsal.ELISE, crm="zoho") as organization:
        assert isinstance(organization, ZohoSandbox)
        organization.clock.advance(A_WHILE)
        published.settings |= organization.settings

        assert "Arpent_Tier" in published.say("fields", "ensure").out
        ran = published.say("run", "--json")
        assert (ran.code, ran.json["zoho.push.values.applied"]) == (0, 805)
        alone = published.say("doctor")
        assert alone.code == 1
        assert "✗ Accès : aucun fichier pour le jeton d'actualisation" in alone.out
        published.settings["zoho_refresh_token_file"] = str(published.folder / "token")
        published.settings["secret_keys"] = base64.urlsafe_b64encode(bytes(range(32))).decode()
        doctor = published.say("doctor")
        assert doctor.code == 0, doctor.out
        assert f"✓ Zoho CRM : Arpent ({organization.org_id}" in doctor.out
        assert "✓ Champs d'Arpent : 8 en place" in doctor.out
        account = organization.id_of("accounts", "20001")
        page = f"https://crm.zohocloud.ca/crm/org{organization.org_id}/tab/Accounts/{account}"
        assert "Conseil Roche-Cendrée" in published.say("rules", "explain", page).out
        said = published.say("init", "new", "--yes")
        assert said.code == 0, said.err
        fields = (published.folder / "new" / "fields.yaml").read_text(encoding="utf-8")
        assert "zoho: Potentiel_Annuel" in fields
        organization.switches.change({"wrong_data_center": True})
        doctor = published.say("doctor")
        assert doctor.code == 1
        assert "✗ Zoho CRM : « 127.0.0.1 » ne reconnaît pas un jeton" in doctor.out
        assert "ARPENT_ZOHO_DATA_CENTER" in doctor.out


def test_where_two_crms_are_open_json_is_one_document(
    opened: Shell, served: HubSpotSandbox
) -> None:
    opened.settings |= served.settings

    both = opened.say("fields", "ensure", "--dry-run", "--json").json

    assert list(both) == ["hubspot", "salesforce"]
    assert {found["crm_field"] for found in both["hubspot"]["fields"]} >= {"arpent_tier"}
    one = opened.say("fields", "ensure", "--dry-run", "--json", "--crm", "salesforce").json
    assert one == both["salesforce"]
    said = opened.say("init", "new")
    assert said.code == MISTAKEN
    assert "plusieurs CRM (hubspot, salesforce)" in said.err
    assert not (opened.folder / "new").exists()
    said = opened.say("init", "new", "--yes", "--crm", "salesforce")
    assert said.code == 0, said.err
    fields = (opened.folder / "new" / "fields.yaml").read_text(encoding="utf-8")
    assert "salesforce: Potentiel_Annuel__c" in fields
    assert "hubspot" not in fields
    team = (opened.folder / "new" / "team.yaml").read_text(encoding="utf-8")
    assert "elise" in team
    assert "integration" not in team.lower()


def test_a_crm_that_fails_does_not_stop_the_others(opened: Shell, served: HubSpotSandbox) -> None:
    opened.settings.update(hubspot_url=served.url, hubspot_token=WRONG)
    for words in (
        ("pull", "--json"),
        ("fields", "ensure", "--dry-run", "--json"),
        ("fields", "suggest", "--sample", "1", "--json"),
        ("fields", "remove", "--dry-run", "--json"),
        ("preview", "--json"),
        ("push", "--json"),
    ):
        said = opened.say(*words)
        assert said.code == 1, words
        assert said.err.startswith("HubSpot : "), words
        assert list(said.json) == ["hubspot", "salesforce"], words
        assert list(said.json["hubspot"]) == ["crm", "error"], words
        assert "error" not in said.json["salesforce"], words
    alone = opened.say("pull", "--crm", "hubspot")
    assert (alone.code, alone.out) == (1, "")
    latest = opened.say("runs", "list", "--json").json
    failed = [each["error"] for each in latest if each["state"] == "failed"]
    assert len(failed) == 3
    for error in failed:
        assert error.startswith("HubSpot : "), error
        assert "jeton" in error or "clé" in error


def test_a_field_that_may_not_be_edited_is_told_and_leaving_takes_our_sets(
    published: Shell,
) -> None:
    for name in ("hubspot_url", "hubspot_token"):
        del published.settings[name]
    with rehearsal.open_sandbox(rehearsal.ELISE, crm="salesforce") as org:
        assert isinstance(org, SalesforceSandbox)
        org.clock.advance(A_WHILE)
        published.settings |= org.settings
        published.say("fields", "ensure")
        for row in list(org.org.rows("FieldPermissions")):
            if row["Field"] == "Account.arpent_tier__c":
                org.org.drop("FieldPermissions", row["Id"])

        doctor = published.say("doctor")
        assert doctor.code == 1
        assert "✗ Champs d'Arpent : arpent_tier__c : l'utilisateur d'Arpent n'a pas" in doctor.out
        assert "8 en place" not in doctor.out
        dry = published.say("fields", "ensure", "--dry-run", "--json").json["fields"]
        told = {each["field"]: each["state"] for each in dry}
        assert (told["tier"], told["why"]) == ("updated", "present")
        published.say("fields", "ensure")
        assert "✓ Champs d'Arpent : 8 en place" in published.say("doctor").out

        removed = published.say("fields", "remove", "--yes")
        assert removed.code == 0, removed.out
        ours = {"Arpent", "Arpent_Integration"}
        assert not [each for each in org.org.rows("PermissionSet") if each["Name"] in ours]
