"""What people read when Zoho does not do what was asked: what happened, where, the next step."""

from collections.abc import Sequence

from rules.language import Text

NOT_DATA = Text(
    "Zoho a répondu par autre chose que des données (une page web ?). Arpent réessaiera; si cela "
    "dure, vérifiez le réseau et l'adresse dans les réglages.",
    "Zoho answered with something else than data (a web page?). Arpent will try again; if it "
    "lasts, check the network and the address in the settings.",
)
NOT_AS_ASKED = Text(
    "Zoho a répondu autre chose que ce qui était demandé. Arpent réessaiera.",
    "Zoho answered something else than what was asked. Arpent will try again.",
)
NO_ORG = Text(
    "Zoho n'a pas dit de quelle organisation il s'agit : donnez la portée ZohoCRM.org.READ au "
    "jeton (docs/zoho.md), puis relancez.",
    "Zoho did not say which organization this is: give the scope ZohoCRM.org.READ to the token "
    "(docs/zoho.md), then run again.",
)
CREDITS = Text(
    "Les crédits d'API de votre organisation Zoho des dernières 24 heures sont épuisés. Ils "
    "reviennent d'eux-mêmes au fil des heures, et Arpent reprend alors.",
    "The API credits of your Zoho organization for the last 24 hours are used up. They come back "
    "by themselves hour by hour, and Arpent resumes then.",
)


def unauthorised(api: str, said: str) -> Text:
    """A fresh token that the API does not recognise."""
    return Text(
        f"« {api} » ne reconnaît pas un jeton que Zoho vient de donner : l'accès a été révoqué, "
        "ou le centre de données n'est pas le bon. Vérifiez ARPENT_ZOHO_DATA_CENTER et, dans "
        f"Zoho, Configuration → Sécurité → Applications connectées. Zoho dit : {said}",
        f"“{api}” does not recognise a token that Zoho has just given: the access was revoked, or "
        "the data centre is not the right one. Check ARPENT_ZOHO_DATA_CENTER and, in Zoho, Setup "
        f"→ Security → Connected apps. Zoho says: {said}",
    )


def missing_scope(path: str, said: str) -> Text:
    """The token was granted without a scope."""
    return Text(
        f"Le jeton de Zoho n'a pas la portée qu'il faut pour « {path} ». Une portée ne s'ajoute "
        "pas : refaites un code avec toutes les portées de docs/zoho.md, puis mettez le nouveau "
        f"jeton dans les réglages. Zoho dit : {said}",
        f"Zoho's token lacks the scope that “{path}” needs. A scope can't be added: make a new "
        "code with all the scopes of docs/zoho.md, then put the new token in the settings. Zoho "
        f"says: {said}",
    )


def forbidden(path: str, permissions: Sequence[str], said: str) -> Text:
    """The user behind the token may not."""
    listed = f" ({', '.join(permissions)})" if permissions else ""
    return Text(
        f"L'utilisateur de Zoho n'a pas le droit de faire « {path} »{listed}. Donnez-lui ce droit "
        "dans son profil (Configuration → Sécurité → Profils), puis relancez. Zoho dit : "
        f"{said}",
        f"The Zoho user has no right to do “{path}”{listed}. Give them that right in their profile "
        f"(Setup → Security → Profiles), then run again. Zoho says: {said}",
    )


def no_module(name: str) -> Text:
    """A module that the organization does not show under this name."""
    return Text(
        f"Zoho n'a pas de module « {name} » pour cet utilisateur : il a été masqué, ou son nom "
        "d'API a changé. Voyez Configuration → Espace développeur → API → Noms d'API, "
        "rétablissez ce nom et montrez le module à son profil, puis relancez.",
        f"Zoho has no module “{name}” for this user: it was hidden, or its API name has changed. "
        "See Setup → Developer Space → APIs → API Names, restore that name and show the module to "
        "their profile, then run again.",
    )


def no_modified_time(name: str) -> Text:
    """A module whose changes can't be told."""
    return Text(
        f"Le module « {name} » de Zoho ne montre pas Modified_Time à cet utilisateur : ce qui y "
        "change ne peut pas être suivi. Rendez le champ « Modifié le » visible à son profil "
        "(Configuration → Sécurité → Profils), puis relancez.",
        f"Zoho's module “{name}” does not show Modified_Time to this user: what changes in it "
        "can't be followed. Make the field “Modified Time” visible to their profile (Setup → "
        "Security → Profiles), then run again.",
    )


def unreadable(what: str, status: int, code: str, said: str) -> Text:
    """A reading that Zoho refuses as it is."""
    return Text(
        f"Zoho ne lit pas « {what} » ({status} {code}) : {said} Vérifiez que les champs nommés "
        "dans fields.yaml existent encore (« arpent doctor »), puis relancez.",
        f"Zoho does not read “{what}” ({status} {code}): {said} Check that the fields named in "
        "fields.yaml still exist (`arpent doctor`), then run again.",
    )


def waiting(said: str, seconds: float) -> Text:
    """Too much at once."""
    return Text(
        f"Zoho demande d'attendre {seconds:g} s : trop d'appels à la fois, ou plus de crédits "
        "d'API (Zoho ne dit pas lequel). Arpent réessaiera; si cela dure, voyez les crédits : "
        f"Configuration → Espace développeur → API. Zoho dit : {said}",
        f"Zoho asks to wait {seconds:g} s: too many calls at once, or no API credits left (Zoho "
        "does not tell which). Arpent will try again; if it lasts, see the credits: Setup → "
        f"Developer Space → APIs. Zoho says: {said}",
    )


def in_trouble(status: int, said: str) -> Text:
    """Zoho's own trouble."""
    return Text(
        f"Zoho est en difficulté ({status}) : {said} Arpent réessaiera; voyez aussi "
        "status.zoho.com.",
        f"Zoho is in trouble ({status}): {said} Arpent will try again; see status.zoho.com too.",
    )


def wrong_account(found: str, expected: str) -> Text:
    """The token opens another organization than the one where the plan lives."""
    return Text(
        f"Ce jeton ouvre l'organisation Zoho {found}, et le plan est dans {expected} : rien n'a "
        "été écrit. Mettez le jeton de la bonne organisation dans les réglages, ou changez "
        "ARPENT_ZOHO_ACCOUNT_ID.",
        f"This token opens the Zoho organization {found}, and the plan lives in {expected}: "
        "nothing was written. Put the token of the right organization in the settings, or change "
        "ARPENT_ZOHO_ACCOUNT_ID.",
    )


def bad_bulk(module: str, why: Text) -> Text:
    """The result of a bulk job that can't be read."""
    return Text(
        f"L'extraction en masse de « {module} » n'est pas lisible : {why.fr}. Arpent la "
        "redemandera.",
        f"The bulk extraction of “{module}” can't be read: {why.en}. Arpent will ask for it again.",
    )


def slow_bulk(module: str) -> Text:
    """A bulk job that does not end."""
    return Text(
        f"Zoho n'a pas fini l'extraction de « {module} » en deux heures. Arpent réessaiera; si "
        "cela dure, voyez Configuration → Administration des données → Historique.",
        f"Zoho has not finished the extraction of “{module}” within two hours. Arpent will try "
        "again; if it lasts, see Setup → Data Administration → History.",
    )
