"""What people read of Salesforce's errors: what happened, where, and the next step."""

from rules.language import Text

NOT_FOR_REST = Text(
    "Salesforce a ouvert une session qui n'a pas droit à l'API REST : la renouveler n'y changera "
    "rien. Donnez « API activée » (API Enabled) à l'utilisateur d'intégration et la portée « api » "
    "à l'External Client App, puis relancez.",
    "Salesforce opened a session that is not allowed to use the REST API: renewing it won't help. "
    "Give the integration user “API Enabled” and the External Client App the “api” scope, then "
    "run again.",
)
DAILY = Text(
    "Les appels d'API des dernières 24 h sont épuisés dans Salesforce, tous outils confondus : "
    "ils reviennent peu à peu. Arpent réessaiera ; si cela dure, voyez Configuration → "
    "Informations sur la société → Demandes d'API.",
    "Salesforce's API calls of the last 24 h are used up, all tools together: they come back "
    "little by little. Arpent will try again; if it lasts, see Setup → Company Information → API "
    "Requests.",
)


def ended(said: str) -> str:
    """Salesforce's own words as a sentence before ours: most of them end without a period."""
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def unauthorised(said: str) -> Text:
    """A session that can't be renewed."""
    return Text(
        fr="Salesforce ne reconnaît pas la session (401) : l'accès a été révoqué, ou l'utilisateur "
        "d'intégration est désactivé. Vérifiez l'External Client App (Configuration → "
        f"Gestionnaire des applications clientes externes). Salesforce dit : {said}",
        en="Salesforce does not recognise the session (401): the access was revoked, or the "
        "integration user is deactivated. Check the External Client App (Setup → External Client "
        f"App Manager). Salesforce says: {said}",
    )


def forbidden(code: str, said: str) -> Text:
    """The integration user lacks a right."""
    return Text(
        fr=f"Salesforce interdit cette opération à l'utilisateur d'intégration ({code}) : "
        f"{ended(said)} Donnez-lui ce droit par un ensemble d'autorisations, puis relancez.",
        en=f"Salesforce forbids this operation to the integration user ({code}): {ended(said)} "
        "Give it the right by a permission set, then run again.",
    )


def disabled(said: str) -> Text:
    """The edition, or the org, has no API."""
    return Text(
        fr=f"L'API de Salesforce est désactivée pour cette organisation : {ended(said)} Il faut "
        "l'édition Enterprise ou au-dessus, ou l'option API de l'édition Professional.",
        en=f"Salesforce's API is disabled for this org: {ended(said)} It takes the Enterprise "
        "edition or above, or the API option of the Professional edition.",
    )


def retired(said: str) -> Text:
    """The version of the API is no more."""
    return Text(
        fr=f"Salesforce n'offre plus cette version de l'API : {ended(said)} Installez une "
        "version plus récente d'Arpent.",
        en=f"Salesforce no longer offers this version of the API: {ended(said)} Install a "
        "newer version of Arpent.",
    )


def waiting(status: int, said: str, seconds: float) -> Text:
    """Too much at once."""
    return Text(
        fr=f"Salesforce demande d'attendre {seconds:g} s ({status}) : {ended(said)} Arpent "
        "réessaiera.",
        en=f"Salesforce asks to wait {seconds:g} s ({status}): {ended(said)} Arpent will try "
        "again.",
    )


def in_trouble(status: int, said: str) -> Text:
    """An error of the server."""
    return Text(
        fr=f"Salesforce est en difficulté ({status}) : {ended(said)} Arpent réessaiera.",
        en=f"Salesforce is in trouble ({status}): {ended(said)} Arpent will try again.",
    )


def unreadable(what: str, status: int, code: str, said: str) -> Text:
    """A reading that is refused."""
    return Text(
        fr=f"Salesforce refuse de lire {what} ({status} {code}) : {ended(said)} Vérifiez les "
        "champs de fields.yaml et les droits de l'utilisateur d'intégration.",
        en=f"Salesforce refuses to read {what} ({status} {code}): {ended(said)} Check the "
        "fields of fields.yaml and the rights of the integration user.",
    )


def wrong_account(found: str, expected: str, *, is_sandbox: bool | None) -> Text:
    """Another org; a copy for trials (sandbox) has an id of its own, which is a frequent mix-up."""
    which = {
        None: Text("", ""),
        True: Text(" (une sandbox, non la production)", " (a sandbox, not production)"),
        False: Text(" (la production, non une sandbox)", " (production, not a sandbox)"),
    }[is_sandbox]
    return Text(
        fr=f"L'accès ouvre l'organisation Salesforce {found}{which.fr}, le plan vit dans "
        f"l'organisation {expected} : rien n'a été écrit. Mettez l'adresse et l'accès de la bonne "
        "organisation dans les réglages.",
        en=f"The access opens Salesforce org {found}{which.en}, and the plan lives in org "
        f"{expected}: nothing was written. Put the right org's address and access in the settings.",
    )


NOT_DATA = Text(
    "Salesforce a répondu autre chose que des données (une page d'erreur, sans doute). Arpent "
    "réessaiera.",
    "Salesforce answered something else than data (an error page, probably). Arpent will try "
    "again.",
)
NOT_AS_ASKED = Text(
    "Salesforce a répondu sans ce qui était demandé : rien n'en a été retenu. Arpent réessaiera.",
    "Salesforce answered without what was asked for: nothing of it was kept. Arpent will try "
    "again.",
)
NO_ORG = Text(
    "Salesforce n'a pas dit de quelle organisation il s'agit : vérifiez l'adresse et les droits de "
    "l'utilisateur d'intégration.",
    "Salesforce did not say which org this is: check the address and the rights of the integration "
    "user.",
)
NO_CURRENCY = Text(
    "Salesforce n'a pas dit dans quelle devise l'organisation compte : choisissez des paramètres "
    "régionaux avec un pays (Configuration → Informations sur la société), puis relancez.",
    "Salesforce did not say in which currency the org counts: choose a locale with a country "
    "(Setup → Company Information), then run again.",
)
NO_OBJECT = Text(
    "L'utilisateur d'intégration ne voit pas un objet dont Arpent a besoin : donnez-lui la lecture "
    "des comptes, contacts, opportunités, tâches et événements par un ensemble d'autorisations.",
    "The integration user does not see an object that Arpent needs: let it read accounts, "
    "contacts, opportunities, tasks and events by a permission set.",
)
