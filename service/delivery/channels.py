"""The channels of an installation, and how a digest leaves by each of them.

Mail is for one person. Slack, Teams and the addresses of Apprise are shared: only the digest of
the team goes there, never one of a rep or of a manager.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.digest.digest import Digest, plain
from rules.language import Text
from rules.located import Misfit
from rules.rulebook import Rulebook
from service import mail
from service.delivery import apprise_addresses, slack, teams, webhook
from service.delivery.apprise_addresses import AppriseError
from service.delivery.page import page
from service.delivery.webhook import WebhookError
from service.mail import Letter, MailError
from service.settings import Settings
from service.store.digests import KeptDigest

MAIL = "mail"
SLACK = "slack"
TEAMS = "teams"
APPRISE = "apprise"

_NAMED = 5
NO_SERVER = Text(
    "aucun serveur de courriel : réglez ARPENT_MAIL_SERVER et ARPENT_MAIL_FROM",
    "no mail server: set ARPENT_MAIL_SERVER and ARPENT_MAIL_FROM",
)
NO_OPS = Text(
    "pour les opérations d'abord, et ARPENT_MAIL_TO n'est pas réglé",
    "for ops first, and ARPENT_MAIL_TO is not set",
)
NO_ADDRESS = Text(
    "cette personne n'a pas d'adresse (email) dans team.yaml",
    "this person has no address (email) in team.yaml",
)
NO_CHANNEL = Text(
    "ce canal n'est plus dans les réglages", "this channel is no longer in the settings"
)


_SILENT = Text("pas de réponse à temps", "no answer in time")
_ABSENT = Text("personne ne répond à cette adresse", "nobody answers at this address")
_UNKNOWN = Text("ce nom de serveur n'existe pas", "there is no server of this name")
# What the libraries call the errors that one meets, in words.
_KINDS = {
    "Fatal": Text("une redirection, que rien ne suit", "a redirect, which is not followed"),
    "Oversized": Text("une réponse démesurée", "an oversized answer"),
    "ReadTimeoutError": _SILENT,
    "ConnectTimeoutError": _SILENT,
    "TimeoutError": _SILENT,
    "NewConnectionError": _ABSENT,
    "ConnectionRefusedError": _ABSENT,
    "NameResolutionError": _UNKNOWN,
    "gaierror": _UNKNOWN,
    "SMTPServerDisconnected": Text(
        "le serveur a coupé, ou n'a pas répondu à temps",
        "the server hung up, or did not answer in time",
    ),
    "SMTPAuthenticationError": Text(
        "identifiants refusés : voyez ARPENT_MAIL_SERVER",
        "credentials refused: see ARPENT_MAIL_SERVER",
    ),
    "SMTPRecipientsRefused": Text(
        "destinataire refusé : voyez son adresse dans team.yaml, ou ARPENT_MAIL_TO",
        "recipient refused: see the address in team.yaml, or ARPENT_MAIL_TO",
    ),
}


class DeliveryError(Exception):
    """A digest was not taken, or may not have been; the message has no secret.

    `is_of_digest`: this one was refused, and the channel may take others.
    """

    def __init__(self, message: Text, *, is_of_digest: bool = False) -> None:
        super().__init__(message.en)
        self.message = message
        self.is_of_digest = is_of_digest


@dataclass(frozen=True, slots=True)
class Channels:
    """Where digests can go, by the settings and the team as they are now."""

    settings: Settings
    book: Rulebook

    def shared(self) -> list[str]:
        """The channels that many read: `slack`, `teams`, and `apprise 1` onwards."""
        settings = self.settings
        found = [name for name, url in ((SLACK, settings.slack_url), (TEAMS, settings.teams_url))
                 if url is not None]  # fmt: skip
        several = apprise_addresses.split(settings.apprise_urls)
        return [*found, *(f"{APPRISE} {place}" for place in range(1, len(several) + 1))]

    def obstacle(self, channel: str, recipient: str, *, to_ops: bool) -> Text | None:
        """Why a digest has nowhere to go; None where it has."""
        if channel != MAIL:
            return None if channel in self.shared() else NO_CHANNEL
        if self.settings.mail_server is None or self.settings.mail_from is None:
            return NO_SERVER
        if to_ops:
            return None if self.settings.mail_to else NO_OPS
        return None if self._address(recipient) else NO_ADDRESS

    def wanting(self) -> Sequence[Text]:
        """What keeps some mail from leaving, where there is a server for it, and what to do."""
        settings, found = self.settings, list[Text]()
        if settings.mail_server is None:
            return found
        nowhere = [rep.name for rep in self.book.team.reps.values() if rep.email is None]
        names = ", ".join([*nowhere[:_NAMED], *("…" for _ in nowhere[_NAMED : _NAMED + 1])])
        if nowhere:
            found.append(
                Text(
                    f"sans adresse, leur message reste ici ({names}) : ajoutez « email » dans "
                    "team.yaml, puis « arpent rules publish »",
                    f"without an address, their digest stays here ({names}): add `email` in "
                    "team.yaml, then `arpent rules publish`",
                )
            )
        if not settings.mail_to:
            found.append(
                Text(
                    "les deux premiers de chacun vont aux opérations : réglez ARPENT_MAIL_TO",
                    "the first two of each go to ops: set ARPENT_MAIL_TO",
                )
            )
        return found

    def send(self, kept: KeptDigest) -> None:
        """Send a digest; raises `DeliveryError` when it was not taken, or may not have been."""
        obstacle = self.obstacle(kept.channel, kept.recipient, to_ops=kept.to_ops)
        if obstacle is not None:
            raise DeliveryError(obstacle, is_of_digest=obstacle == NO_ADDRESS)
        digest = Digest.of_json(kept.body)
        failure: Text | None = None
        is_of_digest = False
        try:
            if kept.channel == MAIL:
                self._mail(kept, digest)
            else:
                self._post(kept.channel, digest)
        except (MailError, WebhookError, AppriseError) as error:
            failure = _refused(kept.channel, str(error))
            is_of_digest = isinstance(error, MailError) and error.is_of_letter
        except Misfit as error:
            failure = _refused(kept.channel, error.text.en, error.text.fr)
        # Raised out here, so that nothing that an address is quoted in comes with it.
        if failure is not None:
            raise DeliveryError(failure, is_of_digest=is_of_digest)

    def _mail(self, kept: KeptDigest, digest: Digest) -> None:
        settings = self.settings
        if settings.mail_server is None or settings.mail_from is None:
            raise DeliveryError(NO_SERVER)
        to = settings.mail_to if kept.to_ops else self._address(kept.recipient)
        letter = Letter(
            sender=settings.mail_from, to=to or "", subject=self._subject(kept, digest),
            body=plain(digest), html=page(digest), key=kept.message_key, at=kept.composed_at,
        )  # fmt: skip
        mail.send(mail.read_server(settings.mail_server), letter)

    def _post(self, channel: str, digest: Digest) -> None:
        settings = self.settings
        match channel.split():
            case ["slack"] if settings.slack_url is not None:
                webhook.post(settings.slack_url, slack.message(digest))
            case ["teams"] if settings.teams_url is not None:
                webhook.post(settings.teams_url, teams.message(digest))
            case ["apprise", place]:
                addresses = apprise_addresses.split(settings.apprise_urls)
                apprise_addresses.notify(addresses[int(place) - 1], digest)
            case _:
                raise DeliveryError(NO_CHANNEL)

    def _subject(self, kept: KeptDigest, digest: Digest) -> str:
        if not kept.to_ops:
            return digest.subject
        rep = self.book.team.reps.get(kept.recipient)
        name = rep.name if rep else kept.recipient
        return f"[{name}] {digest.subject}"

    def _address(self, recipient: str) -> str | None:
        rep = self.book.team.reps.get(recipient)
        return rep.email if rep else None


def _refused(channel: str, english: str, french: str | None = None) -> Text:
    why = _KINDS.get(english, Text(french or english, english))
    return Text(
        f"{channel} n'a pas pris le message ({why.fr})",
        f"{channel} did not take the message ({why.en})",
    )
