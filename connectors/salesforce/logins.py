"""The logins that simple-salesforce knows: client credentials, signed (JWT), password.

The library builds each request and our session sends it; an answer that is no success is read
here, so that its words and its kind are kept. Who the org is comes from the answer's `id`, an
address that ends with the org's and the user's ids.
"""

import threading
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

import orjson
import requests
from jwt.exceptions import PyJWTError
from pydantic import SecretStr
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.base import ConnectorError, Fatal, Remark, Unanswered
from connectors.http import Answer, is_token, redact
from connectors.salesforce import credential_words as words
from connectors.salesforce.access import ClientCredentials, PasswordLogin, SignedLogin
from connectors.salesforce.adapter import Send, session
from connectors.salesforce.credentials import (
    RENEW_AFTER,
    USUAL_LIFE,
    Session,
    Surroundings,
    bearer,
)
from connectors.salesforce.error_words import NOT_DATA
from connectors.salesforce.errors import SERVER_ERRORS, failure_of, problem_of, wrong_account
from connectors.salesforce.objects import full_id, is_id

# The last version that has the login by SOAP.
SOAP_VERSION = "64.0"
SHARED_DOMAINS = ("login", "test")

_SUFFIX = ".salesforce.com"
_OK = 200
_BUSY = frozenset({406, 408, 420, 429})
_FAULT = b"exceptionCode"
_SESSION = b"sessionId"

Options = dict[str, Any]


class LibraryLogin:
    """A login by simple-salesforce, with the options that say which."""

    def __init__(
        self,
        access: ClientCredentials | SignedLogin | PasswordLogin,
        around: Surroundings,
        send: Send,
    ) -> None:
        self._around = around
        self._access = access
        self._host = urlsplit(around.address).hostname or ""
        self._options = _options(access, domain_of(around.address, is_here=around.is_here))
        self._send = send
        self._last = threading.local()

    def open(self, stale: Session | None) -> Session:
        """Log in."""
        del stale  # each login gives another session
        made = session(self._sent)
        try:
            # A client without a token of its own: the library would log where it went.
            token, instance = SalesforceLogin(session=made, **self._options)
        except SalesforceAuthenticationFailed as error:
            said = redact(str(error.auth_message), *self._secrets())
            raise words.refused(str(error.code), said, self._host) from None
        except (PyJWTError, ExpatError, ValueError, TypeError, AttributeError, KeyError):
            # Of the key before anything was sent, or of an answer that is none.
            if getattr(self._last, "answer", None) is None:
                raise words.unusable_key() from None
            raise Unanswered(words.NO_TOKEN) from None
        finally:
            answer = getattr(self._last, "answer", None)
            self._last.answer = None
        told = _body_of(answer)
        return opened(SecretStr(str(token or "")), f"https://{instance}", told, self._around)

    def remarks(self) -> Sequence[Remark]:
        """Whether this kind of login is about to end."""
        if isinstance(self._access, PasswordLogin):
            return (Remark(is_fine=False, text=words.LEGACY),)
        return ()

    def _sent(self, request: requests.PreparedRequest, seconds: float | None) -> Answer:
        """Send; only what the library understands comes back to it."""
        answer = self._send(request, seconds)
        if (answer.status == _OK and self._is_readable(answer)) or _FAULT in answer.body:
            self._last.answer = answer
            return answer
        if answer.status == _OK:
            raise Unanswered(NOT_DATA)
        raise refusal(answer, self._around, self._host, *self._secrets())

    def _is_readable(self, answer: Answer) -> bool:
        """Whether an answer is of the kind that the library can take apart."""
        if isinstance(self._access, PasswordLogin):
            return _SESSION in answer.body
        return bool(_body_of(answer))

    def _secrets(self) -> list[SecretStr]:
        match self._access:
            case ClientCredentials():
                return [self._access.client_secret]
            case SignedLogin():
                return [self._access.private_key]
            case PasswordLogin():
                return [self._access.password, self._access.security_token]


