"""Lease: one command at a time works on a CRM, whoever started it, on whatever machine.

Two pushes side by side would look for the same task, both not find it, and both create it. A
lease lasts ten minutes and is renewed as the work goes on. A process of this machine that is dead
holds nothing: its place is taken at once, and the runs that it left are marked as interrupted.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rules.language import Text
from rules.time import Instant, moment_of
from service.app import App
from service.store import leases, runs
from service.store.engine import StoreError
from service.store.leases import Lease

TTL_MS = 10 * 60_000
# A renewal is a transaction: not one for each page.
RENEW_MS = 60_000
# The commands that work on a CRM, by the name of their runs.
COMMANDS = ("pull", "push", "run")

Renew = Callable[[], None]


class LeaseError(StoreError):
    """Somebody else works on this CRM, or does by now."""


@contextmanager
def held(app: App, vendor: str) -> Iterator[Renew]:
    """Work on a CRM alone; call what it gives as the work goes on.

    Raises `LeaseError`, here where somebody else works on it, from the renewal where somebody
    has taken over since.
    """
    holding = _Holding(app, vendor, _acquire(app, vendor), app.clock())
    try:
        yield holding.renew
    finally:
        # A store that can't be written loses nothing here: the lease ends by itself.
        with suppress(StoreError), app.store.write() as connection:
            leases.release(connection, _name(vendor), holding.fence)


@dataclass(slots=True)
class _Holding:
    app: App
    vendor: str
    fence: int
    renewed_at: Instant

    def renew(self) -> None:
        """Hold on, once in a while."""
        now = self.app.clock()
        if now - self.renewed_at < RENEW_MS:
            return
        with self.app.store.write() as connection:
            is_ours = leases.renew(connection, _name(self.vendor), self.fence, now=now, ttl=TTL_MS)
        if not is_ours:
            raise LeaseError(_lost(self.vendor))
        self.renewed_at = now


def _acquire(app: App, vendor: str) -> int:
    name, now = _name(vendor), app.clock()
    with app.store.write() as connection:
        known = leases.find(connection, name)
        dead = known.holder if known and is_dead(known.holder) else None
        fence = leases.acquire(connection, name, me(), now=now, ttl=TTL_MS, instead_of=dead)
        if fence is not None and not leases.is_any_held(connection, now, besides=name):
            runs.fail_interrupted(connection, COMMANDS, now)
    if fence is None:
        raise LeaseError(_busy(app, vendor, known))
    return fence


def _name(vendor: str) -> str:
    return f"crm:{vendor}"


@cache
def me() -> str:
    """This process: machine, number, and what tells it from another with both."""
    return f"{socket.gethostname()}:{os.getpid()}:{_numbering()}-{secrets.token_hex(4)}"


def is_dead(holder: str) -> bool:
    """Whether a holder is a process of this machine that runs no more; False where unknown."""
    host, number, rest = holder.rsplit(":", 2)
    here, _, ours = me().rsplit(":", 2)
    # On Windows, asking whether a process lives would end it.
    if os.name == "nt" or host != here or rest.partition("-")[0] != ours.partition("-")[0]:
        return False
    if int(number) == os.getpid():
        return rest != ours
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _numbering() -> str:
    """Among which processes a number means something: containers count each from 1."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"


def _busy(app: App, vendor: str, known: Lease | None) -> Text:
    host, number, _ = known.holder.rsplit(":", 2) if known else ("?", "?", "")
    zone = app.zone()
    until = moment_of(known.until_at if known else app.clock() + TTL_MS, zone)
    hour = f"{until:%Y-%m-%d %H:%M} ({zone.key})"
    return Text(
        f"Une autre commande d'Arpent travaille déjà sur {vendor} : machine {host}, processus "
        f"{number}. Rien n'y a été lu ni écrit. Relancez quand elle aura fini ; si elle est morte, "
        f"sa place se libère d'elle-même au plus tard le {hour}.",
        f"Another command of Arpent is already working on {vendor}: machine {host}, process "
        f"{number}. Nothing was read or written there. Run again once it has finished; if it is "
        f"dead, its place becomes free by itself by {hour}.",
    )


def _lost(vendor: str) -> Text:
    return Text(
        f"Une autre commande d'Arpent a pris la suite sur {vendor} : celle-ci est restée plus de "
        "dix minutes sans nouvelles. Ce qui était fait est gardé ; il n'y a rien à refaire.",
        f"Another command of Arpent has taken over on {vendor}: this one was silent for more than "
        "ten minutes. What was done is kept; there is nothing to do again.",
    )
