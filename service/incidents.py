"""Incidents: tell ops once when something goes wrong and once when it is well again.

Each change is a line of the log at once, and a mail where one is configured. A mail that does not
leave is tried again at the next tick; nothing else waits for it.
"""

from collections.abc import Mapping

import structlog
from structlog.contextvars import bound_contextvars

from rules.language import Language, Text
from service import mail
from service.app import App
from service.mail import Letter, MailError
from service.store import incidents
from service.store.incidents import Incident

log = structlog.get_logger()

# The scope of what concerns no single CRM.
SCHEDULE = "schedule"
# The scope of the channels that weekly digests leave by.
DIGEST = "digest"
_NO_CRM = (SCHEDULE, DIGEST)


def follow(app: App, scope: str, found: Mapping[str, Text | None]) -> None:
    """Take in what was found of each name of a scope, None where all is well; tell what changed."""
    named = {f"{scope}:{name}": text for name, text in found.items()}
    with app.store.write() as connection:
        changed = incidents.follow(connection, named, app.clock())
        if changed and not app.settings.mail_to:
            incidents.mark_told(connection, changed, app.clock())
    for each in changed:
        name = each.subject.partition(":")[2]
        with bound_contextvars(**({} if scope in _NO_CRM else {"crm": name})):
            if each.ended_at is None:
                log.warning("incident", subject=each.subject, what=each.text.en)
            else:
                log.info("recovered", subject=each.subject, what=each.text.en)


def send_mail(app: App, language: Language) -> None:
    """Mail what was not told yet, all in one; a failure is a line of the log."""
    settings = app.settings
    if not (settings.mail_to and settings.mail_from and settings.mail_server):
        return
    with app.store.read() as connection:
        waiting = incidents.untold(connection)
    if not waiting:
        return
    subject, body = _letter(waiting, language)
    try:
        mail.send(
            mail.read_server(settings.mail_server),
            Letter(
                sender=settings.mail_from, to=settings.mail_to, subject=subject, body=body,
                key=_key(waiting),
            ),
        )  # fmt: skip
    except MailError as error:
        log.warning("mail not sent", error=str(error))
        return
    with app.store.write() as connection:
        incidents.mark_told(connection, waiting, app.clock())


def _letter(waiting: list[Incident], language: Language) -> tuple[str, str]:
    begun = [each for each in waiting if each.ended_at is None]
    over = [each for each in waiting if each.ended_at is not None]
    heads = (
        (begun, Text("À voir", "Needs attention")),
        (over, Text("Rétabli", "Well again")),
    )
    first, head = (begun[0], heads[0][1]) if begun else (over[0], heads[1][1])
    subject = Text(f"Arpent – {head.fr} : {first.subject}", f"Arpent – {head.en}: {first.subject}")
    lines = [
        line
        for each_list, head in heads
        if each_list
        for line in (
            head.to(language),
            *(_line(each).to(language) for each in each_list),
            "",
        )
    ]
    lines.append(Text("« arpent status » en dit plus.", "`arpent status` says more.").to(language))
    return subject.to(language), "\n".join(lines)


def _line(each: Incident) -> Text:
    return Text(f"- {each.subject} : {each.text.fr}", f"- {each.subject}: {each.text.en}")


def _key(waiting: list[Incident]) -> str:
    """The same for the same news, however often it is sent."""
    return "-".join(
        f"{each.subject}.{each.ended_at or each.since_at}".replace(":", ".") for each in waiting[:3]
    )
