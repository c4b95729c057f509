"""What people read of a login: why an access is refused, what to do, what will end."""

from connectors.base import Fatal, Misconfigured
from connectors.http import is_this_machine
from connectors.salesforce.error_words import ended
from rules.language import Text

LOST_AT_RESTART = Text(
    "Salesforce a remplacé le jeton d'actualisation, et le nouveau n'est qu'en mémoire : un "
    "redémarrage échouerait. Mettez le jeton dans un fichier que seul Arpent lit et écrit, et "
    "nommez ce fichier dans les réglages.",
    "Salesforce has replaced the refresh token, and the new one is only in memory: a restart would "
    "fail. Put the token in a file that Arpent alone reads and writes, and name that file in the "
    "settings.",
)
LEGACY = Text(
    "l'accès par nom d'utilisateur, mot de passe et jeton de sécurité prend fin chez Salesforce en "
    "juin 2027 : créez une External Client App (identifiants du client) et mettez-la dans les "
    "réglages avant cette date",
    "Salesforce ends the login by user name, password and security token in June 2027: make an "
    "External Client App (client credentials) and put it in the settings before that date",
)
SHELF_IS_BUSY = Text(
    "Un autre processus renouvelle l'accès à Salesforce depuis plus d'une minute. Arpent "
    "réessaiera; si cela dure, arrêtez ce processus.",
    "Another process has been renewing the access to Salesforce for more than a minute. Arpent "
    "will try again; if it lasts, stop that process.",
)
NO_TOKEN = Text(
    "Salesforce a répondu sans jeton d'accès. Arpent réessaiera.",
    "Salesforce answered without an access token. Arpent will try again.",
)


def unusable_access() -> Misconfigured:
    """Parts that are empty or can't travel."""
    return Misconfigured(
        Text(
            fr="L'accès à Salesforce est mal réglé : l'identifiant, le secret, la clé ou le jeton "
            "est vide ou contient des espaces. Copiez-les à nouveau de l'External Client App.",
            en="The access to Salesforce is ill set: the client id, the secret, the key or the "
            "token is empty or contains spaces. Copy them again from the External Client App.",
        )
    )


def unusable_key() -> Misconfigured:
    """A private key that signs nothing."""
    return Misconfigured(
        Text(
            fr="La clé privée de Salesforce n'est pas une clé RSA en PEM : donnez le fichier dont "
            "le certificat est dans l'External Client App.",
            en="Salesforce's private key is not an RSA key in PEM: give the file whose certificate "
            "is in the External Client App.",
        )
    )


def wrong_address(host: str) -> Misconfigured:
    """An address that is not that of an org's own domain."""
    return Misconfigured(
        Text(
            fr=f"« {host} » n'est pas l'adresse de l'API d'une organisation : écrivez celle de Mon "
            "domaine, comme https://entreprise.my.salesforce.com (Configuration → Mon domaine).",
            en=f"“{host}” is not the address of an org's API: write that of My Domain, like "
            "https://company.my.salesforce.com (Setup → My Domain).",
        )
    )


def needs_own_domain(host: str) -> Misconfigured:
    """Client credentials open an org at its own domain only."""
    return Misconfigured(
        Text(
            fr=f"« {host} » ne donne pas de jeton aux identifiants du client : écrivez l'adresse "
            "de Mon domaine, comme https://entreprise.my.salesforce.com.",
            en=f"“{host}” gives no token to client credentials: write the address of My Domain, "
            "like https://company.my.salesforce.com.",
        )
    )


def foreign_instance(host: str) -> Fatal:
    """The login names an instance that is not Salesforce's."""
    return Fatal(
        Text(
            fr=f"La connexion renvoie à « {host} », qui n'est pas un serveur de Salesforce : rien "
            "n'y a été envoyé. Vérifiez l'adresse dans les réglages.",
            en=f"The login refers to “{host}”, which is no server of Salesforce's: nothing was "
            "sent to it. Check the address in the settings.",
        )
    )


def refused(code: str, said: str, host: str) -> Fatal:
    """A login that Salesforce refuses; `code` and `said` are its own."""
    found = (hint for words, hint in _BY_WORDS.items() if words in said)
    hint = next(found, None) or _HINTS.get(code, _ANY)
    side = _other_side(host) if code in _OF_ANOTHER_SIDE else Text("", "")
    return Fatal(
        Text(
            fr=f"Salesforce refuse la connexion ({code}) : {ended(said)} {hint.fr}{side.fr}",
            en=f"Salesforce refuses the login ({code}): {ended(said)} {hint.en}{side.en}",
        )
    )


