"""A process that shares an OAuth grant: eight threads call HubSpot at once for each line it reads.

It answers each line with how many calls succeeded. Its argument may be `keep` or `leave`: it dies
at that moment instead: HubSpot has answered, and nothing is saved yet.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NoReturn

from connectors.base import Grant, Pass
from connectors.hubspot.connector import HubSpot
from rules.records import Kind
from service import access
from service.settings import Settings, load_settings
from service.shelf import FileShelf

THREADS = 8
DEAD = 9


def die(_: object) -> NoReturn:
    os._exit(DEAD)


class DyingShelf(FileShelf):
    def leave(self, left: Pass) -> None:
        die(left)


def grant_of(settings: Settings, moment: str) -> Grant:
    grant, file = access.hubspot(settings), settings.hubspot_refresh_token_file
    if not isinstance(grant, Grant) or file is None:
        raise SystemExit("the settings give no OAuth grant that has a file")
    match moment:
        case "keep":
            return replace(grant, keep=die)
        case "leave":
            dying = DyingShelf(file, client_id=grant.client_id, refresh_token=grant.refresh_token)
            return replace(grant, shelf=dying)
    return grant


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(moment: str) -> None:
    settings = load_settings()
    grant = grant_of(settings, moment)
    crm = HubSpot(grant, base_url=settings.hubspot_url)
    together = threading.Barrier(THREADS, timeout=30)

    def call(_: int) -> int:
        together.wait()
        return len(crm.fields(Kind.ACCOUNT)) > 0

    say("ready")
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in sys.stdin:
            say(sum(pool.map(call, range(THREADS))))
    crm.close()


if __name__ == "__main__":
    main(sys.argv[1])
