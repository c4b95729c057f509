"""Mail: in text, or in text and HTML, at least once. One that can't leave is tried again later.

Its Message-ID depends on its key alone: a second copy can be told as one, and many servers do.
"""

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from rules.located import Misfit
from rules.time import Instant, moment_of

SECONDS = 10.0
_UTC = ZoneInfo("UTC")
_OF_LETTER = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError)
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailError(Exception):
    """The mail did not leave: in the words of the server, or of the network.

    `is_of_letter`: the server is there and refuses this letter; it may take another.
    """

    def __init__(self, words: str, *, is_of_letter: bool = False) -> None:
        super().__init__(words)
        self.is_of_letter = is_of_letter


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail. `key` makes its Message-ID; `at` is its date, where it has one of its own."""

    sender: str
    to: str
    subject: str
    body: str
    key: str
    html: str | None = None
    at: Instant | None = None


def send(server: Server, letter: Letter) -> None:
    """Hand in a mail; raises `MailError` when it did not leave, or is not known to have left."""
    failure, is_of_letter = "", False
    try:
        message = written(letter)
        with closing(_connected(server)) as session:
            if server.user and server.password:
                session.login(server.user, server.password.get_secret_value())
            session.send_message(message)
            # It was taken: whatever the server says to a farewell, it is not sent again.
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
    # What an address holds may have no place in a header: a value error.
    except (OSError, smtplib.SMTPException, ValueError) as error:
        failure, is_of_letter = type(error).__name__, isinstance(error, _OF_LETTER)
    # Raised out here: the server's own words may repeat what it was sent.
    if failure:
        raise MailError(failure, is_of_letter=is_of_letter)


def written(letter: Letter) -> EmailMessage:
    """The mail with its headers; raises `ValueError` for an address that no header can hold."""
    message = EmailMessage()
    message["From"], message["To"] = letter.sender, letter.to
    # A header can't hold two lines; what a CRM says may.
    message["Subject"] = " ".join(letter.subject.split())
    message["Message-ID"] = message_id(letter.key, letter.sender)
    if letter.at is not None:
        message["Date"] = format_datetime(moment_of(letter.at, _UTC))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a key: the same whoever computes it, whenever."""
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


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
