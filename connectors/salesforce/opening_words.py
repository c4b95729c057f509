"""What people read of the settings of Salesforce: what is missing, and where it is found."""

from collections.abc import Sequence
from pathlib import Path

from connectors.base import Misconfigured
from rules.language import Language, Text, joined
from rules.located import Misfit

HOW_TO_OPEN = Text(
    "Créez une External Client App dans Salesforce (Configuration → "
    "Gestionnaire des applications clientes externes) qui s'exécute au nom de l'utilisateur "
    "d'intégration, et mettez son identifiant et son secret dans ARPENT_SALESFORCE_CLIENT_ID et "
    "ARPENT_SALESFORCE_CLIENT_SECRET, l'adresse de Mon domaine dans ARPENT_SALESFORCE_URL.",
    "Create an External Client App in Salesforce (Setup → External Client App Manager) that runs "
    "as the integration user, and put its client id and secret in "
    "ARPENT_SALESFORCE_CLIENT_ID and ARPENT_SALESFORCE_CLIENT_SECRET, the address of My Domain in "
    "ARPENT_SALESFORCE_URL.",
)

_LOGINS = {
    "PRIVATE_KEY": Text("L'accès par clé privée (JWT)", "the login by private key (JWT)"),
    "REFRESH_TOKEN": Text("L'accès par jeton d'actualisation", "the login by refresh token"),
    "PASSWORD": Text("L'accès par mot de passe", "the login by password"),
    "CLIENT_SECRET": Text("L'accès par identifiants du client", "the login by client credentials"),
}


def incomplete(kind: str, missing: Sequence[str]) -> Text:
    """A login that lacks these settings; `kind` is the setting that decides on it."""
    login, listed = _LOGINS[kind], ", ".join(missing)
    another = Text("", "")
    if kind == "CLIENT_SECRET":
        another = Text(
            " Une autre connexion demande ARPENT_SALESFORCE_PRIVATE_KEY_FILE ou "
            "ARPENT_SALESFORCE_REFRESH_TOKEN_FILE.",
            " Another login takes ARPENT_SALESFORCE_PRIVATE_KEY_FILE or "
            "ARPENT_SALESFORCE_REFRESH_TOKEN_FILE.",
        )
    return Text(
        f"{login.fr} à Salesforce est incomplet, il manque : {listed}. Complétez-le, ou retirez "
        f"les autres réglages de Salesforce.{another.fr}",
        f"{listed}: {login.en} to Salesforce lacks this. Add it, or remove the other settings of "
        f"Salesforce.{another.en}",
    )


def two_ways(names: Sequence[str]) -> Text:
    """Settings of which only one can open Salesforce."""
    return Text(
        f"{joined(names, Language.FR)} : Salesforce s'ouvre d'une seule manière. N'en gardez "
        "qu'un.",
        f"{joined(names, Language.EN)}: Salesforce is opened in one way only. Keep one of them.",
    )


def not_my_domain(host: str, meant: str | None) -> Misfit:
    """An address that is not an org's own; `meant` is the one that it stands for, if that shows."""
    if meant is not None:
        return Misfit(
            f"« {host} » n'est pas l'adresse de l'API de votre organisation ; écrivez {meant}",
            f"“{host}” is not the address of your org's API; write {meant}",
        )
    return Misfit(
        f"« {host} » n'est pas l'adresse de votre organisation ; écrivez celle de Mon domaine, "
        "comme https://entreprise.my.salesforce.com (Configuration → Mon domaine)",
        f"“{host}” is not the address of your org; write that of My Domain, like "
        "https://company.my.salesforce.com (Setup → My Domain)",
    )


def unreadable_key(setting: str, file: Path | None, why: Text) -> Misconfigured:
    """The file of the private key that the system doesn't open."""
    return Misconfigured(
        Text(
            f"Le fichier {file} ({setting}) ne se lit pas ({why.fr}). Donnez celui de la clé "
            "privée, lisible par Arpent.",
            f"The file {file} ({setting}) can't be read ({why.en}). Give that of the private key, "
            "readable by Arpent.",
        )
    )


def not_a_key(setting: str, file: Path | None) -> Misconfigured:
    """Something else than a private key, a certificate perhaps."""
    place = setting if file is None else f"{file} ({setting})"
    return Misconfigured(
        Text(
            f"{place} n'est pas une clé privée en PEM (-----BEGIN PRIVATE KEY-----) : donnez la "
            "clé dont le certificat est dans l'External Client App, et non le certificat.",
            f"{place} is not a private key in PEM (-----BEGIN PRIVATE KEY-----): give the key "
            "whose certificate is in the External Client App, not the certificate.",
        )
    )
