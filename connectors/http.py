"""One policy of HTTP for every CRM: what may be called, for how long, how much, and how often.

`Transport` sends one request under the policy: a host that is not on the list is refused before
the credential is attached, TLS is verified, no proxy and no redirect is followed, the whole
exchange has one deadline (`connectors.deadline`), and the decoded body has a ceiling. The pace is
that of `connectors.pace`. Clients decide what to retry; nothing is retried here.
"""

import http.client
import ipaddress
import re
import ssl
import threading
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote_plus

import certifi
import orjson
import urllib3
from pydantic import SecretStr
from urllib3 import exceptions
from urllib3.util import Timeout, Url, parse_url

from connectors.base import Fatal, Misconfigured, Retriable, Unanswered
from connectors.deadline import POOLS
from connectors.pace import Governor
from rules.language import Text
from rules.time import Instant, instant_of

READ_SECONDS = 30.0
WRITE_SECONDS = 60.0
CONNECT_SECONDS = 10.0
LONGEST_WAIT = 24 * 3_600.0
LARGEST_BODY = 32 * 1024 * 1024

_CHUNK = 64 * 1024
_SUCCESS = range(200, 300)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = re.compile(
    r"pat-[\w-]+|(?i:bearer|oauthtoken)\s+[^\s\"',;]+"
    r"|\b(?i:client_secret|refresh_token|access_token|hapikey|password)=[^\s&\"']+"
)
_TOKEN = re.compile(r"[!-~]+")
# Shorter ones would be found in ordinary words.
_SHORTEST_SECRET = 8
# Two keys, or the access tokens of some hours.
_TOKENS_KEPT = 8


class Oversized(Unanswered):
    """The answer was cut at the ceiling: asking again would bring the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status, the headers (any case) and the decoded body."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


def object_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is something else."""
    found: Any = None
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(answer.body)
    return found if isinstance(found, dict) else {}


def redact(text: str, *hidden: SecretStr) -> str:
    """Text without the secrets given, nor anything that looks like a credential."""
    for secret in hidden:
        if value := secret.get_secret_value():
            text = text.replace(value, "***")
    return _CREDENTIALS.sub("***", text)


def scrubbed(answer: Answer, *hidden: SecretStr) -> Answer:
    """The same answer without these secrets: servers and proxies repeat what they were sent."""
    for secret in hidden:
        value = secret.get_secret_value()
        for written in {value, quote_plus(value)}:
            raw = written.encode()
            if len(raw) >= _SHORTEST_SECRET and (raw in answer.body or written in answer.reason):
                answer = replace(
                    answer,
                    body=answer.body.replace(raw, b"***"),
                    reason=answer.reason.replace(written, "***"),
                )
    return answer


def is_token(secret: SecretStr) -> bool:
    """Whether a secret can travel in a header: visible ASCII, without spaces."""
    return _TOKEN.fullmatch(secret.get_secret_value()) is not None


def retry_after(headers: Mapping[str, str], now: Instant) -> float | None:
    """The seconds that `Retry-After` asks for, given in seconds or as a date; None if absent.

    A day at most: no CRM has a reason to ask for longer.
    """
    written = (headers.get("Retry-After") or "").strip()
    if written.isdecimal():
        return min(float(written), LONGEST_WAIT)
    try:
        asked = (instant_of(parsedate_to_datetime(written)) - now) / 1000
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, asked), LONGEST_WAIT)