def opened(token: SecretStr, instance: str, told: Options, around: Surroundings) -> Session:
    """A session of what a login answered.

    Raises:
        Unanswered: There is no usable token in it.
        Fatal: It opens another org than the one that is pinned, or a foreign server.
    """
    if not is_token(token):
        raise Unanswered(words.NO_TOKEN)
    pinned, found = around.account(), org_of(told)
    if pinned is not None and found is not None and found != full_id(pinned):
        # My Domain of a sandbox says that it is one; that of a production doesn't.
        raise wrong_account(found, pinned, is_sandbox=".sandbox." in instance or None)
    now = around.clock.monotonic()
    return Session(
        header=bearer(token),
        home=around.address if around.is_here else home_of(instance),
        renew_at=now + RENEW_AFTER,
        ends_at=now + USUAL_LIFE,
        user_id=_part(told, 2),
    )


def org_of(told: Options) -> str | None:
    """The org that a login is of, by the `id` of its answer; None where that doesn't tell."""
    return _part(told, 1)


def _part(told: Options, place: int) -> str | None:
    """A record id at its place in the address that identifies a login: `/id/ORG/USER`."""
    parts = urlsplit(str(told.get("id") or "")).path.strip("/").split("/")
    return full_id(parts[place]) if len(parts) > place and is_id(parts[place]) else None


def home_of(instance: str) -> str:
    """Scheme and host of an instance.

    Raises:
        Fatal: It is no server of Salesforce's.
    """
    host = (urlsplit(instance).hostname or "").lower()
    if not host.endswith(_SUFFIX):
        raise words.foreign_instance(host)
    return f"https://{host}"


def refusal(answer: Answer, around: Surroundings, host: str, *hidden: SecretStr) -> ConnectorError:
    """Busy or in trouble: later. Anything else is for a person."""
    now = around.clock.wall()
    if answer.status in _BUSY or answer.status >= SERVER_ERRORS:
        failure = failure_of(answer, now)
        # It is the login that was refused: the caller's own request was never sent.
        return failure if isinstance(failure, Fatal) else Unanswered(failure.message)
    problem = problem_of(answer, now)
    code = problem.code or str(problem.status)
    return words.refused(code, redact(problem.words, *hidden), host)


def domain_of(address: str, *, is_here: bool) -> str:
    """What simple-salesforce calls a domain: `acme.my` of https://acme.my.salesforce.com.

    Raises:
        Fatal: The address is not that of an API.
    """
    host = (urlsplit(address).hostname or "").lower()
    if is_here:
        return "sandbox.my"
    if not host.endswith(_SUFFIX):
        raise words.wrong_address(host)
    return host.removesuffix(_SUFFIX)


def _options(access: ClientCredentials | SignedLogin | PasswordLogin, domain: str) -> Options:
    match access:
        case ClientCredentials():
            if domain in SHARED_DOMAINS:
                raise words.needs_own_domain(domain + _SUFFIX)
            _check(access.client_id, access.client_secret)
            secret = access.client_secret.get_secret_value()
            return {
                "domain": domain,
                "consumer_key": access.client_id,
                "consumer_secret": secret,
            }
        case SignedLogin():
            if not access.client_id.strip() or not access.username.strip():
                raise words.unusable_access()
            return {
                "domain": access.audience or domain,
                "instance_url": domain,
                "username": access.username,
                "consumer_key": access.client_id,
                "privatekey": access.private_key.get_secret_value(),
            }
        case PasswordLogin():
            if not access.username.strip() or not access.password.get_secret_value():
                raise words.unusable_access()
            return {
                "domain": domain,
                "username": access.username,
                "password": access.password.get_secret_value(),
                # The library escapes the password for XML, and not the token.
                "security_token": escape(access.security_token.get_secret_value()),
                "sf_version": SOAP_VERSION,
            }


def _check(client_id: str, secret: SecretStr) -> None:
    if not client_id.strip() or not is_token(secret):
        raise words.unusable_access()


def _body_of(answer: Answer | None) -> Options:
    """The JSON object of an answer; empty when it is something else."""
    try:
        found = orjson.loads(answer.body) if answer else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
