"""The login by refresh token, which simple-salesforce does not know.

Salesforce may replace the token at each use (rotation), and then knows the new one only.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.base import Grant, Remark
from connectors.granted import Granted
from connectors.http import Answer, object_of
from connectors.salesforce import credential_words as words
from connectors.salesforce.credentials import (
    RENEW_AFTER,
    USUAL_LIFE,
    Session,
    Surroundings,
)
from connectors.salesforce.logins import (
    SHARED_DOMAINS,
    domain_of,
    opened,
    org_of,
    refusal,
)

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
        self._granted = Granted(
            grant,
            around.clock,
            account=around.account,
            busy=words.SHELF_IS_BUSY,
            unusable=words.unusable_access,
        )

    def open(self, stale: Session | None) -> Session:
        """Take what another process has left, else refresh."""
        with self._granted.turn():
            return self._found(stale) or self._refreshed()

    def remarks(self) -> Sequence[Remark]:
        """Whether a restart would find the refresh token that is in force."""
        return self._granted.remarks(words.LOST_AT_RESTART)

    def _found(self, stale: Session | None) -> Session | None:
        """What another process was given meanwhile, if it is of use here."""
        found = None if self._home is None else self._granted.found(stale)
        if found is None or self._home is None:
            return None
        return Session(
            header=found.header, home=self._home, renew_at=found.renew_at, ends_at=found.ends_at
        )

    def _refreshed(self) -> Session:
        answer, token = self._granted.asked(self._ask, _is_over)
        if answer.status != _OK:
            raise refusal(answer, self._around, self._host, token, self._grant.client_secret)
        told = object_of(answer)
        # First of all: from here on Salesforce may know this one only.
        self._granted.keep(SecretStr(str(told.get("refresh_token") or "")), token)
        access = SecretStr(str(told.get("access_token") or ""))
        made = opened(access, str(told.get("instance_url") or ""), told, self._around)
        self._granted.leave(access, org_of(told), early=USUAL_LIFE - RENEW_AFTER, life=USUAL_LIFE)
        return made

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
    return answer.status != _OK and object_of(answer).get("error") == "invalid_grant"
