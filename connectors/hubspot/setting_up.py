"""What no API of HubSpot does: the clicks of an administrator, each with the page where it starts.

The addresses are those of HubSpot's own pages, by account; the path of menus beside each of them
leads there as well, should HubSpot move a page.
"""

from collections.abc import Sequence

from connectors.hubspot.objects import COMPANIES
from rules.language import Text


def steps(interface: str, account_id: str) -> Sequence[Text]:
    """The clicks in one account; `interface` is its address, as `https://app.hubspot.com`."""
    object_type = COMPANIES.type_id
    objects = f"{interface}/sales-products-settings/{account_id}/object/{object_type}"
    index = f"{interface}/contacts/{account_id}/objects/{object_type}/views/all/list"
    properties = f"{interface}/property-settings/{account_id}/properties?type={object_type}"
    return (
        Text(
            "Montrer les champs sur la fiche : Paramètres → Objets → Entreprises → "
            "Personnalisation de la fiche → barre de gauche → Ajouter une carte → Liste de "
            f"propriétés, avec celles du groupe d'Arpent. {objects}",
            "Show the fields on the record page: Settings → Objects → Companies → Record "
            "customization → left sidebar → Add card → Property list, with those of Arpent's "
            f"group. {objects}",
        ),
        Text(
            "Les montrer dans la liste des entreprises : Actions → Modifier les colonnes, puis "
            f"enregistrer la vue. {index}",
            f"Show them in the list of companies: Actions → Edit columns, then save the view. "
            f"{index}",
        ),
        Text(
            "Facultatif, édition Enterprise : empêcher qu'on les modifie, sauf Contester et "
            f"Niveau imposé : Paramètres → Propriétés → Gérer l'accès. {properties}",
            "Optional, Enterprise edition: keep people from editing them, except Challenge "
            f"and Imposed tier: Settings → Properties → Manage access. {properties}",
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
