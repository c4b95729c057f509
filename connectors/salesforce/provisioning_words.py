"""What people read of own fields that can't be made, changed or removed."""

from collections.abc import Mapping, Sequence

from rules.language import Text

_NAMED = 5


def conflict(field: str, found: str, needed: str) -> Text:
    """A field of our name and of another type."""
    return Text(
        f"{field} existe dans Salesforce comme {found} et Arpent a besoin de {needed}. "
        "Supprimez-le ou renommez-le (Configuration → Gestionnaire d'objet → Compte → Champs et "
        "relations), puis relancez.",
        f"{field} exists in Salesforce as {found} and Arpent needs {needed}. Delete or rename it "
        "(Setup → Object Manager → Account → Fields & Relationships), then run this again.",
    )


def taken(field: str, said: str) -> Text:
    """The name is held, often by a field that was deleted and not erased."""
    return Text(
        f"Salesforce ne crée pas {field} : {said} Un champ supprimé garde son nom quinze jours : "
        "restaurez-le ou effacez-le (Compte → Champs et relations → Champs supprimés), puis "
        "relancez.",
        f"Salesforce does not create {field}: {said} A deleted field keeps its name for fifteen "
        "days: restore or erase it (Account → Fields & Relationships → Deleted Fields), then run "
        "this again.",
    )


def full(field: str, said: str) -> Text:
    """The object has no room for another custom field."""
    return Text(
        f"Salesforce n'a plus de place pour {field} sur les comptes : {said} Supprimez des champs "
        "personnalisés qui ne servent plus, ou retirez des champs facultatifs de fields.yaml "
        "(write.optional).",
        f"Salesforce has no room left for {field} on accounts: {said} Delete custom fields that "
        "are no longer used, or remove optional fields from fields.yaml (write.optional).",
    )


def no_room(left: int, wanted: int) -> Text:
    """The object has no room for all that are missing."""
    return Text(
        f"Les comptes de Salesforce ont place pour {left} champ(s) personnalisé(s) de plus et "
        f"Arpent en demande {wanted} : aucun n'est créé. Supprimez des champs qui ne servent plus, "
        "ou retirez des champs facultatifs de fields.yaml (write.optional).",
        f"Accounts in Salesforce have room for {left} more custom field(s) and Arpent asks for "
        f"{wanted}: none is created. Delete fields that are no longer used, or remove optional "
        "fields from fields.yaml (write.optional).",
    )


def left_out(left: Mapping[str, str]) -> Text:
    """Some people may not have the permission set that shows our fields."""
    named = ", ".join(list(left)[:_NAMED]) + (" …" if len(left) > _NAMED else "")
    said = next(iter(left.values()))
    return Text(
        f"{len(left)} personne(s) ne verront pas les champs d'Arpent ({named}) : Salesforce leur "
        f"refuse l'ensemble d'autorisations « Arpent » ({said}). Vérifiez leur licence, ou "
        "attribuez-le à la main (Configuration → Ensembles d'autorisations).",
        f"{len(left)} people will not see Arpent's fields ({named}): Salesforce refuses them the "
        f"permission set “Arpent” ({said}). Check their licence, or assign it by hand (Setup → "
        "Permission Sets).",
    )


def untracked(labels: Sequence[str]) -> Text:
    """Fields without a history: nobody knows who changes them."""
    listed = ", ".join(labels)
    return Text(
        f"Salesforce ne suit pas l'historique de : {listed}. Arpent ne saura pas qui modifie ces "
        "champs : un niveau imposé y attendra « arpent challenges accept ». L'étape ci-dessous "
        "le règle.",
        f"Salesforce does not track the history of: {listed}. Arpent will not know who changes "
        "these fields: a tier imposed there will wait for `arpent challenges accept`. The step "
        "below settles it.",
    )


def both(first: Text | None, second: Text) -> Text:
    """Two remarks on one field."""
    return second if first is None else Text(f"{first.fr} {second.fr}", f"{first.en} {second.en}")


def foreign(field: str) -> Text:
    """A field of our name that holds something else."""
    return Text(
        f"{field} n'a pas le type de celui d'Arpent : quelqu'un d'autre l'a créé, il reste.",
        f"{field} is not of the type of Arpent's: somebody else made it, it stays.",
    )


def kept(field: str, said: str) -> Text:
    """A field that Salesforce doesn't delete."""
    return Text(
        f"Salesforce garde {field} : {said} Retirez-le de ce qui s'en sert (flux, formules, "
        "rapports), puis relancez « arpent fields remove ».",
        f"Salesforce keeps {field}: {said} Take it out of what uses it (flows, formulas, reports), "
        "then run `arpent fields remove` again.",
    )


def without_rights(field: str) -> Text:
    """A field that the integration user may not see, or not edit."""
    return Text(
        f"{field} : l'utilisateur d'Arpent n'a pas le droit de le voir ou de le modifier. "
        "« arpent fields ensure » rétablit ce droit.",
        f"{field}: Arpent's user lacks the right to see or edit it. `arpent fields ensure` "
        "restores that right.",
    )


def not_permitted(said: str) -> Text:
    """The user may not make fields or permission sets."""
    return Text(
        f"Salesforce n'a pas accepté ce réglage : {said} Donnez pour cette commande l'accès d'un "
        "administrateur (Personnaliser l'application, Gérer les ensembles d'autorisations).",
        f"Salesforce did not accept this setting: {said} For this command, give the access of an "
        "administrator (Customize Application, Manage Permission Sets).",
    )
