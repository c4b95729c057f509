"""The sandbox's pages: what a rep sees of a company, its deals and the tasks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors.sandbox.hubspot import HubSpotSandbox, load_folder

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSpotSandbox]:
    folder = tmp_path_factory.mktemp("folder")
    files = {
        "owners.csv": "id,name\n7,Élise Roy\n8,Marc Lavoie\n",
        "accounts.csv": "id,name,owner_id,city,potentiel,vide\n"
        f"20,Fonderie,7,Amos,180000,\n21,Épicerie {HOSTILE},8,Alma,5,\n22,Zinc,8,,,\n",
        "contacts.csv": "id,account_id,name,hs_buying_role\n30,20,Ana Roche,DECISION_MAKER\n",
        "opportunities.csv": "id,account_id,owner_id,stage,amount,currency,created,close_date,"
        "is_closed,is_won,product,source,loss_reason,name\n"
        "40,20,7,Soumission,48500,CAD,2026-09-02,2026-12-15,False,False,A,B,,Moule B\n",
        "activities.csv": "id,type,account_id,owner_id,timestamp,status,direction\n"
        "50,call,20,7,2026-10-30T14:10:00,No answer,outbound\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with HubSpotSandbox(now=NOW) as running:
        load_folder(running, folder)
        _add_plan(running)
        yield running


def _add_plan(sandbox: HubSpotSandbox) -> None:
    path = "/crm/properties/2026-09/companies"
    sandbox.call("POST", f"{path}/groups", {"name": "arpent", "label": "Plan de territoire"})
    tier = {"name": "arpent_tier", "label": "Niveau", "type": "enumeration", "fieldType": "select"}
    options = [{"label": "Or", "value": "gold", "displayOrder": 0}]
    sandbox.call("POST", path, tier | {"groupName": "arpent", "options": options})
    why = {"name": "arpent_why", "label": "Pourquoi", "type": "string", "fieldType": "textarea"}
    sandbox.call("POST", path, why | {"groupName": "arpent"})
    properties = {"arpent_tier": "gold", "arpent_why": "Potentiel élevé.\nSoumission ouverte."}
    sandbox.call("PATCH", "/crm/objects/2026-09/companies/20", {"properties": properties})
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}
    task = {
        "hs_timestamp": "2026-11-27T14:00:00Z",
        "hs_task_subject": f"Relancer {HOSTILE}",
        "hs_task_body": f"Sans contact.<br>Depuis 20 jours.{HOSTILE}",
        "hs_task_priority": "HIGH",
        "hs_task_status": "NOT_STARTED",
        "hubspot_owner_id": "7",
    }
    link = [{"to": {"id": "20"}, "types": [kind]}]
    for state in ("NOT_STARTED", "COMPLETED"):
        body = {"properties": task | {"hs_task_status": state}, "associations": link}
        assert sandbox.call("POST", "/crm/objects/2026-09/tasks", body)[0] == 201


def get(sandbox: HubSpotSandbox, path: str) -> str:
    answer = httpx.get(f"{sandbox.url}{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert HOSTILE not in answer.text
    assert "<script" not in answer.text
    return answer.text


def test_the_list_shows_names_owners_and_tiers_by_label(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/")
    assert "Épicerie &lt;script&gt;" in page
    assert page.index("Épicerie") < page.index("Fonderie") < page.index("Zinc")
    assert ">Niveau</th>" in page
    assert ">Or</span>" in page
    assert "gold" not in page
    assert "3 entreprises" in page


def test_the_list_is_searched_and_narrowed_to_an_owner(sandbox: HubSpotSandbox) -> None:
    found = get(sandbox, "/?q=FOND")
    assert "Fonderie" in found
    assert "Zinc" not in found
    mine = get(sandbox, "/?owner=8")
    assert "Zinc" in mine
    assert "Fonderie" not in mine
    assert "Rien à afficher" in get(sandbox, "/?q=nothing+like+it")


def test_a_record_shows_the_plan_first_then_about(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/companies/20")
    assert page.index("Plan de territoire") < page.index("À propos")
    assert ">Or</span>" in page
    assert "Potentiel élevé.\nSoumission ouverte." in page
    assert "Ville" in page
    assert "180\N{NO-BREAK SPACE}000" in page
    assert ">Vide<" not in page  # a custom property without a value
    assert "Élise Roy" in page


def test_a_record_shows_what_is_linked_to_it(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/companies/20")
    assert '<a href="/deals/40">Moule B</a>' in page
    assert "Soumission" in page
    assert "48\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}$" in page
    assert "Ana Roche" in page
    assert "Décideur" in page
    assert "Sans réponse" in page
    assert "30 oct. 2026" in page
    # One open task; the completed one is not shown here.
    assert page.count("Relancer &lt;script&gt;") == 1
    assert "Sans contact.\nDepuis 20 jours." in page


def test_a_plan_without_values_shows_its_empty_fields(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/companies/22")
    assert "Plan de territoire" in page
    assert "—" in page


def test_tasks_are_narrowed_by_owner_and_state(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/tasks?owner=7")
    assert page.count("Relancer") == 1
    assert '<a href="/companies/20">Fonderie</a>' in page
    assert "Haute" in page
    assert "Relancer" not in get(sandbox, "/tasks?owner=8")
    assert get(sandbox, "/tasks?state=all").count("Relancer") == 2
    assert "Terminée" in get(sandbox, "/tasks?state=done")


def test_a_deal_shows_its_amount_stage_and_company(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/deals/40")
    assert "Moule B" in page
    assert "15 déc. 2026" in page
    assert '<a href="/companies/20">Fonderie</a>' in page
    assert "Étapes franchies" in page


def test_the_pages_speak_english_on_request(sandbox: HubSpotSandbox) -> None:
    page = get(sandbox, "/companies/20?lang=en")
    assert '<html lang="en">' in page
    assert "Open tasks" in page
    assert "À propos" not in page
    assert 'href="/deals/40?lang=en"' in page
    assert "Plan de territoire" in page  # the label that somebody gave the group


def test_a_page_that_does_not_exist_says_so(sandbox: HubSpotSandbox) -> None:
    missing = httpx.get(f"{sandbox.url}/companies/999")
    assert missing.status_code == 404
    assert "Cette page n’existe pas" in missing.text
    unknown = httpx.get(f"{sandbox.url}/nowhere")
    assert (unknown.status_code, unknown.json()["status"]) == (404, "error")


def test_the_stylesheet_is_the_only_thing_a_page_loads(sandbox: HubSpotSandbox) -> None:
    css = httpx.get(f"{sandbox.url}/portal.css")
    assert css.headers["Content-Type"].startswith("text/css")
    folder = Path(__file__).parents[2] / "connectors" / "sandbox" / "pages"
    for template in folder.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "style=" not in text
        assert "http" not in text
        assert "|safe" not in text.replace(" ", "")
