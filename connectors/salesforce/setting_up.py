"""What an administrator does by hand, each step with the page where it starts.

The addresses are those of Salesforce's own pages; the path of menus beside each of them leads
there as well, should Salesforce move a page.
"""

from collections.abc import Sequence

from rules.language import Text


def steps(home: str) -> Sequence[Text]:
    """The clicks in one org; `home` is its address."""
    manager = f"{home}/lightning/setup/ObjectManager/Account"
    return (
        Text(
            "Montrer les champs sur la fiche : Configuration → Gestionnaire d'objet → Compte → "
            "Présentations de page (ou la page Lightning du compte) : glissez-y les champs "
            f"d'Arpent. {manager}/PageLayouts/view",
            "Show the fields on the record page: Setup → Object Manager → Account → Page Layouts "
            "(or the account's Lightning page): drag the fields of Arpent there. "
            f"{manager}/PageLayouts/view",
        ),
        Text(
            "Les montrer dans la liste des comptes : Comptes → roue dentée → Sélectionner les "
            f"champs à afficher. {home}/lightning/o/Account/list",
            "Show them in the list of accounts: Accounts → gear → Select Fields to Display. "
            f"{home}/lightning/o/Account/list",
        ),
    )


def tracking(home: str, labels: Sequence[str]) -> Sequence[Text]:
    """The click that lets people be named; `labels` are those of the fields without a history."""
    if not labels:
        return ()
    listed = ", ".join(labels)
    manager = f"{home}/lightning/setup/ObjectManager/Account/FieldsAndRelationships/view"
    return (
        Text(
            "Pour qu'Arpent sache qui modifie ces champs : Configuration → Gestionnaire d'objet → "
            "Compte → Champs et relations → Définir le suivi de l'historique : cochez « Activer "
            f"l'historique de Compte » et {listed} (Salesforce en suit vingt au plus). {manager}",
            "For Arpent to know who changes these fields: Setup → Object Manager → Account → "
            "Fields & Relationships → Set History Tracking: tick “Enable Account History” and "
            f"{listed} (Salesforce tracks twenty at most). {manager}",
        ),
    )


def rehearsed(address: str) -> Sequence[Text]:
    """The sandbox has no pages: its API shows the fields by itself."""
    return (
        Text(
            f"Le CRM émulé n'a pas de pages : son API montre ces champs sans réglage. {address}",
            f"The emulated CRM has no pages: its API shows these fields without any setting. "
            f"{address}",
        ),
    )
