"""The accounts server: tokens for refresh tokens and codes, revocation, the data centres.

Sources: "Refreshing Access Tokens", "Token Validity" and "Multi DC" of the CRM API. A refusal comes
with HTTP 200 and says `error`; only the throttle has a status of its own, by a switch.
"""

import hmac
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.errors import TokenError, invalid_token
from connectors.sandbox.zoho.org import Org

# Data centre → the domains of its accounts server and of its API.
DATA_CENTERS: Mapping[str, tuple[str, str]] = {
    "us": ("accounts.zoho.com", "www.zohoapis.com"),
    "eu": ("accounts.zoho.eu", "www.zohoapis.eu"),
    "in": ("accounts.zoho.in", "www.zohoapis.in"),
    "au": ("accounts.zoho.com.au", "www.zohoapis.com.au"),
    "jp": ("accounts.zoho.jp", "www.zohoapis.jp"),
    "cn": ("accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    "ca": ("accounts.zohocloud.ca", "www.zohoapis.ca"),
    "sa": ("accounts.zoho.sa", "www.zohoapis.sa"),
    "uk": ("accounts.zoho.uk", "www.zohoapis.uk"),
}
ALL_SCOPES = (
    "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.ALL,ZohoCRM.org.ALL,"
    "ZohoCRM.coql.READ,ZohoCRM.bulk.ALL,ZohoCRM.notifications.ALL,ZohoSearch.securesearch.READ"
)
_MOST_ACTIVE = 15
_MOST_REFRESH_TOKENS = 20
_THROTTLED = "You have made too many requests continuously. Please try again after some time."


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a user granted to a client: a refresh token, and the access tokens made with it."""

    refresh_token: str
    client_id: str
    user_id: str
    scopes: frozenset[str]
    made: deque[datetime] = field(default_factory=deque)
    active: deque[str] = field(default_factory=deque)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An access token: who it acts for, what it may, and until when."""

    token: str
    user_id: str
    scopes: frozenset[str]
    ends: datetime


class Accounts:
    """The accounts server of one organization's data centre."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.clients: dict[str, str] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Grant] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens_made = 0

    def is_foreign(self, host: str, *, is_api: bool) -> bool:
        """Whether a host name is that of another data centre."""
        known = {pair[1] if is_api else pair[0] for pair in DATA_CENTERS.values()}
        own = DATA_CENTERS[self._org.data_center][1 if is_api else 0]
        return host in known and host != own

    def grant(self, refresh_token: str, client_id: str, user_id: str, scope: str) -> Grant:
        """Let a client have a refresh token; the user's 21st takes the place of the oldest."""
        made = Grant(
            refresh_token=refresh_token,
            client_id=client_id,
            user_id=user_id,
            scopes=frozenset(word.strip() for word in scope.split(",")),
        )
        same = [one for one in self.grants.values()
                if (one.client_id, one.user_id) == (client_id, user_id)]  # fmt: skip
        if len(same) >= _MOST_REFRESH_TOKENS:
            self._end(same[0])
        self.grants[refresh_token] = made
        return made

    def token(self, form: Mapping[str, str], host: str, base: str) -> JsonObject:
        """Answer `POST /oauth/v2/token`; TokenError."""
        kind = form.get("grant_type", "")
        if kind not in {"refresh_token", "authorization_code"}:
            raise TokenError("unsupported_grant_type" if kind else "invalid_request")
        client_id = form.get("client_id", "")
        secret = self.clients.get(client_id)
        if secret is None or self.is_foreign(host, is_api=False):
            raise TokenError("invalid_client")
        if not hmac.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
            raise TokenError("invalid_client_secret")
        if kind == "refresh_token":
            found = self.grants.get(form.get("refresh_token", ""))
        else:
            found = self.codes.pop(form.get("code", ""), None)
        if found is None or found.client_id != client_id or not self._is_active(found.user_id):
            raise TokenError("invalid_code")
        self._throttle(found)
        session = self.begin(found)
        more = {}
        if kind == "authorization_code" or self._org.switches.rotates_refresh_token:
            if kind == "refresh_token":
                del self.grants[found.refresh_token]
                found.refresh_token = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
            more = {"refresh_token": found.refresh_token}
            self.grants[found.refresh_token] = found
        domain = base if "zoho" not in host else f"https://{self._own_api}"
        return {
            "access_token": session.token,
            **more,
            "scope": " ".join(sorted(session.scopes)),
            "api_domain": domain,
            "token_type": "Bearer",
            "expires_in": int(self._org.switches.token_seconds),
        }

    @property
    def _own_api(self) -> str:
        return DATA_CENTERS[self._org.data_center][1]

    def _is_active(self, user_id: str) -> bool:
        user = self._org.users.get(user_id)
        return user is not None and user.status == "active"

    def _throttle(self, grant: Grant) -> None:
        switches, now = self._org.switches, self._org.clock.now()
        horizon = now - timedelta(seconds=switches.token_window_seconds)
        while grant.made and grant.made[0] <= horizon:
            grant.made.popleft()
        if len(grant.made) >= switches.tokens_per_window:
            raise TokenError(
                "Access Denied", description=_THROTTLED, status=switches.throttled_status
            )
        grant.made.append(now)

    def begin(self, grant: Grant, token: str = "") -> Session:
        """Make an access token; the sixteenth that is alive ends the oldest."""
        now = self._org.clock.now()
        made = Session(
            token=token or f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}",
            user_id=grant.user_id,
            scopes=grant.scopes,
            ends=now + timedelta(seconds=self._org.switches.token_seconds),
        )
        self.sessions[made.token] = made
        grant.active.append(made.token)
        if len(grant.active) > _MOST_ACTIVE:
            self.sessions.pop(grant.active.popleft(), None)
        self.tokens_made += 1
        return made

    def revoke(self, token: str) -> JsonObject:
        """Answer `POST /oauth/v2/token/revoke`; TokenError."""
        found = self.grants.get(token)
        if found is not None:
            self._end(found)
        elif self.sessions.pop(token, None) is None:
            raise TokenError("invalid_code")
        return {"status": "success"}

    def _end(self, grant: Grant) -> None:
        del self.grants[grant.refresh_token]
        for token in grant.active:
            self.sessions.pop(token, None)

    def expire(self) -> None:
        """End every access token; the refresh tokens stay good."""
        self.sessions.clear()

    def admit(self, authorization: str, host: str) -> Session:
        """Return the session of an `Authorization` header; ZohoError 401."""
        word, _, token = authorization.partition(" ")
        found = self.sessions.get(token.strip()) if word == "Zoho-oauthtoken" else None
        is_abroad = self._org.switches.wrong_data_center or self.is_foreign(host, is_api=True)
        if found is None or is_abroad or not self._is_active(found.user_id):
            raise invalid_token()
        if found.ends <= self._org.clock.now():
            del self.sessions[found.token]
            raise invalid_token()
        return found

    def server_info(self) -> JsonObject:
        """Answer `GET /oauth/serverinfo`: the accounts servers by place."""
        places = {place: f"https://{pair[0]}" for place, pair in DATA_CENTERS.items()}
        return {"result": "success", "locations": places}
