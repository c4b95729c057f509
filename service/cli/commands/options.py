"""What the commands share: the groups, their options, how an installation is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.edge import Mistake, at_end, say

app = typer.Typer(
    name="arpent", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Keeps a sales-territory plan alive inside the CRM that the team already uses.",
)  # fmt: skip
rules = typer.Typer(no_args_is_help=True, help="The playbook: check, publish, explain.")
fields = typer.Typer(no_args_is_help=True, help="Arpent's own fields in the CRM.")
database = typer.Typer(no_args_is_help=True, help="The store.")
schedule = typer.Typer(no_args_is_help=True, help="The schedule of the worker.")
runs = typer.Typer(no_args_is_help=True, help="What was run, and what became of it.")
plans = typer.Typer(
    no_args_is_help=True, help="The territory plans: check them, fill them in Excel."
)
digests = typer.Typer(no_args_is_help=True, help="The weekly digests: as sent, and as kept.")
sandbox = typer.Typer(no_args_is_help=True, help="The emulated CRMs.")
app.add_typer(rules, name="rules")
app.add_typer(fields, name="fields")
app.add_typer(database, name="db")
app.add_typer(schedule, name="schedule")
app.add_typer(runs, name="runs")
app.add_typer(plans, name="plan")
app.add_typer(digests, name="digest")
app.add_typer(sandbox, name="sandbox")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Crm = Annotated[str | None, typer.Option("--crm", help="Only this CRM.")]
Owner = Annotated[
    str | None, typer.Option("--owner", help="Only this rep (key, e-mail or name in team.yaml).")
]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, help="Port of the emulated CRM; 0 for a free one.")
]
Full = Annotated[bool, typer.Option("--full", help="From the beginning, not what changed.")]


def open_installation() -> Any:  # noqa: ANN401 - an App, imported late
    """The installation that the settings describe; closed when the command ends."""
    from service.app import open_app
    from service.settings import load_settings

    opened = open_app(load_settings())
    at_end.callback(opened.store.close)
    return opened


def vendors_of(opened: Any, crm: str | None) -> list[str]:  # noqa: ANN401 - an App
    """The CRMs to work with: the one asked for, else those that the settings open.

    Raises `Mistake` for one that is unknown, `Misconfigured` where there is none at all.
    """
    check_crm(crm)
    found: list[str] = [crm] if crm else opened.vendors_or_raise()
    return found


def check_crm(crm: str | None) -> None:
    """Raise `Mistake` for a `--crm` that is none of Arpent's CRMs."""
    from connectors.registry import VENDORS
    from rules.located import nearest

    if crm and crm not in VENDORS:
        hint, known = nearest(crm, list(VENDORS)), ", ".join(VENDORS)
        raise Mistake(
            Text(
                f"--crm : « {crm} » n'est pas un CRM d'Arpent{hint.fr}. Ceux qu'il connaît : "
                f"{known}.",
                f"--crm: '{crm}' is not one of Arpent's CRMs{hint.en}. Those it knows: {known}.",
            )
        )


def owner_key(opened: Any, owner: str | None) -> str | None:  # noqa: ANN401 - an App
    """The key of the rep that `--owner` names in team.yaml, as published: see `rep_key`."""
    return rep_key(opened.published().rulebook.team, owner)


def rep_key(team: Any, owner: str | None) -> str | None:  # noqa: ANN401 - a Team, imported late
    """The key of the rep that `--owner` names by key, address or name; None where it is not given.

    Raises `Mistake` for nobody of this team, and for a name that several have.
    """
    from rules.located import nearest
    from service.people import reps_named

    if owner is None:
        return None
    found = reps_named(team, owner)
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(found)
        raise Mistake(
            Text(
                f"--owner : plusieurs s'appellent « {owner} » dans team.yaml. Donnez la clé : "
                f"{keys}.",
                f"--owner: several are called '{owner}' in team.yaml. Give the key: {keys}.",
            )
        )
    hint = nearest(owner, [*team.reps, *(rep.name for rep in team.reps.values())])
    known = ", ".join(f"{key} ({rep.name})" for key, rep in team.reps.items())
    raise Mistake(
        Text(
            f"--owner : « {owner} » n'est pas dans team.yaml{hint.fr}. Ceux qui y sont : {known}.",
            f"--owner: '{owner}' is not in team.yaml{hint.en}. Those who are: {known}.",
        )
    )


class Counts(dict[str, int]):
    """The counts of a run; `error` is what it could not do, where it ended all the same."""

    error: Text | None = None


@contextmanager
def recorded(
    opened: Any,  # noqa: ANN401 - an App
    command: str,
    vendor: str | None = None,
) -> Iterator[tuple[int, Counts]]:
    """A recorded run of whoever is at the keyboard: its id, and the counts to fill.

    What went wrong is kept in the language of the terminal, after the name of the CRM that it
    concerns.
    """
    from structlog.contextvars import bound_contextvars

    from connectors.registry import named
    from service import logs
    from service.app import author
    from service.store import holds
    from service.store import runs as recording
    from service.store.runs import RunState

    with opened.store.write() as connection:
        run_id = recording.begin_run(connection, command, opened.clock(), actor=author())
    counts = Counts()
    state: RunState = RunState.FAILED
    said: Text | None = None
    try:
        with bound_contextvars(run=run_id):
            yield run_id, counts
        state, said = (RunState.FAILED if counts.error else RunState.DONE), counts.error
    except Exception as error:
        said = logs.told(error)
        raise
    finally:
        with opened.store.write() as connection:
            if state is RunState.DONE and holds.is_holding(connection, run_id):
                state = RunState.HELD
            recording.finish_run(
                connection, run_id, state, counts=counts, now=opened.clock(),
                error=say(named(vendor, said)) if said else None,
            )  # fmt: skip
