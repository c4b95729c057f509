"""The calls to HubSpot: HubSpot's own client, with the policy of `connectors.http` underneath.

One `ApiClient` of the SDK builds and sends every request, over a pool that applies the policy;
bodies are decoded here, never by the SDK's models (which take sixteen times as long). The SDK
holds no credential: the pool attaches it once the host is accepted. Reads are tried again, at
most five times; writes never, but for a 401 (nothing was done) once other credentials are there.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from hubspot.crm.companies import ApiClient, ApiException, Configuration
from pydantic import SecretStr

from connectors import crm_clock
from connectors.base import Access, Allowance, Fatal, Remark, Retriable
from connectors.http import (
    READ_SECONDS,
    WRITE_SECONDS,
    Answer,
    Transport,
    is_this_machine,
    scrubbed,
)
from connectors.hubspot.credentials import Surroundings, credentials_of, secrets_of
from connectors.hubspot.errors import (
    DailyLimit,
    Forbidden,
    Refused,
    failure_of,
    wrong_account,
)
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import API_VERSION, Paths, paths_of
from connectors.hubspot.pool import CREDENTIAL, GuardedPool, decoded
from connectors.pace import Clock, DailyBudget
from connectors.retries import FIRST_WAIT, LONGEST_WAIT, Retries
from rules.language import Text
from rules.time import Instant, day_of, moment_of, start_of

_HOSTS = frozenset({"api.hubapi.com", "*.hubapi.com"})
_SUCCESS = range(200, 300)
_SECRET_PARTS = ("client_secret", "refresh_token")
_UNAUTHORISED = 401


class Client:
    """The calls to one HubSpot account. Thread-safe.

    `zone` is the account's, in which its daily limit starts anew; UTC until it is known.
    `account` is the id of the account that credentials must open; None until it is known.
    """

    def __init__(
        self,
        access: Access,
        *,
        base_url: str,
        clock: Clock,
        paths: Paths | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        host = urlsplit(base_url).hostname or ""
        self.base_url = base_url.rstrip("/")
        self.zone = ZoneInfo("UTC")
        self.account: str | None = None
        self._paths = paths or paths_of(API_VERSION)
        self._clock = clock
        self._read_seconds, self._write_seconds = read_seconds, write_seconds
        self._day: tuple[int, int] | None = None
        self._told_at: Instant | None = None
        self._crm_clock = crm_clock.CrmClock(clock)
        self._retries = Retries(clock)
        hosts = _HOSTS | ({host} if is_this_machine(host) else set())
        self._transport = Transport(hosts=hosts, hidden=secrets_of(access))
        self._pool = GuardedPool(self._transport, clock)
        self._budget = DailyBudget(clock=clock)
        self._api = ApiClient(Configuration(host=self.base_url))
        self._api.user_agent = "Arpent"
        self._api.rest_client.pool_manager = self._pool
        around = Surroundings(
            ask=self._ask_for_token, verify=self._verify, account=lambda: self.account, clock=clock
        )
        self._credentials = credentials_of(access, around)

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._transport.calls

    @property
    def is_sandbox(self) -> bool:
        """Whether the address is on this machine."""
        return is_this_machine(urlsplit(self.base_url).hostname or "")

    @property
    def allowance(self) -> Allowance | None:
        """The limits that the headers of HubSpot's answers have told."""
        if self._told_at is None:
            return None
        burst, seconds = self._pool.general.told
        daily, left = self._day or (None, None)
        return Allowance(
            seen_at=self._told_at, burst=burst, window_seconds=seconds, daily=daily, daily_left=left
        )

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the credentials, and of this machine's clock."""
        # An emulated portal keeps its own time.
        told = () if self.is_sandbox else crm_clock.remarks(self._crm_clock.offset, "HubSpot")
        return (*self._credentials.remarks(), *told)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._transport.close()
        self._api.close()

    def pause(self, seconds: float) -> None:
        """Let HubSpot take in what was written."""
        self._clock.sleep(seconds)

    def crm_now(self) -> Instant:
        """HubSpot's clock, at most a second early, by the `Date` of its answers; else ours."""
        return self._crm_clock.now()

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Json:
        """Read; tried again when HubSpot is busy or in trouble."""
        return self._read("GET", path, query=query)

    def find(self, path: str) -> Json | None:
        """Read what may not be there, or not be for us; None then."""
        try:
            return self._repeated("GET", path, (), None)
        except (Refused, Forbidden):
            return None

    def post(self, path: str, body: Json, query: Sequence[tuple[str, str]] = ()) -> Json:
        """Read by POST (search, batch read); tried again like `get`."""
        return self._read("POST", path, query=query, body=body)

    def write(self, method: str, path: str, body: Json | None) -> Json:
        """Write, once: only a request over the rate, which is not carried out, is sent again.

        Raises:
            Unanswered: It may have been carried out.
            Retriable: It was not carried out.
            Refused: HubSpot refuses the request as it is.
        """
        return self._retries.write(lambda: self._call(method, path, (), body, self._write_seconds))

    def _read(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Json | None = None,
    ) -> Json:
        try:
            return self._repeated(method, path, query, body)
        except Refused as error:
            raise _unreadable(error, path) from error

    def _repeated(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: Json | None
    ) -> Json:
        return self._retries.read(lambda: self._call(method, path, query, body, self._read_seconds))

    def _call(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Json | None,
        seconds: float,
    ) -> Json:
        self._budget.check(self._hour)
        used = self._credentials.authorization()
        answer = self._send(method, path, query, body, seconds=seconds, authorization=used)
        if answer.status == _UNAUTHORISED and self._credentials.renew(used):
            other = self._credentials.authorization()
            answer = self._send(method, path, query, body, seconds=seconds, authorization=other)
        if answer.status in _SUCCESS:
            return decoded(answer)
        failure = failure_of(answer, self._clock.wall())
        if isinstance(failure, DailyLimit):
            self._budget.use_up(self._midnight())
            self._budget.check(self._hour)
        if answer.status == 429 and isinstance(failure, Retriable):  # noqa: PLR2004 - HTTP status
            wait = min(failure.retry_after or FIRST_WAIT, LONGEST_WAIT)
            self._pool.governor(path).pause(wait)
        raise failure

    def _send(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Json | None,
        *,
        seconds: float,
        authorization: SecretStr,
    ) -> Answer:
        """Send once and learn from the answer."""
        try:
            response = self._api.request(
                method,
                self.base_url + path,
                query_params=list(query),
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/json",
                    **self._api.default_headers,
                    CREDENTIAL: authorization,
                },
                body=body,
                _preload_content=False,
                _request_timeout=seconds,
            )
            answer: Answer = response.answer
        except ApiException as error:
            answer = Answer(
                status=error.status or 0,
                reason=error.reason or "",
                headers=error.headers or {},
                body=error.body or b"",
            )
        self._learn(answer)
        return answer

    def _ask_for_token(self, form: Mapping[str, str]) -> Answer:
        """One request to the token endpoint; its form is nowhere but on the wire."""
        answer = self._transport.send(
            "POST",
            self.base_url + self._paths.oauth,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode(form),
            is_login=True,
        )
        if answer.status in _SUCCESS:
            return answer
        return scrubbed(answer, *[SecretStr(form[name]) for name in _SECRET_PARTS if name in form])

    def _verify(self, authorization: SecretStr) -> None:
        """Check that a credential opens the account that is known; raises what it is not."""
        answer = self._send(
            "GET",
            self._paths.account,
            (),
            None,
            seconds=self._read_seconds,
            authorization=authorization,
        )
        if answer.status not in _SUCCESS:
            raise failure_of(answer, self._clock.wall())
        found = str(decoded(answer).get("portalId") or "")
        if self.account is not None and found != self.account:
            raise wrong_account(found, self.account)

    def _learn(self, answer: Answer) -> None:
        """Take the clock and the limits from the headers of an answer, where it has them."""
        headers = answer.headers
        self._crm_clock.learn(headers)
        limit = _whole(headers.get("X-HubSpot-RateLimit-Max"))
        interval = _whole(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds"))
        if limit and interval:
            self._pool.general.resize(limit, interval / 1000)
            self._told_at = self._clock.wall()
        daily = _whole(headers.get("X-HubSpot-RateLimit-Daily"))
        remaining = _whole(headers.get("X-HubSpot-RateLimit-Daily-Remaining"))
        if daily and remaining is not None:
            self._day = (daily, remaining)
            self._budget.observe(limit=daily, remaining=remaining, resets_at=self._midnight())

    def _midnight(self) -> Instant:
        return start_of(day_of(self._clock.wall(), self.zone) + 1, self.zone)

    def _hour(self, instant: Instant) -> str:
        return f"{moment_of(instant, self.zone):%H:%M} ({self.zone.key})"


def _whole(written: str | None) -> int | None:
    return int(written) if written and written.isdecimal() else None


def _unreadable(refused: Refused, path: str) -> Fatal:
    return Fatal(
        Text(
            fr=f"HubSpot refuse de lire {path} ({refused.status} {refused.category}) : "
            f"{refused.words} Vérifiez la version de l'API et les champs dans les réglages.",
            en=f"HubSpot refuses to read {path} ({refused.status} {refused.category}): "
            f"{refused.words} Check the API version and the fields in the settings.",
        )
    )