class Transport:
    """Sends requests to the hosts of one CRM. Thread-safe; connections are kept alive.

    `hosts` are exact names or `*.suffix`; http is allowed only towards this machine. `hidden`, and
    the tokens that were sent, are taken out of every answer.
    """

    def __init__(
        self,
        *,
        hosts: Collection[str],
        largest_body: int = LARGEST_BODY,
        connections: int = 16,
        hidden: Collection[SecretStr] = (),
    ) -> None:
        self._hosts = frozenset(hosts)
        self._largest_body = largest_body
        self._calls = 0
        self._hidden = tuple(hidden)
        self._used: tuple[SecretStr, ...] = ()
        self._lock = threading.Lock()
        self._connections = connections
        self._managers: dict[str, urllib3.PoolManager] = {}

    @property
    def calls(self) -> int:
        """How many requests were sent, answered or not."""
        return self._calls

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        authorization: SecretStr | None = None,
        body: bytes | str | None = None,
        seconds: float = READ_SECONDS,
        governor: Governor | None = None,
        is_login: bool = False,
    ) -> Answer:
        """Send one request and read its whole answer, of any status but a redirect.

        Args:
            method: The HTTP method.
            url: The whole address.
            headers: Headers without the credential.
            authorization: The value of `Authorization`, attached once the host is accepted.
            body: The body as it goes on the wire.
            seconds: The time that everything may take, from the connection to the last byte.
            governor: Whose turn is awaited just before the send.
            is_login: Whether a success holds a token, perhaps one that was sent before: it is
                handed over as it is, for the client alone.

        Raises:
            Fatal: The address is refused, a certificate is not trusted, or a redirect came.
            Unanswered: The request left and no usable answer came.
            Retriable: The request did not leave.
        """
        scheme, host = self._accepted(url)
        sent = {"Accept-Encoding": "gzip", **headers}
        if authorization is not None:
            sent["Authorization"] = authorization.get_secret_value()
            self._remember(authorization)
        if governor is not None:
            governor.acquire()
        try:
            answer = self._exchange(method, url, scheme, headers=sent, body=body, seconds=seconds)
        except (exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            raise _failure(error, host, seconds) from error
        if answer is None:
            raise _oversized(host, self._largest_body)
        if answer.status in _REDIRECTS:
            raise _redirected(host)
        if is_login and answer.status in _SUCCESS:
            return answer
        return scrubbed(answer, *self._hidden, *self._used)

    def _remember(self, authorization: SecretStr) -> None:
        """Keep a token that is sent, so as to know it again in whatever is answered."""
        token = _token_of(authorization)
        with self._lock:
            if token not in (*self._hidden, *self._used):
                self._used = (*self._used, token)[-_TOKENS_KEPT:]

    def close(self) -> None:
        """Close the connections. Idempotent."""
        for manager in self._managers.values():
            for key in manager.pools.keys():  # noqa: SIM118 - a container that can't be iterated
                manager.pools[key].close()
            manager.clear()

    def _manager(self, scheme: str) -> urllib3.PoolManager:
        """The connections of a scheme; authorities are loaded only once they are needed."""
        with self._lock:
            if scheme not in self._managers:
                manager = urllib3.PoolManager(
                    maxsize=self._connections,
                    retries=False,
                    ssl_context=_trusting() if scheme == "https" else None,
                )
                manager.pool_classes_by_scheme = POOLS
                self._managers[scheme] = manager
            return self._managers[scheme]

    def _accepted(self, url: str) -> tuple[str, str]:
        try:
            parsed = parse_url(url)
        except exceptions.LocationParseError:
            parsed = Url()
        host = (parsed.host or "").strip("[]").lower()
        if parsed.scheme and _is_allowed(parsed, host, self._hosts):
            return parsed.scheme, host
        raise Misconfigured(
            Text(
                fr=f"L'adresse « {host} » n'est pas celle de ce CRM : rien n'a été envoyé. "
                "Corrigez l'adresse du CRM dans les réglages (https, sauf sur cette machine).",
                en=f"The address “{host}” is not this CRM's: nothing was sent. "
                "Correct the CRM's address in the settings (https, except on this machine).",
            )
        )

    def _exchange(
        self,
        method: str,
        url: str,
        scheme: str,
        *,
        headers: Mapping[str, str],
        body: bytes | str | None,
        seconds: float,
    ) -> Answer | None:
        """Send, and read the answer to its end; None once it is over the ceiling."""
        manager = self._manager(scheme)
        with self._lock:
            self._calls += 1
        response = manager.urlopen(
            method,
            url,
            body=body,
            headers=headers,
            timeout=Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        received = bytearray()
        with closing(response):
            while chunk := response.read(_CHUNK, decode_content=True):
                received += chunk
                if len(received) > self._largest_body:
                    return None
            # Released before it is closed, so that a connection read to its end is kept.
            response.release_conn()
        return Answer(
            status=response.status,
            reason=response.reason or "",
            headers=response.headers,
            body=bytes(received),
        )


def _trusting() -> ssl.SSLContext:
    """The machine's authorities and Mozilla's, so that a slim container works as well."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token_of(authorization: SecretStr) -> SecretStr:
    """The token of `Bearer TOKEN`."""
    return SecretStr(authorization.get_secret_value().rpartition(" ")[2])


def _is_allowed(url: Url, host: str, hosts: frozenset[str]) -> bool:
    if url.auth is not None or not host:
        return False
    if url.scheme == "http" and not is_this_machine(host):
        return False
    if url.scheme not in {"http", "https"}:
        return False
    parents = host.split(".")
    wildcards = {"*." + ".".join(parents[depth:]) for depth in range(1, len(parents))}
    return host in hosts or not wildcards.isdisjoint(hosts)


def _failure(error: Exception, host: str, seconds: float) -> Retriable | Fatal:
    """The failure of an exchange, by whether the request may have been carried out."""
    match error:
        case exceptions.SSLError() if "certificate" in str(error).lower():
            return _untrusted(host)
        case (
            exceptions.NewConnectionError()
            | exceptions.ConnectTimeoutError()
            | exceptions.SSLError()
        ):
            return Retriable(
                Text(
                    fr=f"« {host} » est injoignable : vérifiez le réseau, et l'adresse du CRM dans "
                    "les réglages. Arpent réessaiera.",
                    en=f"“{host}” can't be reached: check the network, and the CRM's address in "
                    "the settings. Arpent will try again.",
                )
            )
        case exceptions.ReadTimeoutError() | TimeoutError():
            return Unanswered(
                Text(
                    fr=f"« {host} » n'a pas répondu en {seconds:g} s. Arpent réessaiera.",
                    en=f"“{host}” did not answer within {seconds:g} s. Arpent will try again.",
                )
            )
        case _:
            return Unanswered(
                Text(
                    fr=f"« {host} » a coupé ou brouillé sa réponse. Arpent réessaiera.",
                    en=f"“{host}” cut or garbled its answer. Arpent will try again.",
                )
            )


def _untrusted(host: str) -> Fatal:
    return Fatal(
        Text(
            fr=f"Le certificat de « {host} » n'est pas reconnu : rien n'a été envoyé. Si votre "
            "réseau inspecte le trafic, donnez son autorité par SSL_CERT_FILE.",
            en=f"The certificate of “{host}” is not trusted: nothing was sent. If your network "
            "inspects traffic, give its authority by SSL_CERT_FILE.",
        )
    )


def _redirected(host: str) -> Fatal:
    return Fatal(
        Text(
            fr=f"« {host} » renvoie vers une autre adresse, ce qu'un CRM ne fait pas : vérifiez "
            "l'adresse dans les réglages et le réseau (portail captif, mandataire).",
            en=f"“{host}” redirects to another address, which a CRM does not do: check the "
            "address in the settings and the network (captive portal, proxy).",
        )
    )


def _oversized(host: str, largest: int) -> Oversized:
    size = largest // (1024 * 1024)
    return Oversized(
        Text(
            fr=f"La réponse de « {host} » dépasse {size} Mo et n'a pas été lue en entier. "
            "Vérifiez l'adresse du CRM dans les réglages.",
            en=f"The answer of “{host}” is larger than {size} MB and was not read whole. "
            "Check the CRM's address in the settings.",
        )
    )