def _other_side(host: str) -> Text:
    """Production and its sandboxes are opened at different addresses."""
    if is_this_machine(host):
        return Text("", "")
    is_sandbox = host.startswith("test.") or ".sandbox." in host
    if is_sandbox:
        return Text(
            f" « {host} » est l'adresse d'une sandbox : pour la production, changez l'adresse.",
            f" “{host}” is the address of a sandbox: for production, change the address.",
        )
    return Text(
        f" « {host} » est l'adresse d'une production : pour une sandbox, écrivez celle de la "
        "sandbox (https://entreprise--nom.sandbox.my.salesforce.com).",
        f" “{host}” is the address of a production org: for a sandbox, write the sandbox's "
        "(https://company--name.sandbox.my.salesforce.com).",
    )


_ANY = Text(
    "Vérifiez l'External Client App et l'utilisateur d'intégration.",
    "Check the External Client App and the integration user.",
)
_APP = Text(
    "Copiez à nouveau l'identifiant et le secret de l'External Client App (Configuration → "
    "Gestionnaire des applications clientes externes).",
    "Copy the client id and the secret of the External Client App again (Setup → External Client "
    "App Manager).",
)
_GRANT = Text(
    "L'accès a expiré, a été révoqué, ou l'utilisateur n'est pas autorisé par l'External Client "
    "App : autorisez-le (politiques de l'application), puis mettez le nouvel accès dans les "
    "réglages.",
    "The access has expired, was revoked, or the user is not authorised by the External Client "
    "App: authorise the user (policies of the app), then put the new access in the settings.",
)
_FLOW = Text(
    "Activez cette sorte de connexion dans l'External Client App, et nommez l'utilisateur en tant "
    "que qui elle s'exécute (Run As).",
    "Enable this kind of login in the External Client App, and name the user that it runs as (Run "
    "As).",
)
_USER = Text(
    "Vérifiez le nom d'utilisateur, le mot de passe et le jeton de sécurité, et que l'utilisateur "
    "d'intégration est actif.",
    "Check the user name, the password and the security token, and that the integration user is "
    "active.",
)
_SIGNATURE = Text(
    "Vérifiez que le certificat de l'External Client App est celui de la clé privée, que la "
    "connexion par signature (JWT) y est activée, et que cette machine est à l'heure : la "
    "signature ne vaut que trois minutes.",
    "Check that the certificate of the External Client App is the private key's, that the login "
    "by signature (JWT) is enabled there, and that this machine's clock is right: the signature "
    "is good for three minutes only.",
)
_AUDIENCE = Text(
    "La signature est faite pour un autre serveur : écrivez login (production) ou test (sandbox) "
    "dans ARPENT_SALESFORCE_AUDIENCE, ou retirez ce réglage pour Mon domaine.",
    "The signature is made for another server: write login (production) or test (sandbox) in "
    "ARPENT_SALESFORCE_AUDIENCE, or remove that setting for My Domain.",
)
_DOMAIN = Text(
    "Écrivez dans les réglages l'adresse de Mon domaine, comme "
    "https://entreprise.my.salesforce.com (Configuration → Mon domaine).",
    "Write the address of My Domain in the settings, like https://company.my.salesforce.com "
    "(Setup → My Domain).",
)
_NO_SOAP = Text(
    "Cette organisation n'admet pas l'accès par nom d'utilisateur, mot de passe et jeton de "
    "sécurité : créez une External Client App (identifiants du client) et mettez-la dans les "
    "réglages.",
    "This org does not admit the login by user name, password and security token: make an "
    "External Client App (client credentials) and put it in the settings.",
)
_HINTS = {
    "invalid_client": _APP,
    "invalid_client_id": _APP,
    "invalid_client_credentials": _APP,
    "invalid_grant": _GRANT,
    "invalid_request": _FLOW,
    "unsupported_grant_type": _FLOW,
    "inactive_user": _USER,
    "inactive_org": _USER,
    "INVALID_LOGIN": _USER,
    "LOGIN_MUST_USE_SECURITY_TOKEN": _USER,
    "INVALID_OPERATION": _NO_SOAP,
    "UNSUPPORTED_API_VERSION": _NO_SOAP,
}
# `invalid_grant` is said of many things: its sentence tells which.
_BY_WORDS = {
    "invalid assertion": _SIGNATURE,
    "audience is invalid": _AUDIENCE,
    "no client credentials user": _FLOW,
    "not supported on this domain": _DOMAIN,
}
_OF_ANOTHER_SIDE = frozenset({"invalid_client_id", "invalid_grant", "INVALID_LOGIN"})
