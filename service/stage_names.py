"""The stages that `kpis.yaml` names beside those of a CRM: an unknown name counts nothing."""

from collections.abc import Sequence

from rules.kpi.kpis import Kpis
from rules.language import Text


def look(kpis: Kpis, labels: Sequence[str]) -> Text | None:
    """What is wrong with `proposals: {stages}`, given the labels of the stages of a CRM.

    None where one of them is a stage there: the others may be those of another CRM. None as well
    before the first pull, when no stage is known.
    """
    named = kpis.proposals.stages if kpis.proposals else []
    if not named or not labels or set(named) & set(labels):
        return None
    listed = ", ".join(f"« {each} »" for each in labels), ", ".join(f"'{each}'" for each in labels)
    written = ", ".join(named)
    return Text(
        f"aucune des étapes de proposals (kpis.yaml : {written}) n'est une étape de ce CRM : rien "
        f"n'y compte comme proposition. Écrivez l'une de {listed[0]}, à la lettre, "
        "puis « arpent rules publish ».",
        f"none of the stages of proposals (kpis.yaml: {written}) is a stage of this CRM: nothing "
        f"counts as a proposal there. Write one of {listed[1]}, to the letter, "
        "then `arpent rules publish`.",
    )
