"""A message to the address of a channel: Slack and Teams. The address itself is the secret.

It goes by the one policy of HTTP (`connectors.http`): a deadline over all, no redirect, no proxy,
https but towards this machine. An error tells neither the address nor what the answer repeats.
"""

from contextlib import closing
from typing import Any

from pydantic import SecretStr
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from connectors.base import ConnectorError
from connectors.http import Transport, is_this_machine
from rules.located import Misfit
from service.delivery.teams import written

SECONDS = 10.0
_LARGEST_ANSWER = 64 * 1024
_SUCCESS = range(200, 300)


class WebhookError(Exception):
    """The message was not taken, or is not known to have been: a status, or what kind of error."""


def read_webhook(given: SecretStr) -> str:
    """The host of a webhook's address; raises `Misfit`, without the address in it."""
    try:
        url = parse_url(given.get_secret_value().strip())
    except LocationParseError:
        url = Url()
    host = (url.host or "").strip("[]").lower()
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_this_machine(host))
    # Raised out here, so that it does not carry the other error, which quotes the address.
    if not host or not is_safe or url.auth is not None:
        raise Misfit(
            "il faut l'adresse d'un webhook (https://…), sans utilisateur ni mot de passe",
            "the address of a webhook is needed (https://…), without a user or a password",
        )
    return host


def post(address: SecretStr, payload: dict[str, Any]) -> None:
    """Send a message; raises `WebhookError` when it was not taken, or may not have been."""
    failure = ""
    transport = Transport(
        hosts=[read_webhook(address)], largest_body=_LARGEST_ANSWER, connections=1, hidden=[address]
    )
    with closing(transport):
        try:
            answer = transport.send(
                "POST",
                address.get_secret_value().strip(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                body=written(payload),
                seconds=SECONDS,
            )
        except ConnectorError as error:
            failure = type(error.__cause__ or error).__name__
        else:
            if answer.status not in _SUCCESS:
                failure = str(answer.status)
    if failure:
        raise WebhookError(failure)
