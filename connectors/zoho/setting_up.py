"""What an administrator does by hand, each step with the page where it starts.

A new field lands in the Standard layout only, and no API makes columns of a list or a view.
"""

from collections.abc import Sequence

from connectors.zoho.answers import Json, objects
from connectors.zoho.client import Client
from connectors.zoho.objects import is_own
from rules.language import Text


def layouts_without(client: Client, own_fields: Sequence[str]) -> list[str]:
    """The layouts of accounts in which a field of ours is missing, by name."""
    if not own_fields:
        return []
    answer = client.find("settings/layouts", [("module", "Accounts")]) or {}
    return [
        str(layout.get("display_label") or layout.get("name") or layout.get("id"))
        for layout in objects(answer, "layouts")
        if layout.get("status") in {None, "active", 0, "0"}
        and not set(own_fields) <= _shown(layout)
    ]


def steps(home: str, layouts: Sequence[str]) -> Sequence[Text]:
    """The clicks in one organization; `home` is its address, with the organization in it."""
    module = f"{home}/settings/modules/Accounts/layouts"
    found = [
        Text(
            f"Montrer les champs sur la fiche, disposition « {name} » : Configuration → "
            "Personnalisation → Modules et champs → Comptes → cette disposition : glissez-y les "
            f"champs d'Arpent depuis « Éléments inutilisés ». {module}",
            f"Show the fields on the record page, layout “{name}”: Setup → Customization → Modules "
            "and Fields → Accounts → that layout: drag the fields of Arpent there from “Unused "
            f"items”. {module}",
        )
        for name in layouts
    ]
    return (
        *found,
        Text(
            "Les montrer dans la liste des comptes : Comptes → une vue → Gérer les colonnes : "
            f"ajoutez Niveau et Priorité. {home}/tab/Accounts/custom-view/all/list",
            "Show them in the list of accounts: Accounts → a view → Manage columns: add Tier and "
            f"Priority. {home}/tab/Accounts/custom-view/all/list",
        ),
    )


def rehearsed(address: str) -> Sequence[Text]:
    """The sandbox shows the fields by itself."""
    return (
        Text(
            f"Le CRM émulé montre ces champs sans réglage : {address}",
            f"The emulated CRM shows these fields without any setting: {address}",
        ),
    )


def _shown(layout: Json) -> set[str]:
    return {
        str(field.get("api_name"))
        for section in objects(layout, "sections")
        for field in objects(section, "fields")
        if is_own(str(field.get("api_name") or ""))
    }
