"""What opens a HubSpot account: one service key, two while one takes over, or an OAuth grant.

`authorization` gives the header to send; `renew`, told of the header that was answered 401, finds
another once for all threads, and an OAuth token once for all the processes that share a shelf.
Another key is used only once it is known to open the same account.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from connectors.base import Access, ConnectorError, Grant, Remark, Rotation, Unanswered
from connectors.granted import Granted
from connectors.http import Answer, is_token, object_of, redact
from connectors.hubspot import credential_words as words
from connectors.hubspot.errors import SERVER_ERRORS, failure_of, problem_of, wrong_account
from connectors.pace import Clock
from connectors.renewal import Renewal, Token, bearer
from rules.language import Text

# A token is renewed this long before its end, in seconds; a short-lived one in its last fifth.
EARLY_SECONDS = 300.0
LAST_FIFTH = 0.2
USUAL_LIFE = 1_800.0

_OK = 200
_BUSY = frozenset({408, 429, 477})

Verify = Callable[[SecretStr], None]
Ask = Callable[[dict[str, str]], Answer]


class Credentials(Protocol):
    """What opens an account. Thread-safe."""

    def authorization(self) -> SecretStr:
        """The value of `Authorization` to send now."""

    def renew(self, used: SecretStr) -> bool:
        """Whether there is another to try, now that HubSpot has not recognised this one."""

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What credentials need of the client: its calls, its clock, the account that is pinned."""

    ask: Ask
    verify: Verify
    account: Callable[[], str | None]
    clock: Clock


def credentials_of(access: Access, around: Surroundings) -> Credentials:
    """The credentials of an access.

    Raises:
        Fatal: A key or a secret can't travel in a header.
    """
    match access:
        case Grant():
            return OAuth(access, around)
        case Rotation():
            return Keys([access.current, access.following], around.verify)
        case _:
            return Keys([access], around.verify)


def secrets_of(access: Access) -> list[SecretStr]:
    """What an access holds that no answer of HubSpot has a reason to repeat."""
    match access:
        case Grant():
            return [access.client_secret]
        case Rotation():
            return [access.current, access.following]
        case _:
            return [access]


class Keys:
    """One service key, or two of which the second is tried once the first is not recognised."""

    def __init__(self, keys: Sequence[SecretStr], verify: Verify) -> None:
        if not all(map(is_token, keys)):
            raise words.unusable_key()
        self._headers = [bearer(key) for key in keys]
        self._used = 0
        self._verify = verify
        self._lock = threading.Lock()

    def authorization(self) -> SecretStr:
        """The key in use."""
        return self._headers[self._used]

    def renew(self, used: SecretStr) -> bool:
        """Go over to the second key, where there is one and it opens the same account."""
        with self._lock:
            if used is not self._headers[self._used]:
                return True
            if self._used + 1 == len(self._headers):
                return False
            self._verify(self._headers[self._used + 1])
            self._used += 1
            return True

    def remarks(self) -> Sequence[Remark]:
        """With two keys: which of them work."""
        if len(self._headers) == 1:
            return ()
        if self._used:
            return (Remark(is_fine=False, text=words.SECOND_ONLY),)
        try:
            self._verify(self._headers[1])
        except ConnectorError as error:
            why = error.message
            return (
                Remark(
                    is_fine=False,
                    text=Text(
                        f"La clé en place fonctionne, la suivante non. {why.fr}",
                        f"The key in place works, the next one does not. {why.en}",
                    ),
                ),
            )
        return (Remark(is_fine=True, text=words.BOTH),)


class OAuth:
    """Access tokens by refresh token, once for all threads, and for all that share the grant."""

    def __init__(self, grant: Grant, around: Surroundings) -> None:
        if not grant.client_id.strip() or not is_token(grant.client_secret):
            raise words.unusable_grant()
        self._grant = grant
        self._around = around
        self._granted = Granted(
            grant,
            around.clock,
            account=around.account,
            busy=words.SHELF_IS_BUSY,
            unusable=words.unusable_grant,
        )
        self._renewal = Renewal(self._open, around.clock)

    def authorization(self) -> SecretStr:
        """The access token, renewed when its end is near."""
        return self._renewal.current().header

    def renew(self, used: SecretStr) -> bool:
        """Ask for another access token, unless somebody has just done so."""
        self._renewal.after(used)
        return True

    def remarks(self) -> Sequence[Remark]:
        """Whether a restart would find the refresh token that is in force."""
        return self._granted.remarks(words.LOST_AT_RESTART)

    def _open(self, stale: Token | None) -> Token:
        with self._granted.turn():
            return self._granted.found(stale) or self._refreshed()

    def _refreshed(self) -> Token:
        answer, token = self._granted.asked(self._ask, is_over)
        if answer.status != _OK:
            raise self._refused(answer, token)
        return self._taken(answer, token)

    def _ask(self, token: SecretStr) -> Answer:
        return self._around.ask(
            {
                "grant_type": "refresh_token",
                "client_id": self._grant.client_id,
                "client_secret": self._grant.client_secret.get_secret_value(),
                "refresh_token": token.get_secret_value(),
            }
        )

    def _taken(self, answer: Answer, token: SecretStr) -> Token:
        told = object_of(answer)
        access = SecretStr(str(told.get("access_token") or ""))
        if not is_token(access):
            raise Unanswered(words.NO_TOKEN)
        pinned, hub = self._around.account(), told.get("hub_id")
        if pinned is not None and hub is not None and str(hub) != pinned:
            raise wrong_account(str(hub), pinned)
        # First of all: from here on HubSpot may know this one only.
        self._granted.keep(SecretStr(str(told.get("refresh_token") or "")), token)
        life = told.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else USUAL_LIFE
        early = EARLY_SECONDS if seconds > 2 * EARLY_SECONDS else seconds * LAST_FIFTH
        self._granted.leave(access, None if hub is None else str(hub), early=early, life=seconds)
        now = self._around.clock.monotonic()
        return Token(header=bearer(access), renew_at=now + seconds - early, ends_at=now + seconds)

    def _refused(self, answer: Answer, token: SecretStr) -> ConnectorError:
        """Busy or in trouble: later. Anything else is for a person."""
        now = self._around.clock.wall()
        if answer.status in _BUSY or answer.status >= SERVER_ERRORS:
            return failure_of(answer, now)
        said = str(object_of(answer).get("error_description") or problem_of(answer, now).words)
        shown = redact(said, token, self._grant.client_secret)
        return words.grant_is_over(shown) if is_over(answer) else words.refused_application(shown)


def is_over(answer: Answer) -> bool:
    """Whether HubSpot says that the refresh token opens nothing any more."""
    told = object_of(answer)
    is_bad = told.get("error") == "invalid_grant" or told.get("status") == "BAD_REFRESH_TOKEN"
    return answer.status != _OK and is_bad
