"""OAuth: access tokens for refresh tokens, introspection, revocation.

Only the refresh grant is emulated: an app gets its first refresh token from
`HubSpotSandbox.add_oauth_app`, as if somebody had installed it. Parameters travel in a form.
"""

from datetime import datetime, timedelta

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.keys import Application, Client
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, not_found


def token(call: Call) -> Reply:
    """`POST /oauth/…/token`: an access token for a refresh token; 400 when it is not good.

    Whether the refresh token is replaced, and how long the access token lives, are switches:
    HubSpot documents 1,800 seconds and returns the same refresh token.
    """
    portal = call.portal
    client = _client(call)
    if _field(call, "grant_type") != "refresh_token":
        raise _refused(call, "unsupported_grant_type", "BAD_GRANT_TYPE", "unsupported grant type")
    refresh = _field(call, "refresh_token")
    if refresh not in client.refresh_tokens:
        portal.refreshes["refused"] += 1
        raise _refused(
            call, "invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token"
        )
    if portal.switches.oauth_rotates_refresh_token:
        refresh = client.renew(refresh)
    lifetime = portal.switches.oauth_expires_in
    body: JsonObject = {
        "token_type": "bearer",
        "refresh_token": refresh,
        "access_token": portal.keyring.issue(client, timedelta(seconds=lifetime)),
        "expires_in": lifetime,
    }
    portal.refreshes["granted"] += 1
    if call.version.has_standard_oauth_errors:
        body |= {
            "token_use": "access_token",
            "hub_id": portal.account.portal_id,
            "user_id": 1,
            "scopes": sorted(client.application.scopes),
        }
    return Reply(body=body)


def introspect(call: Call) -> Reply:
    """`POST /oauth/…/token/introspect`: what a token is; only `active: false` when it is none."""
    client = _client(call)
    wanted = _field(call, "token")
    portal = call.portal
    key = portal.keyring.keys.get(wanted)
    if wanted in client.refresh_tokens:
        return Reply(body=_described(call, client, wanted) | {"token_use": "refresh_token"})
    if key is None or key.client_id != client.id or not portal.keyring.is_good(wanted):
        return Reply(body={"active": False})
    left = 0 if key.ends_at is None else int((key.ends_at - portal.clock.now()).total_seconds())
    body = _described(call, client, wanted) | {"token_use": "access_token", "expires_in": left}
    ends_at = portal.clock.now() if key.ends_at is None else key.ends_at
    signed = _signed(portal.account.portal_id, client.application, ends_at)
    return Reply(body=body | {"is_private_distribution": False, "signed_access_token": signed})


def _described(call: Call, client: Client, wanted: str) -> JsonObject:
    return {
        "active": True,
        "token": wanted,
        "token_type": "bearer",
        "client_id": client.id,
        "app_id": int(client.application.id),
        "hub_id": call.portal.account.portal_id,
        "user_id": 1,
        "scopes": sorted(client.application.scopes),
    }


def _signed(portal_id: int, application: Application, ends_at: datetime) -> JsonObject:
    return {
        "appId": int(application.id),
        "expiresAt": round(ends_at.timestamp() * 1000),
        "hubId": portal_id,
        "hublet": "na1",
        "installingUserId": 1,
        "isPrivateDistribution": False,
        "isServiceAccount": False,
        "isUserLevel": not application.may_edit_associations,
        "newSignature": "",
        "scopeToScopeGroupPks": "",
        "scopes": "",
        "signature": "",
        "trialScopeToScopeGroupPks": "",
        "trialScopes": "",
        "userId": 1,
    }


def revoke(call: Call) -> Reply:
    """`POST /oauth/…/token/revoke`: a refresh token takes its access tokens with it."""
    client = _client(call)
    wanted = _field(call, "token")
    keys = call.portal.keyring.keys
    if wanted in client.refresh_tokens:
        client.refresh_tokens.discard(wanted)
        for held in [held for held, key in keys.items() if key.client_id == client.id]:
            del keys[held]
    elif wanted in keys and keys[wanted].client_id == client.id:
        del keys[wanted]
    return Reply(status=200, body={})


def metadata(call: Call) -> Reply:
    """`GET /oauth/v1/access-tokens/{token}`: the way of version 1, gone from the later ones."""
    if call.version.has_standard_oauth_errors:
        raise not_found("This endpoint was replaced by POST /token/introspect.")
    wanted = call.params["token"]
    key = call.portal.keyring.keys.get(wanted)
    if key is None or key.ends_at is None or not call.portal.keyring.is_good(wanted):
        raise not_found("access token not found")
    return Reply(
        body={
            "token": wanted,
            "token_type": "access",
            "app_id": int(key.application.id),
            "hub_id": call.portal.account.portal_id,
            "user_id": 1,
            "expires_in": int((key.ends_at - call.portal.clock.now()).total_seconds()),
            "scopes": sorted(key.application.scopes),
        }
    )


def _client(call: Call) -> Client:
    client = call.portal.keyring.clients.get(_field(call, "client_id"))
    if client is None:
        raise _refused(call, "invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
    if _field(call, "client_secret") != client.secret:
        raise _refused(
            call, "invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"
        )
    return client


def _field(call: Call, name: str) -> str:
    found = call.body.get(name, "") if isinstance(call.body, dict) else ""
    if not found and call.version.reads_credentials_from_query:
        found = call.text(name)
    return str(found)


def _refused(call: Call, error: str, status: str, message: str) -> ApiError:
    extra: JsonObject = {"status": status}
    if call.version.has_standard_oauth_errors:
        extra |= {"error": error, "error_description": message}
    return ApiError(400, "", message, extra=extra)
