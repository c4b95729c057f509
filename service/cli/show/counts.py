"""Counts as people say them, in both languages: what several commands print."""

from rules.language import Text, counted


def values(count: int) -> Text:
    """`1 valeur`, `2 valeurs`."""
    return counted(count, Text("valeur", "value"), Text("valeurs", "values"))


def accounts(count: int) -> Text:
    """`1 compte`, `2 comptes`."""
    return counted(count, Text("compte", "account"), Text("comptes", "accounts"))


def tasks(count: int) -> Text:
    """`1 tâche`, `2 tâches`."""
    return counted(count, Text("tâche", "task"), Text("tâches", "tasks"))


def closed_tasks(count: int) -> Text:
    """`1 tâche fermée`, `2 tâches fermées`."""
    return counted(
        count, Text("tâche fermée", "task closed"), Text("tâches fermées", "tasks closed")
    )


def left(count: int) -> Text:
    """`1 laissée`, `2 laissées`: values that stay as they are."""
    return counted(count, Text("laissée", "left alone"), Text("laissées", "left alone"))


def calls(count: int) -> Text:
    """`1 requête`, `2 requêtes`: calls to a CRM."""
    return counted(count, Text("requête", "call"), Text("requêtes", "calls"))
