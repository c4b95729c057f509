"""The one way out to Salesforce: session, host, deadline, pace, the day's calls, errors.

What simple-salesforce builds comes through `send`: it goes to the instance that the login told,
with the session attached once the host is accepted; a session that has expired is renewed once for
all threads and the request sent again, since nothing was done. Answers that are no success leave
as the errors of `connectors.base`.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from pydantic import SecretStr

from connectors.base import Allowance, Grant, Remark
from connectors.http import Answer, Transport, is_this_machine, scrubbed
from connectors.pace import Clock, Governor
from connectors.renewal import Renewal
from connectors.retries import LONGEST_WAIT, RateLimited
from connectors.salesforce.access import SalesforceAccess, secrets_of
from connectors.salesforce.adapter import kept_headers, moved
from connectors.salesforce.credentials import Login, Session, Surroundings
from connectors.salesforce.errors import DailyLimit, failure_of, is_expired
from connectors.salesforce.limits import Limits
from connectors.salesforce.logins import LibraryLogin
from connectors.salesforce.refreshing import RefreshLogin

# Short calls have no limit of their own; this is far above what any stage needs.
BURST, WINDOW_SECONDS = 250, 10.0

_SUCCESS = range(200, 300)
_FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
_SECRET_PARTS = ("client_secret", "refresh_token", "assertion")


class Gateway:
    """The way out to one org. Thread-safe.

    `account` is the id of the org that logins must open; None until it is known.
    """

    def __init__(
        self, access: SalesforceAccess, *, address: str, clock: Clock, seconds: float
    ) -> None:
        self.address = address.rstrip("/")
        host = (urlsplit(address).hostname or "").lower()
        self.is_sandbox = is_this_machine(host)
        self.account: str | None = None
        self.limits = Limits(clock)
        self._clock = clock
        self._seconds = seconds
        hosts = {host} if self.is_sandbox else {"*.salesforce.com"}
        self._transport = Transport(hosts=hosts, hidden=secrets_of(access))
        self._governor = Governor(limit=BURST, interval=WINDOW_SECONDS, clock=clock)
        around = Surroundings(
            address=self.address,
            is_here=self.is_sandbox,
            post=self._post,
            account=lambda: self.account,
            clock=clock,
        )
        login: Login = (
            RefreshLogin(access, around)
            if isinstance(access, Grant)
            else LibraryLogin(access, around, self._sent_to_login)
        )
        self._login = login
        self._renewal = Renewal[Session](login.open, clock)

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._transport.calls

    @property
    def allowance(self) -> Allowance | None:
        """What Salesforce's answers have told of the day's calls."""
        return self.limits.allowance(BURST, WINDOW_SECONDS)

    @property
    def home(self) -> str:
        """Scheme and host of the instance."""
        return self._renewal.current().home

    @property
    def user_at_hand(self) -> str | None:
        """Whose session it is, where that is known without another login."""
        return self._renewal.current().user_id

    @property
    def user_id(self) -> str | None:
        """Whose session it is, where the login says so."""
        session = self._renewal.current()
        if session.user_id is None:
            # One that another process has left doesn't say; one of our own does.
            session = self._renewal.after(session.header)
        return session.user_id

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the login, and of this machine's clock."""
        # An emulated org keeps its own time.
        told = () if self.is_sandbox else self.limits.remarks()
        return (*self._login.remarks(), *told)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._transport.close()

    def send(self, request: requests.PreparedRequest, seconds: float | None) -> Answer:
        """Send a request to the instance; an answer that is no success is raised.

        Raises:
            ConnectorError: By what to do next.
        """
        self.limits.check()
        used = self._renewal.current()
        answer = self._sent(request, seconds, used)
        if is_expired(answer):
            answer = self._sent(request, seconds, self._renewal.after(used.header))
        if answer.status in _SUCCESS:
            return answer
        failure = failure_of(answer, self._clock.wall())
        if isinstance(failure, DailyLimit):
            self.limits.use_up()
            self.limits.check()
        if isinstance(failure, RateLimited):
            self._governor.pause(min(failure.retry_after or 0.0, LONGEST_WAIT))
        raise failure

    def _sent(
        self, request: requests.PreparedRequest, seconds: float | None, used: Session
    ) -> Answer:
        answer = self._transport.send(
            request.method or "GET",
            moved(request.url or "", used.home),
            headers=kept_headers(request),
            authorization=used.header,
            body=_body(request),
            seconds=self._seconds if seconds is None else seconds,
            governor=self._governor,
        )
        self.limits.learn(answer)
        return answer

    def _sent_to_login(self, request: requests.PreparedRequest, seconds: float | None) -> Answer:
        """Send a request that the library built to log in; its answer comes back as it is."""
        url, body = request.url or "", _body(request)
        header = request.headers.get("Authorization")
        answer = self._transport.send(
            request.method or "POST",
            moved(url, self.address) if self.is_sandbox else url,
            headers=kept_headers(request),
            authorization=None if header is None else SecretStr(str(header)),
            body=body,
            seconds=self._seconds if seconds is None else seconds,
            is_login=True,
        )
        form = dict(parse_qsl(body)) if isinstance(body, str) else {}
        return answer if answer.status in _SUCCESS else _without_secrets(answer, form)

    def _post(self, url: str, form: dict[str, str]) -> Answer:
        """One request to the token endpoint; its form is nowhere but on the wire."""
        answer = self._transport.send(
            "POST", url, headers=_FORM, body=urlencode(form), seconds=self._seconds, is_login=True
        )
        return answer if answer.status in _SUCCESS else _without_secrets(answer, form)


def _without_secrets(answer: Answer, form: Mapping[str, str]) -> Answer:
    return scrubbed(answer, *[SecretStr(form[name]) for name in _SECRET_PARTS if name in form])


def _body(request: requests.PreparedRequest) -> bytes | str | None:
    return request.body if isinstance(request.body, bytes | str) else None
