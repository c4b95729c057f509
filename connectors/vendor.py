"""A vendor, as the settings know it: what opens its CRM, and what is said where that is missing.

Each vendor has one in its `opening.py`, beside its settings; `connectors.registry` lists them all.
Nothing here or there loads a vendor's SDK before the CRM is opened.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import SecretStr

from connectors.base import Connector, Grant
from rules.crm_filter import Filter, FilterText, NoFilter
from rules.language import Text

# Settings by environment: ARPENT_HUBSPOT_TOKEN is `hubspot_token`.
PREFIX = "ARPENT_"

SettingsT_contra = TypeVar("SettingsT_contra", contravariant=True)


class Keeping(Protocol):
    """Where a refresh token that a CRM replaces is kept; the service's affair."""

    def __call__(
        self,
        *,
        client_id: str,
        client_secret: SecretStr,
        given: SecretStr | None,
        file: Path | None,
        setting: str,
    ) -> Grant:
        """The grant of an application.

        `given` is the token of the settings, `file` where those that follow it are kept, and
        `setting` what people call that file.
        """


class Vendor(Protocol[SettingsT_contra]):
    """A CRM that can be opened.

    `name` is the word of settings, rule files and `--crm`; `title` is for people.
    """

    @property
    def name(self) -> str:
        """The word of settings and rule files (`hubspot`)."""

    @property
    def title(self) -> str:
        """What people call it (`HubSpot`)."""

    @property
    def how_to_open(self) -> Text:
        """What to set, and where it is found in the CRM; said when nothing is set."""

    def is_set(self, settings: SettingsT_contra) -> bool:
        """Whether the settings hold what opens it."""

    def problems(self, settings: SettingsT_contra) -> Iterator[Text]:
        """Its settings that do not go together; no value of them is in the sentences."""

    def private_files(self, settings: SettingsT_contra) -> Sequence[Path]:
        """The files that hold what opens it, there or not."""

    def open(
        self, settings: SettingsT_contra, *, keeping: Keeping, account_id: str | None
    ) -> Connector:
        """The connector; `account_id` is the account known so far, unless the settings name one.

        Raises:
            Misconfigured: Nothing is set, or a setting is unusable.
        """

    def account_in(self, text: str) -> str | None:
        """The id of the account whose page has the pasted address; None for any other text."""

    def filter_text(self, wanted: Filter) -> FilterText | NoFilter:
        """How a person makes the list of a filter in the CRM, and its query; or why none can."""
