"""The logins that simple-salesforce knows: client credentials, signed (JWT), password.

The library builds each request and our session sends it; an answer that is no success is read
here, so that its words and its kind are kept. Who the org is comes from the answer's `id`, an
address that ends with the org's and the user's ids.
"""

import re
import threading
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

import requests
from jwt.exceptions import PyJWTError
from pydantic import SecretStr
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.base import ConnectorError, Fatal, Remark, Retriable, Unanswered
from connectors.http import Answer, is_token, object_of, redact
from connectors.renewal import bearer
from connectors.salesforce import credential_words as words
from connectors.salesforce.access import ClientCredentials, PasswordLogin, SignedLogin, secrets_of
from connectors.salesforce.adapter import Send, session
from connectors.salesforce.credentials import (
    RENEW_AFTER,
    USUAL_LIFE,
    Session,
    Surroundings,
)
from connectors.salesforce.error_words import NOT_DATA, waiting
from connectors.salesforce.errors import SERVER_ERRORS, failure_of, problem_of, wrong_account
from connectors.salesforce.objects import full_id, is_id

# The last version that has the login by SOAP.
SOAP_VERSION = "64.0"
SHARED_DOMAINS = ("login", "test")

_SUFFIX = ".salesforce.com"
_OK = 200
_BUSY = frozenset({406, 408, 420, 429})
# Of Salesforce's own trouble ("OAuth 2.0 errors" of its Help), or of too many logins in an hour.
_IN_PASSING = frozenset({"server_error", "temporarily_unavailable", "unknown_error"})
_TOO_MANY = "rate exceeded"
TOO_MANY_SECONDS = 600.0
_FAULT = b"exceptionCode"
_SESSION = b"<sessionId>"
_ORG_OF_SOAP = re.compile(r"<serverUrl>[^<]*/(\w+)\s*</serverUrl>")
_USER_OF_SOAP = re.compile(r"<userId>(\w+)</userId>")
# The form of My Domain says what an org is (Salesforce Help, "My Domain URL Formats").
_PRODUCTION = re.compile(r"https://[a-z0-9]+(?:-[a-z0-9]+)*\.my\.salesforce\.com")

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
        domain = domain_of(around.address, is_here=around.is_here)
        self._options = _options(access, domain, is_here=around.is_here)
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
            said = redact(str(error.auth_message), *secrets_of(self._access))
            raise words.refused(str(error.code), said, self._host) from None
        except (PyJWTError, ExpatError, ValueError, TypeError, AttributeError, KeyError):
            # Of the key before anything was sent, or of an answer that is none.
            if getattr(self._last, "answer", None) is None:
                raise words.unusable_key() from None
            raise Unanswered(words.NO_TOKEN) from None
        finally:
            answer = getattr(self._last, "answer", None)
            self._last.answer = None
        told = _told(answer) if answer else {}
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
        raise refusal(answer, self._around, self._host, *secrets_of(self._access))

    def _is_readable(self, answer: Answer) -> bool:
        """Whether an answer is of the kind that the library can take apart."""
        if isinstance(self._access, PasswordLogin):
            return _SESSION in answer.body
        return bool(object_of(answer))


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
        raise wrong_account(found, pinned, is_sandbox=_is_sandbox(instance))
    now = around.clock.monotonic()
    return Session(
        header=bearer(token),
        home=around.address if around.is_here else home_of(instance),
        renew_at=now + RENEW_AFTER,
        ends_at=now + USUAL_LIFE,
        user_id=_part(told, 2),
    )


def _is_sandbox(instance: str) -> bool | None:
    """Whether a My Domain is a sandbox's; None where it doesn't say (an emulated org, a trial)."""
    if ".sandbox.my." in instance:
        return True
    return False if _PRODUCTION.fullmatch(instance) else None


def org_of(told: Options) -> str | None:
    """The org that a login is of, by the `id` of its answer; None where that doesn't tell."""
    return _part(told, 1)


def _told(answer: Answer) -> Options:
    """What a login answered; of the one by SOAP, the same address with the org and the user."""
    if _SESSION not in answer.body:
        return object_of(answer)
    text = answer.body.decode("utf-8", "replace")
    found = [each.search(text) for each in (_ORG_OF_SOAP, _USER_OF_SOAP)]
    return {"id": "/id/" + "/".join(each[1] if each else "-" for each in found)}


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
    if problem.code in _IN_PASSING or _TOO_MANY in problem.words:
        return Retriable(
            waiting(answer.status, problem.words, TOO_MANY_SECONDS), retry_after=TOO_MANY_SECONDS
        )
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


def _options(
    access: ClientCredentials | SignedLogin | PasswordLogin, domain: str, *, is_here: bool
) -> Options:
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
                # An emulated org has no domain of its own to sign for.
                "domain": access.audience or ("login" if is_here else domain),
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
