"""What people read of an account that was not written."""

from rules.language import Text

GONE = Text(
    "Ce compte n'existe plus dans Zoho : il a été supprimé ou fusionné. Relancez un « pull » pour "
    "suivre le changement.",
    "This account no longer exists in Zoho: it was deleted or merged. Pull again to follow the "
    "change.",
)
TO_PROVISION = Text(
    "Un champ d'Arpent, ou l'un de ses choix, manque dans Zoho : lancez « arpent fields ensure ».",
    "A field of Arpent, or one of its options, is missing in Zoho: run “arpent fields ensure”.",
)
RULED_OUT = Text(
    "Zoho applique une règle de votre administrateur à ce compte (champ obligatoire, validation, "
    "approbation) : corrigez la fiche ou la règle, puis relancez.",
    "Zoho applies a rule of your administrator to this account (mandatory field, validation, "
    "approval): correct the record or the rule, then run again.",
)
LOCKED = Text(
    "Ce compte est verrouillé ou vient d'être modifié dans Zoho : il sera écrit au prochain "
    "passage.",
    "This account is locked or has just been modified in Zoho: it will be written at the next run.",
)
NOT_ALLOWED = Text(
    "L'utilisateur de Zoho ne peut pas modifier ce compte : partagez-le avec lui, ou donnez-lui un "
    "profil qui voit tous les comptes, puis relancez.",
    "The Zoho user may not edit this account: share it with them, or give them a profile that sees "
    "all accounts, then run again.",
)
UNMENTIONED = Text(
    "Zoho n'a rien dit de ce compte dans sa réponse : on ignore si l'écriture a eu lieu. Elle sera "
    "refaite.",
    "Zoho said nothing of this account in its answer: whether the write took place is unknown. It "
    "will be done again.",
)


def no_field(names: list[str]) -> str:
    """The own fields that Zoho lacks; it would ignore them without a word."""
    return f"no such field in Zoho: {', '.join(names)}"


def no_option(name: str, value: str) -> str:
    """A value that a picklist does not have; Zoho would take it all the same."""
    return f"“{value}” is not an option of {name} in Zoho"
