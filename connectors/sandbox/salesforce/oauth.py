"""The login endpoints: token, revoke, userinfo; and the SOAP login that is about to go.

Sources: "OAuth Authorization Flows" and "OAuth 2.0 errors" of Salesforce Help.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from xml.sax.saxutils import escape, unescape

import jwt

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.errors import OAuthError
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.sessions import ClientApp, Session, Sessions
from connectors.sandbox.salesforce.setup import user_named

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = {False: "login.salesforce.com", True: "test.salesforce.com"}
# Salesforce refuses assertions that are valid for longer than this.
_LONGEST_ASSERTION = 300
_SCOPE = "api refresh_token"


class Logins:
    """The login endpoints of one org. `host` is the address that the client believes it calls."""

    def __init__(self, org: Org, sessions: Sessions) -> None:
        self._org = org
        self._sessions = sessions

    @property
    def my_domain(self) -> str:
        """The org's own host name."""
        return f"{self._org.my_domain}.my.salesforce.com"

    def is_own_host(self, host: str) -> bool:
        """Whether a host name is the org's: its My Domain, or this machine."""
        return host == self.my_domain or not host.endswith("salesforce.com")

    def token(
        self, form: Mapping[str, str], authorization: str, host: str, base: str
    ) -> JsonObject:
        """Answer the token endpoint; OAuthError."""
        is_own = self.is_own_host(host)
        if not is_own and host != _LOGIN_HOSTS[self._org.is_sandbox]:
            raise OAuthError("invalid_grant", "authentication failure")
        grant = form.get("grant_type", "")
        flows = {
            "client_credentials": self._client_credentials,
            "refresh_token": self._refresh,
            "password": self._password,
            JWT_BEARER: self._jwt,
        }
        if grant not in flows:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if grant == "client_credentials" and not is_own:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        session, extra = flows[grant](_with_basic(form, authorization))
        instance = base if not host.endswith("salesforce.com") else f"https://{self.my_domain}"
        return self._reply(session, instance, host) | extra

    def _reply(self, session: Session, instance: str, host: str) -> JsonObject:
        login = instance if not host.endswith("salesforce.com") else f"https://{host}"
        if self._org.switches.identity_host == "login":
            login = f"https://{_LOGIN_HOSTS[self._org.is_sandbox]}"
        identity = f"{login}/id/{self._org.org_id}/{session.user_id}"
        issued = str(int(self._org.clock.now().timestamp() * 1000))
        digest = hmac.new(b"sandbox", f"{identity}{issued}".encode(), hashlib.sha256).digest()
        return {
            "access_token": session.token,
            "signature": base64.b64encode(digest).decode(),
            "scope": _SCOPE,
            "instance_url": instance,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
            "api_instance_url": "https://api.salesforce.com",
        }

    def _app(self, key: str) -> ClientApp:
        app = self._sessions.apps.get(key)
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        return app

    def _trusted(self, form: Mapping[str, str], flow: str) -> ClientApp:
        app = self._app(form.get("client_id", ""))
        if not hmac.compare_digest(app.secret.encode(), form.get("client_secret", "").encode()):
            raise OAuthError("invalid_client", "invalid client credentials")
        if flow not in app.flows:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return app

    def _user(self, username: str, refusal: str) -> str:
        user_id = user_named(self._org, username)
        found = self._org.record("User", user_id) if user_id else None
        if found is None:
            raise OAuthError("invalid_grant", refusal)
        if not found.values.get("IsActive"):
            raise OAuthError("inactive_user", "user is inactive")
        return found.id

    def _client_credentials(self, form: Mapping[str, str]) -> tuple[Session, JsonObject]:
        app = self._app(form.get("client_id", ""))
        if "client_credentials" not in app.flows or not app.run_as:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        app = self._trusted(form, "client_credentials")
        user_id = self._user(app.run_as, "no client credentials user enabled")
        return self._sessions.begin(user_id), {}

    def _jwt(self, form: Mapping[str, str]) -> tuple[Session, JsonObject]:
        assertion = form.get("assertion", "")
        try:
            unproved = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise OAuthError("invalid_grant", "invalid assertion") from error
        app = self._app(str(unproved.get("iss", "")))
        options = {"verify_aud": False, "verify_exp": False}
        try:
            claims = jwt.decode(assertion, app.public_key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]  # the options are a TypedDict since 2.10, the names are the same
            # The client's clock made it, so it is the machine's clock that judges it.
            lasts = int(float(claims["exp"])) - time.time()
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuthError("invalid_grant", "invalid assertion") from error
        if not 0 < lasts <= _LONGEST_ASSERTION or "jwt" not in app.flows:
            raise OAuthError("invalid_grant", "invalid assertion")
        if not self._is_audience(str(claims.get("aud", ""))):
            raise OAuthError("invalid_grant", "audience is invalid")
        user_id = self._user(str(claims.get("sub", "")), "user hasn't approved this consumer")
        return self._sessions.begin(user_id), {}

    def _is_audience(self, audience: str) -> bool:
        host = audience.partition("://")[2].partition("/")[0]
        return host == _LOGIN_HOSTS[self._org.is_sandbox] or (
            bool(host) and self.is_own_host(host.lower())
        )

    def _refresh(self, form: Mapping[str, str]) -> tuple[Session, JsonObject]:
        app = self._trusted(form, "refresh_token")
        token = form.get("refresh_token", "")
        user_id = app.refresh_tokens.get(token)
        if user_id is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        found = self._org.record("User", user_id)
        if found is None or not found.values.get("IsActive"):
            raise OAuthError("inactive_user", "user is inactive")
        if not self._org.switches.rotates_refresh_token:
            return self._sessions.begin(user_id, refresh_token=token), {}
        number = len(self._sessions.open) + self._sessions.logins
        fresh = f"5Aep861{hashlib.sha256(f'{token}{number}'.encode()).hexdigest()}"
        del app.refresh_tokens[token]
        app.refresh_tokens[fresh] = user_id
        return self._sessions.begin(user_id, refresh_token=fresh), {"refresh_token": fresh}

    def _password(self, form: Mapping[str, str]) -> tuple[Session, JsonObject]:
        self._trusted(form, "password")
        username = form.get("username", "")
        return self._sessions.begin(self._proved(username, form.get("password", ""))), {}

    def _proved(self, username: str, password: str) -> str:
        known = self._sessions.passwords.get(username.lower(), "")
        if not known or not hmac.compare_digest(known.encode(), password.encode()):
            raise OAuthError("invalid_grant", "authentication failure")
        return self._user(username, "authentication failure")

    def revoke(self, form: Mapping[str, str]) -> None:
        """Answer the revocation endpoint; OAuthError."""
        if not self._sessions.revoke(form.get("token", "")):
            raise OAuthError("invalid_token", "invalid token")

    def introspect(self, form: Mapping[str, str], authorization: str) -> JsonObject:
        """Answer the introspection endpoint: what a token is good for, to its app; OAuthError."""
        given = _with_basic(form, authorization)
        app = self._app(given.get("client_id", ""))
        if not hmac.compare_digest(app.secret.encode(), given.get("client_secret", "").encode()):
            raise OAuthError("invalid_client", "invalid client credentials")
        session = self._sessions.open.get(given.get("token", ""))
        if session is None:
            return {"active": False}
        begun = int(session.last_used.timestamp())
        person = self.identity(session)
        return {
            "active": True,
            "scope": _SCOPE,
            "client_id": app.key,
            "username": person["username"],
            "sub": person["sub"],
            "token_type": "access_token",
            "exp": begun + int(self._org.switches.session_seconds),
            "iat": begun,
            "nbf": begun,
        }

    def identity(self, session: Session) -> JsonObject:
        """Answer userinfo and the identity address."""
        found = self._org.record("User", session.user_id)
        person = found.values if found else {}
        return {
            "sub": f"https://{self.my_domain}/id/{self._org.org_id}/{session.user_id}",
            "user_id": session.user_id,
            "organization_id": self._org.org_id,
            "preferred_username": person.get("Username"),
            "username": person.get("Username"),
            "name": person.get("Name"),
            "email": person.get("Email"),
            "zoneinfo": person.get("TimeZoneSidKey"),
            "user_type": "STANDARD",
            "active": bool(person.get("IsActive")),
        }

    def soap(self, body: str) -> tuple[int, str]:
        """Answer the SOAP login: a status and an XML text."""
        username, password = (_element(body, name) for name in ("username", "password"))
        code, words = (
            "INVALID_LOGIN",
            ("INVALID_LOGIN: Invalid username, password, security token; or user locked out."),
        )
        if not self._org.switches.soap_login:
            code, words = (
                "INVALID_OPERATION",
                "SOAP API login() is disabled by default in this org.",
            )
        else:
            try:
                session = self._sessions.begin(self._proved(username, password))
            except OAuthError:
                pass
            else:
                server = f"https://{self.my_domain}/services/Soap/u/59.0/{self._org.org_id}"
                return int(HTTPStatus.OK), _envelope(
                    "<loginResponse><result>"
                    f"<serverUrl>{server}</serverUrl><sessionId>{session.token}</sessionId>"
                    f"<userId>{session.user_id}</userId></result></loginResponse>"
                )
        fault = (
            f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{escape(words)}"
            f"</faultstring><detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
            f"<sf:exceptionMessage>{escape(words)}</sf:exceptionMessage></sf:LoginFault></detail>"
            "</soapenv:Fault>"
        )
        return int(HTTPStatus.INTERNAL_SERVER_ERROR), _envelope(fault)


def _with_basic(form: Mapping[str, str], authorization: str) -> Mapping[str, str]:
    """Add the key and the secret of a Basic header to the form."""
    word, _, packed = authorization.partition(" ")
    if word.lower() != "basic":
        return form
    try:
        key, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return {**form, "client_id": key, "client_secret": secret}


def _element(body: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</(?:\w+:)?{name}>", body, re.DOTALL)
    return unescape(found[1]) if found else ""


def _envelope(inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com">'
        f"<soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    )
