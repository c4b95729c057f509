"""Preflight: does the CRM have every field and option that the playbook names, as it reads them?

A field that is not there would be read as unknown everywhere, and every account would become
unrated: better to stop with a sentence.
"""

from collections.abc import Iterable, Sequence

from connectors.base import Binding, Connector, CrmField
from rules.language import Text
from rules.located import nearest
from rules.records import Kind


def run(connector: Connector, bindings: Sequence[Binding]) -> list[Text]:
    """What the CRM lacks, a sentence each; empty when all is there. One call for each kind."""
    problems: list[Text] = []
    for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY):
        wanted = [each for each in bindings if each.kind is kind]
        if wanted:
            known = {each.name: each for each in connector.fields(kind)}
            problems += [
                text for each in wanted for text in _problems(connector.vendor, each, known)
            ]
    return problems


def _problems(vendor: str, binding: Binding, known: dict[str, CrmField]) -> Iterable[Text]:
    where = f"fields.yaml, {binding.kind.value}.{binding.name}"
    field = known.get(binding.crm_field)
    if field is None:
        hint = nearest(binding.crm_field, list(known))
        yield Text(
            f"{where} : {vendor} n'a pas de champ « {binding.crm_field} »{hint.fr}. Corrigez le "
            "nom interne, ou retirez le champ.",
            f"{where}: {vendor} has no field '{binding.crm_field}'{hint.en}. Correct the internal "
            "name, or remove the field.",
        )
        return
    if binding.type in field.never:
        yield Text(
            f"{where} : {binding.crm_field} est de type « {field.type} » dans {vendor}, et ne se "
            f"lit pas comme « {binding.type.value} ». Corrigez le type dans fields.yaml, ou "
            "rétablissez celui du champ dans le CRM.",
            f"{where}: {binding.crm_field} is of type '{field.type}' in {vendor}, and can't be "
            f"read as '{binding.type.value}'. Correct the type in fields.yaml, or restore the "
            "field's in the CRM.",
        )
    missing = [option for option in binding.values if field.options and option not in field.options]
    for option in missing:
        hint = nearest(option, list(field.options))
        yield Text(
            f"{where} : « {option} » n'est pas une option de {binding.crm_field} dans "
            f"{vendor}{hint.fr}.",
            f"{where}: '{option}' is not an option of {binding.crm_field} in {vendor}{hint.en}.",
        )
