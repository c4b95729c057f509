"""HubSpot's own clients, opened on the sandbox: what the tests that drive it by them begin with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import hubspot
import hubspot_sdk

from connectors.sandbox.hubspot import HubSpotSandbox

# Keeps a typed API of `hubspot-api-client` for one test.
Hold: TypeAlias = Callable[[Any], Any]


@contextmanager
def held() -> Iterator[Hold]:
    """Close the connections of typed APIs at the end: each of them has a pool of its own."""
    kept: list[Any] = []

    def hold(typed: Any) -> Any:
        kept.append(typed)
        return typed

    try:
        yield hold
    finally:
        for typed in kept:
            typed.api_client.rest_client.pool_manager.clear()
            typed.api_client.close()


def legacy(sandbox: HubSpotSandbox, token: str = "") -> Any:
    """The client of versions 3 and 4."""
    return hubspot.HubSpot(access_token=token or sandbox.token, host=sandbox.url)


def dated(sandbox: HubSpotSandbox, token: str = "") -> hubspot_sdk.HubSpot:
    """The client of version 2026-03, which refuses answers that its specification does not know."""
    return hubspot_sdk.HubSpot(
        access_token=token or sandbox.token,
        base_url=sandbox.url,
        max_retries=0,
        _strict_response_validation=True,
    )
