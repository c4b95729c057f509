"""Who may call: service keys and their rotation, apps of OAuth and their tokens.

Instants are the portal's. Nothing here is kept in the state file: a portal that starts again
knows the keys that it is given.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.hubspot.wire import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application: what it may do, and (by its id) whose limits its calls count against."""

    id: str
    name: str
    scopes: frozenset[str]
    is_oauth: bool = False
    may_edit_associations: bool = True


@dataclass(slots=True, kw_only=True)
class Key:
    """A bearer token; after `ends_at` it is expired (OAuth) or, once rotated out, unknown."""

    application: Application
    ends_at: datetime | None = None
    becomes_unknown: bool = False
    client_id: str = ""


@dataclass(slots=True, kw_only=True)
class Client:
    """An app of OAuth: its secret, and the refresh tokens that are good."""

    id: str
    secret: str
    application: Application
    refresh_tokens: set[str] = field(default_factory=set)

    def renew(self, refresh_token: str) -> str:
        """Replace a refresh token, which is no good from now on."""
        self.refresh_tokens.discard(refresh_token)
        fresh = f"na1-{secrets.token_hex(18)}"
        self.refresh_tokens.add(fresh)
        return fresh


class Keyring:
    """Every key and every app of the portal."""

    def __init__(self, clock: PortalClock) -> None:
        self._clock = clock
        self.keys: dict[str, Key] = {}
        self.clients: dict[str, Client] = {}
        self._applications = 0

    def application(self, name: str, scopes: frozenset[str], **traits: bool) -> Application:
        """Make an application with an id of its own."""
        self._applications += 1
        number = str(30_999_999 + self._applications)
        return Application(id=number, name=name, scopes=scopes, **traits)

    def expire(self, token: str) -> None:
        """Make a key answer 401 `EXPIRED_AUTHENTICATION` from now on; KeyError."""
        self.keys[token].ends_at = self._clock.now()

    def rotate(self, old: str, new: str, grace: timedelta) -> datetime:
        """Give the application of `old` another key; the old one works until the instant returned.

        HubSpot rotates a service key at once or with seven days of grace.
        """
        present = self.keys[old]
        ends_at = self._clock.now() + grace
        self.keys[new] = Key(application=present.application)
        present.ends_at, present.becomes_unknown = ends_at, True
        return ends_at

    def issue(self, client: Client, lifetime: timedelta) -> str:
        """Give an app of OAuth a fresh access token."""
        token = f"CAT-{secrets.token_urlsafe(24)}"
        ends_at = self._clock.now() + lifetime
        self.keys[token] = Key(application=client.application, ends_at=ends_at, client_id=client.id)
        return token

    def is_good(self, token: str) -> bool:
        """Tell whether a token would be let in now."""
        key = self.keys.get(token)
        return key is not None and (key.ends_at is None or key.ends_at > self._clock.now())

    def admit(self, header: str) -> Application:
        """Return who calls, from an `Authorization` header; 401 when nobody is let in."""
        scheme, _, token = header.partition(" ")
        key = self.keys.get(token.strip())
        if scheme.lower() != "bearer" or key is None:
            raise _unknown()
        if key.ends_at is not None and key.ends_at <= self._clock.now():
            if key.becomes_unknown:
                raise _unknown()
            raise expired(int((self._clock.now() - key.ends_at).total_seconds()))
        return key.application


def _unknown() -> ApiError:
    return ApiError(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 "
        "authentication and you can find more details at "
        "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )


def expired(seconds: int) -> ApiError:
    """Build the 401 of a token that was good until some seconds ago."""
    return ApiError(
        401,
        "EXPIRED_AUTHENTICATION",
        f"The OAuth token used to make this call expired {seconds} second(s) ago.",
    )
