"""What people read when a task is not written."""

from rules.language import Text

NO_ID = Text(
    fr="Zoho a répondu sans l'identifiant de la tâche : on ignore si elle existe. Elle sera "
    "cherchée sur le compte avant toute nouvelle création.",
    en="Zoho answered without the task's id: whether it exists is unknown. It will be looked up on "
    "the account before it is created again.",
)
REFUSED = Text(
    fr="La tâche n'a pas été écrite. Vérifiez que le propriétaire est actif dans Zoho et que le "
    "compte existe encore, puis relancez.",
    en="The task was not written. Check that the owner is active in Zoho and that the account "
    "still exists, then run again.",
)
DONE = Text(
    fr="La tâche est déjà fermée : elle reste comme la personne l'a laissée.",
    en="The task is closed already: it stays as the person left it.",
)
GONE = Text(
    fr="La tâche n'est plus dans Zoho : elle n'est pas recréée.",
    en="The task is no longer in Zoho: it is not created again.",
)
JUST_EDITED = Text(
    fr="Quelqu'un modifie cette tâche en ce moment : elle sera revue au prochain passage.",
    en="Somebody is editing this task right now: it will be looked at again at the next run.",
)
