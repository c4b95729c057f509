"""A process that shares an OAuth grant: eight threads call the CRM at once for each line it reads.

It answers each line with how many calls succeeded. Its arguments are the CRM, and a moment: at
`keep` or `leave` it dies instead: the CRM has answered, and nothing is saved yet.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from pydantic import SecretStr

from connectors.base import Grant, Pass
from connectors.registry import open_connector
from connectors.vendor import Keeping
from rules.records import Kind
from service import access
from service.settings import load_settings
from service.shelf import FileShelf

THREADS = 8
DEAD = 9


def die(_: object) -> NoReturn:
    os._exit(DEAD)


class DyingShelf(FileShelf):
    def leave(self, left: Pass) -> None:
        die(left)


def keeping_until(moment: str) -> Keeping:
    """Where the refresh token is kept, until that moment."""

    def keeping(
        *,
        client_id: str,
        client_secret: SecretStr,
        given: SecretStr | None,
        file: Path | None,
        setting: str,
    ) -> Grant:
        grant = access.keeping(
            client_id=client_id, client_secret=client_secret, given=given, file=file,
            setting=setting,
        )  # fmt: skip
        if file is None:
            raise SystemExit("the settings name no file for the refresh token")
        match moment:
            case "keep":
                return replace(grant, keep=die)
            case "leave":
                read = grant.refresh_token
                return replace(
                    grant, shelf=DyingShelf(file, client_id=client_id, refresh_token=read)
                )
        return grant

    return keeping


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(vendor: str, moment: str) -> None:
    keeping = keeping_until(moment)
    crm = open_connector(vendor, load_settings(), keeping=keeping, account_id=None)
    together = threading.Barrier(THREADS, timeout=300)

    def call(_: int) -> int:
        together.wait()
        return len(crm.fields(Kind.ACCOUNT)) > 0

    say("ready")
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in sys.stdin:
            say(sum(pool.map(call, range(THREADS))))
    crm.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
