"""The access to Zoho: an hour's token by refresh token, and the API that it opens.

Zoho gives ten access tokens in ten minutes for a refresh token, and then refuses for a while: one
is asked for all threads and processes, and never more often than the rule allows. It often says no
with HTTP 200: the body decides, never the status. The shelf holds `TOKEN@API@RULE`, as a token is
of use only where it is good, and the rule counts all processes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.base import ConnectorError, Grant, Pass, Remark, Retriable, Unanswered
from connectors.granted import Granted
from connectors.http import Answer, is_token, object_of, redact
from connectors.pace import Clock
from connectors.renewal import Renewal, Token
from connectors.zoho import credential_words as words
from connectors.zoho.centres import centre_of, is_api
from connectors.zoho.error_words import in_trouble
from connectors.zoho.errors import SERVER_ERRORS
from connectors.zoho.token_rule import TokenRule

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
# In seconds. Zoho's tokens last an hour.
USUAL_LIFE = 3_600.0
EARLY_SECONDS = 300.0
LAST_FIFTH = 0.2

_BUSY = frozenset({408, 429})
_OVER = frozenset({"invalid_code", "invalid_grant", "invalid_token"})
_THROTTLED = ("too many requests", "access denied")
_MARK = "@"

Post = Callable[[str, dict[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session(Token):
    """An access token as a header, and the API that it opens (`https://www.zohoapis.ca`)."""

    api: str


class Login:
    """Sessions by refresh token. Thread-safe under the turn of `Renewal`."""

    def __init__(
        self,
        grant: Grant,
        *,
        accounts: str,
        post: Post,
        account: Callable[[], str | None],
        clock: Clock,
    ) -> None:
        if not grant.client_id.strip() or not is_token(grant.client_secret):
            raise words.unusable_access()
        self._grant = grant
        self._accounts = accounts.rstrip("/")
        self._host = urlsplit(accounts).hostname or accounts
        self._post = post
        self._clock = clock
        self._rule = TokenRule(clock)
        self._granted = Granted(
            grant, clock, account=account, busy=words.SHELF_IS_BUSY, unusable=words.unusable_access
        )

    def open(self, stale: Session | None) -> Session:
        """Take what another process has left, else refresh."""
        with self._granted.turn():
            left = self._grant.shelf.read() if self._grant.shelf else None
            if left is not None:
                self._rule.learn(left.token.get_secret_value().rpartition(_MARK)[2])
            return self._found(stale) or self._refreshed()

    def remarks(self) -> Sequence[Remark]:
        """Whether a restart finds the refresh token in force, and processes share a token."""
        alone = Remark(is_fine=False, text=words.NOT_SHARED)
        told = [alone] if self._grant.shelf is None else []
        return [*self._granted.remarks(words.LOST_AT_RESTART), *told]

    def _found(self, stale: Session | None) -> Session | None:
        found = self._granted.found(None)
        if found is None:
            return None
        text = found.header.get_secret_value().removeprefix("Bearer ").rpartition(_MARK)[0]
        token, _, api = text.partition(_MARK)
        header = _header(token)
        is_stale = stale is not None and stale.header == header
        if is_stale or not token or not is_api(api, self._accounts):
            return None
        return Session(header=header, api=api, renew_at=found.renew_at, ends_at=found.ends_at)

    def _refreshed(self) -> Session:
        answer, token = self._granted.asked(self._ask, _is_over)
        told = object_of(answer)
        access = SecretStr(str(told.get("access_token") or ""))
        if not is_token(access):
            raise self._refused(answer, told, token)
        self._granted.keep(SecretStr(str(told.get("refresh_token") or "")), token)
        api = self._api(told)
        life = _life(told)
        early = EARLY_SECONDS if life > 2 * EARLY_SECONDS else life * LAST_FIFTH
        left = SecretStr(_MARK.join((access.get_secret_value(), api, self._rule.written)))
        self._granted.leave(left, None, early=early, life=life)
        now = self._clock.monotonic()
        header = _header(access.get_secret_value())
        return Session(header=header, api=api, renew_at=now + life - early, ends_at=now + life)

    def _api(self, told: dict[str, Any]) -> str:
        """The API that Zoho names; failing that, the one of this data centre."""
        named = str(told.get("api_domain") or "").rstrip("/")
        if not named:
            centre = centre_of(self._accounts)
            named = f"https://www.{centre.api}" if centre else self._accounts
        if not is_api(named, self._accounts):
            raise words.foreign_api(urlsplit(named).hostname or "?")
        return named

    def _ask(self, token: SecretStr) -> Answer:
        self._rule.ask()
        return self._post(
            self._accounts + TOKEN_PATH,
            {
                "grant_type": "refresh_token",
                "client_id": self._grant.client_id,
                "client_secret": self._grant.client_secret.get_secret_value(),
                "refresh_token": token.get_secret_value(),
            },
        )

    def _warn(self) -> None:
        """Leave to the other processes that there is no token for now."""
        if self._grant.shelf is not None:
            told = SecretStr(_MARK.join(("none", "nowhere", self._rule.written)))
            self._grant.shelf.leave(Pass(token=told, renew_at=0, ends_at=0, account_id=None))

    def _refused(self, answer: Answer, told: dict[str, Any], token: SecretStr) -> ConnectorError:
        """What an answer without a token means, by its body first."""
        error = str(told.get("error") or "")
        said = f"{error} {told.get('error_description') or ''}".strip() or answer.reason
        said = redact(said, token, self._grant.client_secret)
        if any(each in said.lower() for each in _THROTTLED):
            refusal = self._rule.refused()
            self._warn()
            return refusal
        if error in _OVER:
            return words.grant_is_over(self._host, said)
        if answer.status in _BUSY or answer.status >= SERVER_ERRORS:
            return Retriable(in_trouble(answer.status, said))
        if error:
            return words.refused_client(self._host, said)
        return Unanswered(words.NO_TOKEN)


class Credentials:
    """The session of all threads."""

    def __init__(self, login: Login, clock: Clock) -> None:
        self._login = login
        self._renewal: Renewal[Session] = Renewal(login.open, clock)

    def session(self) -> Session:
        """The session to use, renewed when its time is near."""
        return self._renewal.current()

    def after(self, used: Session) -> Session:
        """Another session than the one used, unless somebody has just opened it."""
        return self._renewal.after(used.header)

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the access."""
        return self._login.remarks()


def secrets_of(grant: Grant) -> list[SecretStr]:
    """What no answer of Zoho has a reason to repeat."""
    return [grant.client_secret]


def _is_over(answer: Answer) -> bool:
    return object_of(answer).get("error") in _OVER


def _life(told: dict[str, Any]) -> float:
    """The seconds that a token lives; Zoho once said milliseconds in `expires_in`."""
    life = told.get("expires_in")
    if isinstance(life, bool) or not isinstance(life, int | float) or life <= 0:
        return USUAL_LIFE
    return min(float(life), USUAL_LIFE)


def _header(token: str) -> SecretStr:
    return SecretStr(f"Zoho-oauthtoken {token}")
