"""What people read of Zoho's access: why it is refused, and what to do next."""

from connectors.base import Fatal, Misconfigured
from rules.language import Text

LOST_AT_RESTART = Text(
    "Zoho a remplacé le jeton d'actualisation, et le nouveau n'est qu'en mémoire : un redémarrage "
    "échouerait. Nommez un fichier que seul Arpent lit et écrit dans "
    "ARPENT_ZOHO_REFRESH_TOKEN_FILE.",
    "Zoho has replaced the refresh token, and the new one is only in memory: a restart would fail. "
    "Name a file that Arpent alone reads and writes in ARPENT_ZOHO_REFRESH_TOKEN_FILE.",
)
NOT_SHARED = Text(
    "aucun fichier pour le jeton d'actualisation : chaque commande prend un jeton d'accès, et Zoho "
    "n'en donne que dix par dix minutes. Nommez un fichier que seul Arpent lit et écrit dans "
    "ARPENT_ZOHO_REFRESH_TOKEN_FILE : les commandes se partageront un jeton.",
    "no file for the refresh token: each command takes an access token, and Zoho gives only ten in "
    "ten minutes. Name a file that Arpent alone reads and writes in "
    "ARPENT_ZOHO_REFRESH_TOKEN_FILE: commands then share one token.",
)
SHELF_IS_BUSY = Text(
    "Un autre processus renouvelle l'accès à Zoho depuis plus d'une minute. Arpent réessaiera; si "
    "cela dure, arrêtez ce processus.",
    "Another process has been renewing the access to Zoho for more than a minute. Arpent will try "
    "again; if it lasts, stop that process.",
)
NO_TOKEN = Text(
    "Zoho a répondu sans jeton d'accès. Arpent réessaiera.",
    "Zoho answered without an access token. Arpent will try again.",
)
THROTTLED = Text(
    "Zoho refuse pour quelques minutes de donner d'autres jetons d'accès : il en accorde dix par "
    "dix minutes, à tous ceux qui partagent ce jeton d'actualisation. Arpent attend et reprend de "
    "lui-même; si cela revient, nommez un fichier dans ARPENT_ZOHO_REFRESH_TOKEN_FILE (sans lui, "
    "chaque commande prend un jeton), et donnez à Arpent son propre « Self Client ».",
    "Zoho refuses for some minutes to give more access tokens: it grants ten in ten minutes, to "
    "all who share this refresh token. Arpent waits and resumes by itself; if it comes back, name "
    "a file in ARPENT_ZOHO_REFRESH_TOKEN_FILE (without it, each command takes a token), and give "
    "Arpent a Self Client of its own.",
)


def unusable_access() -> Misconfigured:
    """An application whose parts can't travel."""
    return Misconfigured(
        Text(
            fr="L'accès à Zoho est mal réglé : l'identifiant du client, son secret ou le jeton "
            "d'actualisation est vide ou contient des espaces. Copiez-les à nouveau.",
            en="The access to Zoho is ill set: the client id, its secret or the refresh token is "
            "empty or contains spaces. Copy them again.",
        )
    )


def grant_is_over(host: str, said: str) -> Fatal:
    """The refresh token opens nothing, here at least."""
    return Fatal(
        Text(
            fr=f"« {host} » ne reconnaît pas le jeton d'actualisation : il a été révoqué, ou "
            "vient d'un autre centre de données. Vérifiez ARPENT_ZOHO_DATA_CENTER (au Canada : "
            "ca), sinon refaites un code dans la console d'API de Zoho et mettez le nouveau jeton "
            f"dans les réglages. Zoho dit : {said}",
            en=f"“{host}” does not recognise the refresh token: it was revoked, or comes from "
            "another data centre. Check ARPENT_ZOHO_DATA_CENTER (in Canada: ca), else make a new "
            "code in Zoho's API console and put the new token in the settings. Zoho says: "
            f"{said}",
        )
    )


def refused_client(host: str, said: str) -> Fatal:
    """The application itself is not recognised."""
    return Fatal(
        Text(
            fr=f"« {host} » ne reconnaît pas le client ou son secret : vérifiez-les dans la "
            "console d'API de Zoho, et que ARPENT_ZOHO_DATA_CENTER est le centre de données de "
            f"votre organisation (au Canada : ca). Zoho dit : {said}",
            en=f"“{host}” does not recognise the client or its secret: check them in Zoho's API "
            "console, and that ARPENT_ZOHO_DATA_CENTER is the data centre of your organization "
            f"(in Canada: ca). Zoho says: {said}",
        )
    )


def foreign_api(address: str) -> Fatal:
    """A token was given for a server that is not Zoho's."""
    return Fatal(
        Text(
            fr=f"Le serveur de comptes renvoie vers « {address} », qui n'est pas une API de Zoho : "
            "rien n'y a été envoyé. Vérifiez ARPENT_ZOHO_URL et le réseau.",
            en=f"The accounts server points to “{address}”, which is no API of Zoho's: nothing "
            "was sent there. Check ARPENT_ZOHO_URL and the network.",
        )
    )
