"""How a Salesforce org can be opened: what the settings hold for each kind of login.

The External Client App (Salesforce's word for what was a Connected App) is made by an
administrator. A refresh token comes as a `Grant` of `connectors.base`.
"""

from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from pydantic import SecretStr

from connectors.base import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """The External Client App itself, which runs as the user that it names."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLogin:
    """A user in whose name a key signs (JWT bearer): the app holds the certificate.

    `private_key` is a PEM text. `audience` is whom the signature is for: `login`, `test` or, where
    it is None, the org's own domain.
    """

    client_id: str
    username: str
    private_key: SecretStr
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLogin:
    """A user's name, password and security token: Salesforce ends this kind in June 2027."""

    username: str
    password: SecretStr
    security_token: SecretStr


SalesforceAccess: TypeAlias = ClientCredentials | SignedLogin | Grant | PasswordLogin


def secrets_of(access: SalesforceAccess) -> list[SecretStr]:
    """What an access holds that no answer of Salesforce has a reason to repeat."""
    match access:
        case ClientCredentials() | Grant():
            return [access.client_secret]
        case SignedLogin():
            return [access.private_key]
        case PasswordLogin():
            secrets = (access.password, access.security_token)
            # They travel in XML, which writes some letters otherwise.
            written = [SecretStr(escape(each.get_secret_value())) for each in secrets]
            return [*secrets, *written]
