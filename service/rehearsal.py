"""Rehearsal: an emulated CRM loaded with a folder of CSV files, to try, train and test on."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors import sandbox as emulated
from connectors.sandbox.csv_table import MalformedFolderError
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.journal import BrokenStateFileError
from connectors.sandbox.registry import DEFAULT, EMULATED, NotKeptError, open_emulated
from connectors.sandbox.server import PortInUseError
from connectors.sandbox.serving import serve as serve_until_stopped
from connectors.vendor import PREFIX
from rules.language import Text
from rules.located import nearest
from service.store.engine import MistakenError

ELISE = Path(emulated.__file__).parent / "cases" / "elise"


class RehearsalError(MistakenError):
    """The emulated CRM can't be served: a port in use, a folder that can't be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The portal of a folder: when it stands, where, in which currency (`case.json`)."""

    as_of: datetime | None = None
    time_zone: str = "America/Toronto"
    currency: str = "CAD"


def read_case(folder: Path) -> Case:
    """`case.json` of a folder, or the defaults where there is none; raises `RehearsalError`."""
    path = folder / "case.json"
    if not path.is_file():
        return Case()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        case = Case(
            as_of=datetime.fromisoformat(found["as_of"]), time_zone=found["time_zone"],
            currency=found["currency"],
        )  # fmt: skip
        ZoneInfo(case.time_zone)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RehearsalError(
            Text(
                f"{path} ne se lit pas ({error!r}). Il faut un objet JSON avec as_of "
                "(2026-06-29T07:00:00-04:00), time_zone (America/Toronto) et currency (CAD).",
                f"{path} can't be read ({error!r}). It takes a JSON object with as_of "
                "(2026-06-29T07:00:00-04:00), time_zone (America/Toronto) and currency (CAD).",
            )
        ) from error
    return case


def named(crm: str | None, *others: str) -> str:
    """The emulated CRM of this name, the default one for None; raises `RehearsalError`.

    `others` are words that may stand in the place of a name.
    """
    known = [*EMULATED, *others]
    if crm is None:
        return DEFAULT
    if crm not in known:
        hint, listed = nearest(crm, known), ", ".join(known)
        raise RehearsalError(
            Text(
                f"--crm : « {crm} » n'est pas émulé{hint.fr}. Ce qui va ici : {listed}.",
                f"--crm: '{crm}' is not emulated{hint.en}. What goes here: {listed}.",
            )
        )
    return crm


def open_sandbox(
    folder: Path, *, crm: str = DEFAULT, state: Path | None = None, currency: str | None = None
) -> Emulated:
    """An emulated CRM loaded with a folder, unless its state file holds one already.

    Raises `RehearsalError` for a folder or a state file that can't be used.
    """
    case = read_case(folder)
    try:
        portal = open_emulated(
            crm, now=case.as_of, time_zone=case.time_zone, currency=currency or case.currency,
            state_file=state,
        )  # fmt: skip
        if portal.is_empty:
            portal.load(folder)
    except NotKeptError as error:
        raise RehearsalError(
            Text(
                f"--state : {crm}, émulé, ne vit qu'en mémoire. Retirez cette option.",
                f"--state: {crm}, emulated, lives in memory only. Remove this option.",
            )
        ) from error
    except MalformedFolderError as error:
        raise RehearsalError(
            Text(f"Ce dossier ne se charge pas. {error}", f"This folder can't be loaded. {error}")
        ) from error
    except (BrokenStateFileError, OSError) as error:
        raise RehearsalError(
            Text(
                f"Le fichier d'état {state} ne peut servir. {error}",
                f"The state file {state} can't be used. {error}",
            )
        ) from error
    return portal


def start(portal: Emulated, port: int) -> str:
    """Serve in a thread; returns the address."""
    try:
        return portal.start(port)
    except PortInUseError as error:
        raise _port_in_use(port) from error


def serve(
    *,
    data: Path | None,
    port: int,
    state: Path | None,
    currency: str | None,
    crm: str | None = None,
) -> None:
    """Serve until Ctrl-C, saying the address and the settings that open it."""
    portal = open_sandbox(data or ELISE, crm=named(crm), state=state, currency=currency)

    def announce(url: str) -> None:
        settings = [f"{PREFIX}{name.upper()}={value}" for name, value in portal.settings.items()]
        print("\n".join([url, *settings]), flush=True)  # noqa: T201 - what the command is for

    try:
        serve_until_stopped(portal, port, announce)
    except PortInUseError as error:
        raise _port_in_use(port) from error


def _port_in_use(port: int) -> RehearsalError:
    return RehearsalError(
        Text(
            f"Le port {port} est déjà pris sur cette machine : donnez-en un autre avec --port, ou "
            "--port 0 pour un port libre.",
            f"Port {port} is already in use on this machine: give another with --port, or "
            "--port 0 for a free one.",
        )
    )
