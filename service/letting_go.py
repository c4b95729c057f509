"""Letting go: send what a person ordered, exactly that, and no task.

Either what a run held, or the changes of a preview. What was let go stays so until it is sent or
something else is desired: a push that dies is gone on with by the next one.
"""

from collections.abc import Callable, Sequence

from rules.language import Text, counted
from service.app import App
from service.push import Push, Scope, alone
from service.push_report import PushReport
from service.store import connections, holds, selections
from service.store.engine import MistakenError, StoreError
from service.store.selections import Stale, Wanted


class NotHeldError(MistakenError):
    """Nothing waits of the run that was to be released."""


class StaleError(StoreError):
    """Changes of a preview are no longer what they were; nothing was sent."""

    def __init__(self, stale: Sequence[Stale]) -> None:
        changed = counted(
            len(stale),
            Text("changement de cet aperçu n'est plus ce qu'il était",
                 "change of this preview is no longer what it was"),
            Text("changements de cet aperçu ne sont plus ce qu'ils étaient",
                 "changes of this preview are no longer what they were"),
        )  # fmt: skip
        super().__init__(
            Text(
                f"{changed.fr} : rien n'a été écrit. Refaites l'aperçu, ou écrivez les autres avec "
                "--skip-stale.",
                f"{changed.en}: nothing was written. Make the preview again, or write the others "
                "with --skip-stale.",
            )
        )
        self.stale = stale


def holding(app: App, vendors: Sequence[str], run_id: int) -> list[str]:
    """The CRMs of which a run holds something; raises `NotHeldError` where there is none."""
    with app.store.read() as connection:
        known = {crm.vendor: crm.id for crm in connections.find_all(connection)}
        found = [
            vendor
            for vendor in vendors
            if vendor in known and holds.held(connection, known[vendor], run_id)
        ]
    if not found:
        raise NotHeldError(_nothing_held(run_id))
    return found


def release(
    push: Push, held_run: int, run_id: int, *, renew: Callable[[], None] = alone
) -> PushReport:
    """Push what a run held; raises `NotHeldError` where nothing of it waits."""
    with push.store.write() as connection:
        released = holds.release(connection, push.connection_id, held_run)
        holds.end(connection, held_run)
    if not released:
        raise NotHeldError(_nothing_held(held_run))
    return push.send(push.begin(run_id, renew), Scope(let_go_by=held_run))


def choose(
    push: Push,
    wanted: Sequence[Wanted],
    run_id: int,
    *,
    skips_stale: bool = False,
    renew: Callable[[], None] = alone,
) -> tuple[PushReport, Sequence[Stale]]:
    """Push these changes as they were previewed; what was held of them is let go.

    Raises `StaleError` when some are no longer what they were; with `skips_stale` these are left
    out and returned.
    """
    report = push.begin(run_id, renew)
    with push.store.write() as connection:
        found = selections.find_stale(connection, push.connection_id, wanted)
        stale = [each for _, each in found]
        if stale and not skips_stale:
            raise StaleError(stale)
        left_out = {(each.account_id, each.field) for each, _ in found}
        chosen = {(each.account_id, each.field) for each in wanted} - left_out
        holds.let_go(connection, run_id, sorted(chosen))
    return push.send(report, Scope(let_go_by=run_id)), stale


def _nothing_held(run_id: int) -> Text:
    return Text(
        f"L'exécution {run_id} ne retient rien. « arpent status » montre ce qui est retenu, et "
        "par laquelle.",
        f"Run {run_id} holds nothing. `arpent status` shows what is held, and by which run.",
    )
