"""What people read of credentials: which keys work, and why an access is refused."""

from connectors.base import Fatal, Misconfigured
from rules.language import Text

SECOND_ONLY = Text(
    "HubSpot ne reconnaît plus la clé en place; la suivante fonctionne et sert à sa place. "
    "Mettez-la dans ARPENT_HUBSPOT_TOKEN et retirez ARPENT_HUBSPOT_TOKEN_NEXT.",
    "HubSpot no longer recognises the key in place; the next one works and serves in its place. "
    "Put it in ARPENT_HUBSPOT_TOKEN and remove ARPENT_HUBSPOT_TOKEN_NEXT.",
)
BOTH = Text(
    "les deux clés fonctionnent, pour le même compte : l'ancienne peut être révoquée",
    "both keys work, for the same account: the old one can be revoked",
)
LOST_AT_RESTART = Text(
    "HubSpot a remplacé le jeton d'actualisation, et le nouveau n'est qu'en mémoire : un "
    "redémarrage échouerait. Mettez le jeton dans un fichier que seul Arpent lit et écrit, et "
    "nommez-le dans ARPENT_HUBSPOT_REFRESH_TOKEN_FILE.",
    "HubSpot has replaced the refresh token, and the new one is only in memory: a restart would "
    "fail. Put the token in a file that Arpent alone reads and writes, and name it in "
    "ARPENT_HUBSPOT_REFRESH_TOKEN_FILE.",
)
SHELF_IS_BUSY = Text(
    "Un autre processus renouvelle l'accès à HubSpot depuis plus d'une minute. Arpent réessaiera; "
    "si cela dure, arrêtez ce processus.",
    "Another process has been renewing the access to HubSpot for more than a minute. Arpent will "
    "try again; if it lasts, stop that process.",
)
NO_TOKEN = Text(
    "HubSpot a répondu sans jeton d'accès. Arpent réessaiera.",
    "HubSpot answered without an access token. Arpent will try again.",
)


def unusable_key() -> Misconfigured:
    """A key that can't travel in a header."""
    return Misconfigured(
        Text(
            fr="La clé de HubSpot est vide ou contient des espaces ou des caractères invisibles : "
            "copiez-la à nouveau dans les réglages.",
            en="The HubSpot key is empty or contains spaces or invisible characters: copy it "
            "into the settings again.",
        )
    )


def unusable_grant() -> Misconfigured:
    """An OAuth application whose parts can't travel."""
    return Misconfigured(
        Text(
            fr="L'application OAuth de HubSpot est mal réglée : son identifiant, son secret ou le "
            "jeton d'actualisation est vide ou contient des espaces. Copiez-les à nouveau.",
            en="The HubSpot OAuth application is ill set: its client id, its secret or the "
            "refresh token is empty or contains spaces. Copy them again.",
        )
    )


def grant_is_over(said: str) -> Fatal:
    """The refresh token opens nothing any more; `said` is HubSpot's own sentence."""
    return Fatal(
        Text(
            fr="HubSpot a retiré l'accès de l'application OAuth : elle a été désinstallée, ou le "
            "jeton d'actualisation est d'un autre temps. Réinstallez-la dans le compte, puis "
            f"mettez le nouveau jeton dans les réglages. HubSpot dit : {said}",
            en="HubSpot has withdrawn the OAuth application's access: it was uninstalled, or the "
            "refresh token is of another time. Install it in the account again, then put the new "
            f"token in the settings. HubSpot says: {said}",
        )
    )


def refused_application(said: str) -> Fatal:
    """The application itself is not recognised; `said` is HubSpot's own sentence."""
    return Fatal(
        Text(
            fr="HubSpot ne reconnaît pas l'application OAuth : vérifiez son identifiant et son "
            f"secret dans les réglages. HubSpot dit : {said}",
            en="HubSpot does not recognise the OAuth application: check its client id and its "
            f"secret in the settings. HubSpot says: {said}",
        )
    )
