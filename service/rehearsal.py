"""Rehearsal: an emulated CRM loaded with a folder of CSV files, to try, train and test on."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors import sandbox as emulated
from connectors.sandbox.csv_table import MalformedFolderError
from connectors.sandbox.hubspot import HubSpotSandbox, load_folder
from connectors.sandbox.journal import BrokenStateFileError
from connectors.sandbox.server import PortInUseError
from connectors.sandbox.serving import serve as serve_until_stopped
from rules.language import Text
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


def open_sandbox(
    folder: Path, *, state: Path | None = None, currency: str | None = None
) -> HubSpotSandbox:
    """A portal loaded with a folder, unless its state file holds one already.

    Raises `RehearsalError` for a folder or a state file that can't be used.
    """
    case = read_case(folder)
    try:
        portal = HubSpotSandbox(
            state_file=state, now=case.as_of, portal_timezone=case.time_zone,
            company_currency=currency or case.currency,
        )  # fmt: skip
        if portal.is_empty:
            load_folder(portal, folder)
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


def start(portal: HubSpotSandbox, port: int) -> str:
    """Serve in a thread; returns the address."""
    try:
        return portal.start(port)
    except PortInUseError as error:
        raise _port_in_use(port) from error


def serve(*, data: Path | None, port: int, state: Path | None, currency: str | None) -> None:
    """Serve until Ctrl-C, saying the address and the key to use."""
    portal = open_sandbox(data or ELISE, state=state, currency=currency)

    def announce(url: str) -> None:
        print(f"{url}\nARPENT_HUBSPOT_URL={url}\nARPENT_HUBSPOT_TOKEN={portal.token}", flush=True)  # noqa: T201 - what the command is for

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
