"""Who may call the org: client apps, their refresh tokens, and the sessions that they opened."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from connectors.sandbox.salesforce.errors import SalesforceError, invalid_session
from connectors.sandbox.salesforce.org import Org

ALL_FLOWS = frozenset({"client_credentials", "jwt", "refresh_token", "password"})


@dataclass(slots=True, kw_only=True)
class ClientApp:
    """An External Client App: its key and secret, its run-as user, its certificate."""

    key: str
    secret: str
    run_as: str
    public_key: str = ""
    flows: frozenset[str] = ALL_FLOWS
    # Refresh token → the user who allowed it.
    refresh_tokens: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Session:
    """An access token in use."""

    token: str
    user_id: str
    last_used: datetime
    calls: int = 0
    refresh_token: str = ""


class Sessions:
    """The apps and the open sessions of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.apps: dict[str, ClientApp] = {}
        self.open: dict[str, Session] = {}
        # User name → password with its security token, for the legacy flows.
        self.passwords: dict[str, str] = {}
        self.logins = 0

    def begin(self, user_id: str, *, token: str = "", refresh_token: str = "") -> Session:
        """Open a session and return it; `token` is a fixed one for tests."""
        made = token or f"{self._org.org_id[:15]}!AQ{secrets.token_hex(40)}"
        session = Session(
            token=made,
            user_id=user_id,
            last_used=self._org.clock.now(),
            refresh_token=refresh_token,
        )
        self.open[made] = session
        self.logins += 1
        return session

    def admit(self, authorization: str) -> Session:
        """Return the session of a call; SalesforceError 401 when it is over."""
        word, _, token = authorization.partition(" ")
        session = self.open.get(token.strip())
        if word.lower() not in {"bearer", "oauth"} or session is None:
            raise invalid_session()
        switches, now = self._org.switches, self._org.clock.now()
        idle = (now - session.last_used).total_seconds()
        is_spent = 0 < switches.calls_per_session <= session.calls
        if idle > switches.session_seconds or is_spent or not self._is_active(session.user_id):
            del self.open[session.token]
            raise invalid_session()
        if switches.rest_disabled:
            raise SalesforceError(
                "INVALID_SESSION_ID",
                "This session is not valid for use with the REST API",
                status=HTTPStatus.UNAUTHORIZED,
            )
        if switches.api_disabled:
            raise SalesforceError(
                "API_DISABLED_FOR_ORG",
                "API is not enabled for this Organization or Partner",
                status=HTTPStatus.FORBIDDEN,
            )
        session.last_used = now
        session.calls += 1
        return session

    def _is_active(self, user_id: str) -> bool:
        found = self._org.record("User", user_id)
        return found is not None and bool(found.values.get("IsActive"))

    def revoke(self, token: str) -> bool:
        """End a session, or a refresh token with its sessions; False when it is unknown."""
        if self.open.pop(token, None) is not None:
            return True
        is_known = False
        for app in self.apps.values():
            is_known = app.refresh_tokens.pop(token, None) is not None or is_known
        for session in [one for one in self.open.values() if one.refresh_token == token]:
            del self.open[session.token]
        return is_known

    def expire(self) -> None:
        """End every session, as an administrator can."""
        self.open.clear()
