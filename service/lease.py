"""Lease: one command at a time works on a CRM, whoever started it, on whatever machine.

Two pushes side by side would look for the same task, both not find it, and both create it. Who
holds a lease beats: a thread shows every few seconds that it lives. Its place is taken

- at once, when it is a process of this machine that runs no more;
- after `ARPENT_LEASE_SECONDS` without a beat, by a process that has watched for as long (a worker);
- after ten minutes without a beat as the clocks say, by a command that has just come.

Who comes back from a long sleep (a machine that was suspended) learns at its next step that its
place is taken, and stops. The runs that a dead process left are marked as interrupted.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event, Thread

from rules.language import Text
from rules.time import moment_of
from service.app import App
from service.store import leases, runs
from service.store.engine import StoreError
from service.store.leases import Lease

# How long a silence must be, by the clocks of two machines, before a newcomer believes it.
ABANDONED_MS = 10 * 60_000
# A holder beats so many times in the time that another waits for it.
BEATS = 3
# The commands that work on a CRM, by the name of their runs.
COMMANDS = ("pull", "push", "run", "undo")

Renew = Callable[[], None]


class LeaseError(StoreError):
    """Somebody else works on this CRM, or does by now."""


class StoppedError(StoreError):
    """This process was asked to end: what is done is kept, and nothing more is begun."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Arrêt demandé : ce qui est fait est gardé, la suite reprendra de là.",
                "Asked to stop: what is done is kept, what follows goes on from there.",
            )
        )


@contextmanager
def held(app: App, vendor: str) -> Iterator[Renew]:
    """Work on a CRM alone; call what it gives before each step that must not be done twice.

    Raises `LeaseError`, here where somebody else works on it, from the call where somebody has
    taken over since; from the call also `StoppedError`.
    """
    holding = _Holding(app, vendor, _acquire(app, vendor))
    beating = Thread(target=holding.beat_on, name=f"lease-{vendor}", daemon=True)
    beating.start()
    try:
        yield holding.renew
    finally:
        holding.ended.set()
        beating.join()
        # A store that can't be written loses nothing here: the silence tells.
        with suppress(StoreError), app.store.write() as connection:
            leases.release(connection, _name(vendor), holding.fence)


@dataclass(slots=True)
class Leases:
    """The CRMs that are ours to work on, and why the others are not."""

    renewals: dict[str, Renew] = field(default_factory=dict)
    busy: dict[str, Text] = field(default_factory=dict)


@contextmanager
def held_each(app: App, vendors: Iterable[str]) -> Iterator[Leases]:
    """Work on those of these CRMs that are free."""
    leases_held = Leases()
    with ExitStack() as stack:
        for vendor in vendors:
            try:
                leases_held.renewals[vendor] = stack.enter_context(held(app, vendor))
            except LeaseError as error:
                leases_held.busy[vendor] = error.message
        yield leases_held


class _Holding:
    """A place that is ours until somebody else takes it."""

    def __init__(self, app: App, vendor: str, fence: int) -> None:
        self.app = app
        self.vendor = vendor
        self.fence = fence
        self.ended = Event()
        self._every = app.settings.lease_seconds / BEATS
        self._beaten = app.watch.monotonic()
        self._is_lost = False

    def renew(self) -> None:
        """Go on, unless the place is lost or the process is to end.

        Where no beat has left for a while, one does now: after a sleep, this is how we learn.
        """
        if self.app.stopping.is_set():
            raise StoppedError
        if not self._is_lost and self.app.watch.monotonic() - self._beaten >= 1.5 * self._every:
            self._beat()
        if self._is_lost:
            raise LeaseError(_lost(self.vendor))

    def beat_on(self) -> None:
        """Beat until the end; a store that is busy or away is tried again at the next beat."""
        while not self._is_lost and not self.ended.wait(self._every):
            with suppress(StoreError):
                self._beat()

    def _beat(self) -> None:
        since = self.app.watch.monotonic()
        with self.app.store.write() as connection:
            is_ours = leases.beat(connection, _name(self.vendor), self.fence, now=self.app.clock())
        self._is_lost = not is_ours
        self._beaten = since


def _acquire(app: App, vendor: str) -> int:
    name, now = _name(vendor), app.clock()
    with app.store.write() as connection:
        known = leases.find(connection, name)
        presumed_dead = known if known and _is_silent(app, name, known) else None
        fence = leases.acquire(connection, name, me(), now=now, instead_of=presumed_dead)
        if fence is not None and not leases.is_any_held(connection, besides=name):
            runs.fail_interrupted(connection, COMMANDS, now)
    if fence is None:
        raise LeaseError(_busy(app, vendor, known))
    return fence


def _is_silent(app: App, name: str, known: Lease) -> bool:
    """Whether the holder of a place is to be presumed dead."""
    if known.holder is None:
        return False
    return (
        is_dead(known.holder)
        or app.watch.silence(name, known) >= app.settings.lease_seconds
        or app.clock() - known.beat_at >= ABANDONED_MS
    )


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
    holder = known.holder if known and known.holder else "?:?:"
    host, number, _ = holder.rsplit(":", 2)
    seen = moment_of(known.beat_at if known else app.clock(), app.zone())
    hour = f"{seen:%Y-%m-%d %H:%M:%S} ({seen.tzinfo})"
    return Text(
        f"Une autre commande d'Arpent travaille déjà sur {vendor} : machine {host}, processus "
        f"{number}, dernier signe de vie le {hour}. Rien n'y a été lu ni écrit. Relancez quand "
        "elle aura fini ; si elle est morte, sa place se libère d'elle-même en dix minutes.",
        f"Another command of Arpent is already working on {vendor}: machine {host}, process "
        f"{number}, last sign of life at {hour}. Nothing was read or written there. Run again "
        "once it has finished; if it is dead, its place becomes free by itself in ten minutes.",
    )


def _lost(vendor: str) -> Text:
    return Text(
        f"Une autre commande d'Arpent a pris la suite sur {vendor} : celle-ci est restée trop "
        "longtemps sans signe de vie. Ce qui était fait est gardé ; il n'y a rien à refaire.",
        f"Another command of Arpent has taken over on {vendor}: this one gave no sign of life for "
        "too long. What was done is kept; there is nothing to do again.",
    )
