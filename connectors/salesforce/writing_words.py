"""What people read when a record is not written: why, and what to do about it."""

from collections.abc import Mapping

from rules.language import Text

MOVED = Text(
    fr="Ce compte n'existe plus sous cet identifiant dans Salesforce, ou l'utilisateur "
    "d'intégration ne le voit plus : il a été supprimé, fusionné ou restreint. Relancez un "
    "« pull » pour suivre le changement.",
    en="This account no longer exists under this id in Salesforce, or the integration user no "
    "longer sees it: it was deleted, merged or restricted. Pull again to follow the change.",
)
TO_PROVISION = Text(
    fr="Un champ d'Arpent, ou l'un de ses choix, manque dans Salesforce, ou l'utilisateur "
    "d'intégration ne peut pas le modifier : lancez « arpent fields ensure ».",
    en="A field of Arpent, or one of its options, is missing in Salesforce, or the integration "
    "user may not edit it: run “arpent fields ensure”.",
)
RULED_OUT = Text(
    fr="Salesforce applique une règle de votre administrateur à ce compte : corrigez la fiche ou "
    "la règle, puis relancez.",
    en="Salesforce applies a rule of your administrator to this account: correct the record or the "
    "rule, then run again.",
)
LOCKED = Text(
    fr="Quelqu'un modifie ce compte au même moment : l'écriture est remise à plus tard.",
    en="Somebody is changing this account at the same moment: the write is put off.",
)
UNMENTIONED = Text(
    fr="Salesforce n'a rien dit de ce compte dans sa réponse : on ignore si l'écriture a eu lieu. "
    "Elle sera refaite.",
    en="Salesforce said nothing of this account in its answer: whether the write took place is "
    "unknown. It will be done again.",
)
BY_CODE: Mapping[str, Text] = {
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": TO_PROVISION,
    "INVALID_FIELD": TO_PROVISION,
    "INVALID_FIELD_FOR_INSERT_UPDATE": TO_PROVISION,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Text(
        fr="Une règle de validation de votre administrateur refuse cette fiche : corrigez la "
        "fiche, ou exemptez-en l'utilisateur d'intégration, puis relancez.",
        en="A validation rule of your administrator refuses this record: correct the record, or "
        "exempt the integration user from the rule, then run again.",
    ),
    "DUPLICATES_DETECTED": Text(
        fr="Une règle de doublons bloque cette fiche : fusionnez les doublons, ou réglez la règle "
        "pour alerter sans bloquer, puis relancez.",
        en="A duplicate rule blocks this record: merge the duplicates, or set the rule to alert "
        "without blocking, then run again.",
    ),
    "REQUIRED_FIELD_MISSING": Text(
        fr="Un champ obligatoire est vide sur cette fiche : remplissez-le, puis relancez.",
        en="A required field is empty on this record: fill it in, then run again.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Text(
        fr="Un automatisme de votre organisation (déclencheur ou flux) a échoué sur cette fiche : "
        "montrez ce message à votre administrateur.",
        en="An automation of your org (trigger or flow) failed on this record: show this message "
        "to your administrator.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Text(
        fr="L'utilisateur d'intégration ne peut pas modifier cette fiche : donnez-lui accès à tous "
        "les comptes, puis relancez.",
        en="The integration user may not edit this record: give it access to all accounts, then "
        "run again.",
    ),
}
