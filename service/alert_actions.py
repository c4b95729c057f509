"""The smallest action that would settle a fact, named by its first record."""

from collections.abc import Sequence

from rules.alert.facts import FactKind, FactRule
from rules.language import Text, shown
from service.store.alert_queries import Record


def first_step(fact: FactRule, told: Sequence[Record]) -> Text | None:
    """What to do first; None where there is no record."""
    if not told:
        return None
    first = told[0]
    account = shown(first.account or "?")
    deal = shown(first.deal or "?")
    others = len(told) > 1
    match fact.kind:
        case FactKind.SILENT_ACCOUNTS:
            step = Text(f"un contact avec {account}", f"a contact with {account}")
        case FactKind.OLD_DEALS:
            step = Text(
                f"décider de « {deal} » : la prochaine étape, ou la fermer",
                f"decide on '{deal}': its next stage, or close it",
            )
        case FactKind.CLOSE_DATE_PAST:
            step = Text(
                f"une nouvelle date de fermeture pour « {deal} », ou la fermer",
                f"a new close date for '{deal}', or close it",
            )
        case FactKind.OWNER_MISSING | FactKind.ORPHANED_ACCOUNTS:
            step = Text(f"un responsable pour {account}", f"an owner for {account}")
        case _:
            step = Text(account, account)
    if not others:
        return step
    return Text(f"{step.fr}, puis les suivants", f"{step.en}, then the next ones")
