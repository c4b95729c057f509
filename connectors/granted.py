"""An OAuth grant in use: its turn and its shelf among processes, its refresh token kept.

A CRM may replace the refresh token at each use: the new one is kept before anything else. The
processes that share the grant take turns, and whoever waited takes the access token that was left
on the shelf instead of asking.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from pydantic import SecretStr

from connectors.base import Fatal, Grant, Pass, Remark
from connectors.http import Answer, is_token
from connectors.pace import Clock
from connectors.renewal import Token, bearer
from connectors.turn import turn
from rules.language import Text


class Granted:
    """The grant of one account.

    `account` gives the account that is pinned; `busy` is said when another process keeps the turn;
    `unusable` makes the error of a refresh token that can't travel.
    """

    def __init__(
        self,
        grant: Grant,
        clock: Clock,
        *,
        account: Callable[[], str | None],
        busy: Text,
        unusable: Callable[[], Fatal],
    ) -> None:
        self._grant = grant
        self._clock = clock
        self._account = account
        self._busy = busy
        self._unusable = unusable
        self._is_lost_at_restart = False

    def turn(self) -> AbstractContextManager[None]:
        """Be the only process that renews; `Retriable` when another one does so for very long."""
        return turn(self._grant.shelf, self._clock, self._busy)

    def found(self, stale: Token | None) -> Token | None:
        """What another process was given meanwhile, if it is of use here."""
        left = self._grant.shelf.read() if self._grant.shelf else None
        now, pinned = self._clock.wall(), self._account()
        if left is None or not is_token(left.token) or now >= left.renew_at:
            return None
        if pinned is not None and left.account_id not in {None, pinned}:
            return None
        header = bearer(left.token)
        if stale is not None and stale.header == header:
            return None
        here = self._clock.monotonic()
        return Token(
            header=header,
            renew_at=here + (left.renew_at - now) / 1_000,
            ends_at=here + (left.ends_at - now) / 1_000,
        )

    def asked(
        self, ask: Callable[[SecretStr], Answer], is_over: Callable[[Answer], bool]
    ) -> tuple[Answer, SecretStr]:
        """The answer to a refresh, and the refresh token that was used.

        Raises:
            Fatal: The refresh token can't travel.
        """
        token = self._token()
        answer = ask(token)
        if is_over(answer):
            # Another process may have been given a new one meanwhile.
            replaced = self._token()
            if replaced != token:
                token, answer = replaced, ask(replaced)
        return answer, token

    def keep(self, new: SecretStr, used: SecretStr) -> None:
        """Keep the refresh token of an answer, where it has one that is new."""
        if is_token(new) and new != used:
            self._is_lost_at_restart = not self._grant.keep(new)

    def leave(
        self, access: SecretStr, account_id: str | None, *, early: float, life: float
    ) -> None:
        """Leave an access token on the shelf: its life, and how long before its end to renew."""
        if self._grant.shelf is None:
            return
        now = self._clock.wall()
        self._grant.shelf.leave(
            Pass(
                token=access,
                renew_at=now + round(1_000 * (life - early)),
                ends_at=now + round(1_000 * life),
                account_id=account_id,
            )
        )

    def remarks(self, lost_at_restart: Text) -> Sequence[Remark]:
        """Whether a restart would find the refresh token that is in force."""
        return (Remark(is_fine=False, text=lost_at_restart),) if self._is_lost_at_restart else ()

    def _token(self) -> SecretStr:
        token = self._grant.refresh_token()
        if not is_token(token):
            raise self._unusable()
        return token
