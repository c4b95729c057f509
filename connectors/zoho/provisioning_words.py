"""What people read of own fields that can't be made, changed or removed."""

from connectors.base import Room
from rules.language import Text

_WHERE = Text(
    "Configuration → Personnalisation → Modules et champs → Comptes",
    "Setup → Customization → Modules and Fields → Accounts",
)


def conflict(field: str, found: str, needed: str) -> Text:
    """A field of our name and of another type."""
    return Text(
        f"{field} existe dans Zoho comme {found} et Arpent a besoin de {needed}. Supprimez-le ou "
        f"renommez-le ({_WHERE.fr}), puis relancez.",
        f"{field} exists in Zoho as {found} and Arpent needs {needed}. Delete or rename it "
        f"({_WHERE.en}), then run this again.",
    )


def unused(field: str, label: str) -> Text:
    """A field of ours that is in no layout any more."""
    return Text(
        f"{field} n'est plus dans aucune disposition : il ne peut être ni lu ni écrit. Glissez "
        f"« {label} » depuis « Éléments inutilisés » dans une disposition ({_WHERE.fr}), puis "
        "relancez.",
        f"{field} is in no layout any more: it can be neither read nor written. Drag “{label}” "
        f"from “Unused items” into a layout ({_WHERE.en}), then run this again.",
    )


def full(room: Room, wanted: int, edition: str) -> Text:
    """The edition has no room for all that is missing."""
    return Text(
        f"L'édition {edition} de Zoho permet {room.limit} champs personnalisés par module, "
        f"{room.usage} servent sur les comptes et Arpent en demande {wanted} de plus : aucun n'est "
        f"créé. Supprimez-en qui ne servent plus ({_WHERE.fr}), retirez des champs facultatifs de "
        "fields.yaml (write.optional), ou changez d'édition.",
        f"The {edition} edition of Zoho allows {room.limit} custom fields per module, {room.usage} "
        f"are used on accounts and Arpent asks for {wanted} more: none is created. Delete some "
        f"that are no longer used ({_WHERE.en}), remove optional fields from fields.yaml "
        "(write.optional), or change edition.",
    )


def refused_room(field: str, said: str) -> Text:
    """Zoho says that there is no room."""
    return Text(
        f"Zoho n'a plus de place pour {field} : {said} Supprimez des champs personnalisés qui ne "
        "servent plus, ou retirez des champs facultatifs de fields.yaml (write.optional).",
        f"Zoho has no room left for {field}: {said} Delete custom fields that are no longer used, "
        "or remove optional fields from fields.yaml (write.optional).",
    )


def taken(field: str, label: str, said: str) -> Text:
    """The label is held by another field."""
    return Text(
        f"Zoho ne crée pas {field} : {said} Un autre champ s'appelle « {label} » : renommez-le "
        f"({_WHERE.fr}), puis relancez.",
        f"Zoho does not create {field}: {said} Another field is called “{label}”: rename it "
        f"({_WHERE.en}), then run this again.",
    )


def not_made(field: str, said: str) -> Text:
    """Zoho refuses for another reason."""
    return Text(
        f"Zoho ne crée pas {field} : {said} Il faut un profil d'administrateur et la portée "
        "ZohoCRM.settings.fields.ALL (docs/zoho.md).",
        f"Zoho does not create {field}: {said} It takes an administrator's profile and the scope "
        "ZohoCRM.settings.fields.ALL (docs/zoho.md).",
    )


def unnamed(planned: str, found: str) -> Text:
    """Zoho has derived a name by which the field is not recognised later."""
    return Text(
        f"Zoho a nommé « {found} » le champ qui devait être {planned} : Arpent ne le reconnaîtra "
        f"pas. Donnez-lui {planned} comme nom d'API (Configuration → Espace développeur → API → "
        "Noms d'API), puis relancez.",
        f"Zoho has named “{found}” the field that was to be {planned}: Arpent will not recognise "
        f"it. Give it {planned} as API name (Setup → Developer Space → APIs → API Names), then run "
        "this again.",
    )


def label_kept(field: str, label: str, wanted: str, said: str) -> Text:
    """The field is made, and keeps its English label."""
    return Text(
        f"{field} est créé et garde le libellé « {label} » : Zoho refuse « {wanted} » ({said}). "
        "Renommez-le à la main si vous le souhaitez : Arpent le reconnaît par son nom d'API.",
        f"{field} is made and keeps the label “{label}”: Zoho refuses “{wanted}” ({said}). Rename "
        "it by hand if you wish: Arpent recognises it by its API name.",
    )


def not_changed(field: str, said: str) -> Text:
    """The options could not be added."""
    return Text(
        f"Zoho n'ajoute pas les choix qui manquent à {field} : {said} Ajoutez-les à la main, ou "
        "donnez à Arpent un profil d'administrateur, puis relancez.",
        f"Zoho does not add the options that {field} lacks: {said} Add them by hand, or give "
        "Arpent an administrator's profile, then run this again.",
    )


def foreign(field: str) -> Text:
    """A field that only bears our name."""
    return Text(
        f"{field} n'a pas le type de celui d'Arpent : quelqu'un d'autre l'a créé, il reste.",
        f"{field} is not of the type of Arpent's: somebody else made it, it stays.",
    )


def kept(field: str, said: str) -> Text:
    """A field that something uses."""
    return Text(
        f"Zoho garde {field} : {said} Retirez-le de ce qui s'en sert (règles, vues, formules), "
        "puis relancez « arpent fields remove ».",
        f"Zoho keeps {field}: {said} Take it out of what uses it (rules, views, formulas), then "
        "run `arpent fields remove` again.",
    )
