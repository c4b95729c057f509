"""Mail to the ops: short, in text, at least once. A mail that can't leave is tried again later."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from rules.located import Misfit

SECONDS = 10.0
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailError(Exception):
    """The mail did not leave: in the words of the server, or of the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in; `security` is the scheme of its address."""

    security: str
    host: str
    port: int
    user: str | None = None
    password: SecretStr | None = None


def read_server(given: SecretStr) -> Server:
    """`smtp+starttls://user:password@host:587`; raises `Misfit`, without the password in it."""
    parts, port = SplitResult("", "", "", "", ""), None
    # Its own error quotes what should be a port, and may be a password: ours does not carry it.
    with suppress(ValueError):
        split = urlsplit(given.get_secret_value().strip())
        parts, port = split, split.port
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        raise _unreadable()
    return Server(
        security=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username) if parts.username else None,
        password=SecretStr(unquote(parts.password)) if parts.password else None,
    )


def _unreadable() -> Misfit:
    return Misfit(
        "n'est pas l'adresse d'un serveur de courriel (smtp+starttls://utilisateur:motdepasse@"
        "serveur:587, smtps://…, smtp://…)",
        "is not the address of a mail server (smtp+starttls://user:password@host:587, smtps://…, "
        "smtp://…)",
    )


def send(server: Server, *, sender: str, to: str, subject: str, body: str, key: str) -> None:
    """Hand in a mail; `key` makes its Message-ID, so that a second copy can be told as one.

    Raises `MailError` when it did not leave, or is not known to have left.
    """
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    # A header can't hold two lines; what a CRM says may.
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = make_msgid(idstring=key, domain=sender.rpartition("@")[2] or None)
    message.set_content(body)
    failure = ""
    try:
        with _connected(server) as session:
            if server.user and server.password:
                session.login(server.user, server.password.get_secret_value())
            session.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        failure = type(error).__name__
    # Raised out here: the server's own words may repeat what it was sent.
    if failure:
        raise MailError(failure)


def reach(server: Server) -> None:
    """Connect, and send nothing; raises `MailError` when nobody answers there."""
    try:
        with _connected(server) as session:
            session.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(type(error).__name__) from error


def _connected(server: Server) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if server.security == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=trusted)
    session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.security == "smtp+starttls":
        session.starttls(context=trusted)
    return session
