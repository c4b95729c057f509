"""What opens a HubSpot account: one service key, two while one takes over, or an OAuth grant.

`authorization` gives the header to send; `renew`, told of the header that was answered 401, finds
another once for all threads, and an OAuth token once for all the processes that share a shelf.
Another key is used only once it is known to open the same account.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from pydantic import SecretStr

from connectors.base import (
    Access,
    ConnectorError,
    Fatal,
    Grant,
    Pass,
    Remark,
    Retriable,
    Rotation,
    Unanswered,
)
from connectors.http import Answer, is_token, redact
from connectors.hubspot import credential_words as words
from connectors.hubspot.errors import (
    SERVER_ERRORS,
    RateLimited,
    failure_of,
    problem_of,
    wrong_account,
)
from connectors.pace import Clock
from connectors.turn import turn
from rules.language import Text

# A token is renewed this long before its end, in seconds; a short-lived one in its last fifth.
EARLY_SECONDS = 300.0
LAST_FIFTH = 0.2
SOON_SECONDS = 30.0
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


@dataclass(frozen=True, slots=True)
class _Held:
    """An access token as a header; renewed from `renew_at` on, unusable at `ends_at`."""

    header: SecretStr
    renew_at: float
    ends_at: float


class OAuth:
    """Access tokens by refresh token: asked for ahead of time, and once for all threads.

    Processes that share the grant take turns at its shelf: whoever waited takes the token that
    was left there instead of asking. Once HubSpot says that the grant is over, nothing is asked
    any more.
    """

    def __init__(self, grant: Grant, around: Surroundings) -> None:
        if not grant.client_id.strip() or not is_token(grant.client_secret):
            raise words.unusable_grant()
        self._grant = grant
        self._around = around
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._rounds = 0
        self._failure: Retriable | None = None
        self._end: Fatal | None = None
        self._is_lost_at_restart = False

    def authorization(self) -> SecretStr:
        """The access token, renewed when its end is near."""
        held, now = self._held, self._around.clock.monotonic
        if held is not None and now() < held.renew_at:
            return held.header
        try:
            return self._renewed(held)
        except Retriable:
            if held is None or now() >= held.ends_at:
                raise
            # It is good for some minutes more: work goes on, and it is tried again soon.
            self._held = _Held(held.header, now() + SOON_SECONDS, held.ends_at)
            return held.header

    def renew(self, used: SecretStr) -> bool:
        """Ask for another access token, unless somebody has just done so."""
        held = self._held
        if held is None or held.header is used:
            self._renewed(held)
        return True

    def remarks(self) -> Sequence[Remark]:
        """Whether a restart would find the refresh token that is in force."""
        return (
            (Remark(is_fine=False, text=words.LOST_AT_RESTART),) if self._is_lost_at_restart else ()
        )

    def _renewed(self, stale: _Held | None) -> SecretStr:
        """Refresh; those who waited for somebody else's refresh share what came of it."""
        seen = self._rounds
        with self._lock:
            if self._end is not None:
                raise self._end
            if self._held is not None and self._held is not stale:
                return self._held.header
            if self._rounds != seen and self._failure is not None:
                raise self._failure
            try:
                with turn(self._grant.shelf, self._around.clock, words.SHELF_IS_BUSY):
                    self._held = self._found(stale) or self._refresh()
                self._failure = None
            except Retriable as error:
                self._failure = error
                raise
            except Fatal as error:
                self._end = error
                raise
            finally:
                self._rounds += 1
            return self._held.header

    def _found(self, stale: _Held | None) -> _Held | None:
        """What another process was given meanwhile, if it is of use here."""
        left = self._grant.shelf.read() if self._grant.shelf else None
        now, pinned = self._around.clock.wall(), self._around.account()
        if left is None or not is_token(left.token) or now >= left.renew_at:
            return None
        if pinned is not None and left.account_id not in {None, pinned}:
            return None
        header = bearer(left.token)
        if stale is not None and stale.header == header:
            return None
        here = self._around.clock.monotonic()
        return _Held(
            header, here + (left.renew_at - now) / 1_000, here + (left.ends_at - now) / 1_000
        )

    def _refresh(self) -> _Held:
        token = self._token()
        answer = self._ask(token)
        if is_over(answer):
            # Another process may have been given a new one meanwhile.
            replaced = self._token()
            if replaced == token:
                raise self._refused(answer, token)
            token, answer = replaced, self._ask(replaced)
        if answer.status != _OK:
            raise self._refused(answer, token)
        return self._taken(answer, token)

    def _token(self) -> SecretStr:
        token = self._grant.refresh_token()
        if not is_token(token):
            raise words.unusable_grant()
        return token

    def _ask(self, token: SecretStr) -> Answer:
        return self._around.ask(
            {
                "grant_type": "refresh_token",
                "client_id": self._grant.client_id,
                "client_secret": self._grant.client_secret.get_secret_value(),
                "refresh_token": token.get_secret_value(),
            }
        )

    def _taken(self, answer: Answer, token: SecretStr) -> _Held:
        told = body_of(answer)
        access = SecretStr(str(told.get("access_token") or ""))
        if not is_token(access):
            raise Unanswered(words.NO_TOKEN)
        pinned, hub = self._around.account(), told.get("hub_id")
        if pinned is not None and hub is not None and str(hub) != pinned:
            raise wrong_account(str(hub), pinned)
        new = SecretStr(str(told.get("refresh_token") or ""))
        if is_token(new) and new != token:
            # First of all: from here on HubSpot may know this one only.
            self._is_lost_at_restart = not self._grant.keep(new)
        life = told.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else USUAL_LIFE
        early = EARLY_SECONDS if seconds > 2 * EARLY_SECONDS else seconds * LAST_FIFTH
        self._leave(access, seconds, early, None if hub is None else str(hub))
        now = self._around.clock.monotonic()
        return _Held(bearer(access), now + seconds - early, now + seconds)

    def _leave(self, access: SecretStr, seconds: float, early: float, hub: str | None) -> None:
        if self._grant.shelf is None:
            return
        now = self._around.clock.wall()
        renew_at, ends_at = now + round(1_000 * (seconds - early)), now + round(1_000 * seconds)
        left = Pass(token=access, renew_at=renew_at, ends_at=ends_at, account_id=hub)
        self._grant.shelf.leave(left)

    def _refused(self, answer: Answer, token: SecretStr) -> ConnectorError:
        """Busy or in trouble: later. Anything else is for a person."""
        now = self._around.clock.wall()
        if answer.status in _BUSY or answer.status >= SERVER_ERRORS:
            failure = failure_of(answer, now)
            if isinstance(failure, RateLimited):
                # It is the token that was refused: the caller's own request was never sent.
                return Retriable(failure.message, retry_after=failure.retry_after)
            return failure
        told = body_of(answer)
        said = str(told.get("error_description") or problem_of(answer, now).words)
        shown = redact(said, token, self._grant.client_secret)
        return words.grant_is_over(shown) if is_over(answer) else words.refused_application(shown)


def bearer(token: SecretStr) -> SecretStr:
    """The header of a token."""
    return SecretStr(f"Bearer {token.get_secret_value()}")


def body_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is something else."""
    decoded: Any = None
    with contextlib.suppress(orjson.JSONDecodeError):
        decoded = orjson.loads(answer.body)
    return decoded if isinstance(decoded, dict) else {}


def is_over(answer: Answer) -> bool:
    """Whether HubSpot says that the refresh token opens nothing any more."""
    told = body_of(answer)
    is_bad = told.get("error") == "invalid_grant" or told.get("status") == "BAD_REFRESH_TOKEN"
    return answer.status != _OK and is_bad
