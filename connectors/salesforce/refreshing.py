"""The login by refresh token, which simple-salesforce does not know.

Salesforce may replace the token at each use (rotation): the new one is kept before anything else.
Processes that share the grant take turns at its shelf, and whoever waited takes the session that
was left there.
"""

import contextlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
from pydantic import SecretStr

from connectors.base import Grant, Pass, Remark
from connectors.http import Answer, is_token
from connectors.salesforce import credential_words as words
from connectors.salesforce.credentials import (
    RENEW_AFTER,
    USUAL_LIFE,
    Session,
    Surroundings,
    bearer,
)
from connectors.salesforce.logins import (
    SHARED_DOMAINS,
    domain_of,
    opened,
    org_of,
    refusal,
)
from connectors.turn import turn

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path

_OK = 200


class RefreshLogin:
    """Sessions by refresh token."""

    def __init__(self, grant: Grant, around: Surroundings) -> None:
        if not grant.client_id.strip():
            raise words.unusable_access()
        domain = domain_of(around.address, is_here=around.is_here)
        self._grant = grant
        self._around = around
        self._host = urlsplit(around.address).hostname or ""
        # A session of the shelf is good at the org's own domain, where the address is that.
        self._home = None if domain in SHARED_DOMAINS else around.address
        self._is_lost_at_restart = False

    def open(self, stale: Session | None) -> Session:
        """Take what another process has left, else refresh."""
        with turn(self._grant.shelf, self._around.clock, words.SHELF_IS_BUSY):
            return self._found(stale) or self._refreshed()

    def remarks(self) -> Sequence[Remark]:
        """Whether a restart would find the refresh token that is in force."""
        return (
            (Remark(is_fine=False, text=words.LOST_AT_RESTART),) if self._is_lost_at_restart else ()
        )

    def _found(self, stale: Session | None) -> Session | None:
        """What another process was given meanwhile, if it is of use here."""
        left = self._grant.shelf.read() if self._grant.shelf else None
        now, pinned = self._around.clock.wall(), self._around.account()
        if left is None or self._home is None or not is_token(left.token) or now >= left.renew_at:
            return None
        if pinned is not None and left.account_id not in {None, pinned}:
            return None
        header = bearer(left.token)
        if stale is not None and stale.header == header:
            return None
        here = self._around.clock.monotonic()
        return Session(
            header=header,
            home=self._home,
            renew_at=here + (left.renew_at - now) / 1_000,
            ends_at=here + (left.ends_at - now) / 1_000,
        )

    def _refreshed(self) -> Session:
        token = self._token()
        answer = self._ask(token)
        if _is_over(answer):
            # Another process may have been given a new one meanwhile.
            replaced = self._token()
            if replaced != token:
                token, answer = replaced, self._ask(replaced)
        if answer.status != _OK:
            raise refusal(answer, self._around, self._host, token, self._grant.client_secret)
        told = _body_of(answer)
        # First of all: from here on Salesforce may know this one only.
        self._keep(SecretStr(str(told.get("refresh_token") or "")), token)
        access = SecretStr(str(told.get("access_token") or ""))
        made = opened(access, str(told.get("instance_url") or ""), told, self._around)
        self._leave(access, org_of(told))
        return made

    def _keep(self, new: SecretStr, token: SecretStr) -> None:
        if is_token(new) and new != token:
            self._is_lost_at_restart = not self._grant.keep(new)

    def _leave(self, access: SecretStr, org: str | None) -> None:
        if self._grant.shelf is None:
            return
        now = self._around.clock.wall()
        left = Pass(
            token=access,
            renew_at=now + round(1_000 * RENEW_AFTER),
            ends_at=now + round(1_000 * USUAL_LIFE),
            account_id=org,
        )
        self._grant.shelf.leave(left)

    def _token(self) -> SecretStr:
        token = self._grant.refresh_token()
        if not is_token(token):
            raise words.unusable_access()
        return token

    def _ask(self, token: SecretStr) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._grant.client_id,
            "refresh_token": token.get_secret_value(),
        }
        # An app may do without a secret.
        if secret := self._grant.client_secret.get_secret_value():
            form["client_secret"] = secret
        return self._around.post(self._around.address + TOKEN_PATH, form)


def _is_over(answer: Answer) -> bool:
    """Whether Salesforce says that the refresh token opens nothing any more."""
    return answer.status != _OK and _body_of(answer).get("error") == "invalid_grant"


def _body_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is something else."""
    found: Any = None
    with contextlib.suppress(orjson.JSONDecodeError):
        found = orjson.loads(answer.body)
    return found if isinstance(found, dict) else {}
