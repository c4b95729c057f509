"""Settings: `ARPENT_*` variables, `.env`, a secrets directory, `arpent.toml`, in that order.

Secrets are `SecretStr`: they show in no log, error or page.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from connectors.address import Address, AddressSetting
from connectors.registry import VENDORS, CrmSettings
from connectors.vendor import PREFIX
from rules.language import Language, Text, cause
from rules.located import Misfit, nearest
from rules.thresholds import Threshold, Thresholds, read_by_field
from service.delivery.webhook import read_webhook
from service.mail import read_server
from service.schedule import Quiet, Weekly
from service.sealing import Sealing, read_keys

SHIPPED_PLAYBOOK = Path(__file__).parent.parent / "rules" / "playbook"
SECRETS = Path("/run/secrets")
DOTENV = Path(".env")
TOML = Path("arpent.toml")
_FOR_TESTS = f"{PREFIX}TEST_"


class SettingsError(Exception):
    """Settings that can't be used: every problem at once, with its place."""

    def __init__(self, problems: list[Text]) -> None:
        super().__init__("\n".join(problem.en for problem in problems))
        self.problems = problems


class Settings(CrmSettings, BaseSettings):
    """What an installation decides. Each field is documented in `docs/operations.md`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=DOTENV, env_file_encoding="utf-8", extra="ignore",
        toml_file=TOML, frozen=True, secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )  # fmt: skip

    database_url: AddressSetting = "sqlite:///.arpent/arpent.sqlite3"
    playbook: Path = SHIPPED_PLAYBOOK
    language: Language = Language.FR
    read_only: bool = False
    log: Literal["auto", "json", "console"] = "auto"
    secret_keys: SecretStr | None = None
    pull_every_minutes: int = Field(default=15, ge=1)
    weekly_look: str = "monday 07:00"
    quiet_hours: str | None = None
    lease_seconds: float = Field(default=60, ge=0.5, le=600)
    mail_to: str | None = None
    mail_from: str | None = None
    mail_server: SecretStr | None = None
    slack_url: SecretStr | None = None
    teams_url: SecretStr | None = None
    apprise_urls: SecretStr | None = None
    hold_percent: int = Field(default=30, ge=0)
    hold_moving_percent: int = Field(default=60, ge=0)
    hold_count: int = Field(default=50, ge=0)
    hold_cleared_percent: int = Field(default=10, ge=0)
    hold_cleared_count: int = Field(default=20, ge=0)
    hold_fields: str = ""

    @field_validator("playbook")
    @classmethod
    def _may_start_at_home(cls, path: Path) -> Path:
        return path.expanduser()

    @field_validator("weekly_look")
    @classmethod
    def _is_a_time_of_the_week(cls, text: str) -> str:
        Weekly.read(text)
        return text

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, text: str | None) -> str | None:
        if text:
            Quiet.read(text)
        return text or None

    @field_validator("mail_server")
    @classmethod
    def _is_a_mail_server(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None:
            read_server(given)
        return given

    @field_validator("slack_url", "teams_url")
    @classmethod
    def _is_a_webhook(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None:
            read_webhook(given)
        return given

    @field_validator("secret_keys")
    @classmethod
    def _are_keys(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None:
            read_keys(given)
        return given

    @field_validator("hold_fields")
    @classmethod
    def _are_thresholds(cls, text: str) -> str:
        read_by_field(text)
        return text

    @property
    def secrets(self) -> list[SecretStr]:
        """What must be seen nowhere: keys, tokens, passwords, those within addresses too."""
        values = [getattr(self, name) for name in type(self).model_fields]
        keys = [value for value in values if isinstance(value, SecretStr)]
        addresses = [Address(value) for value in values if isinstance(value, Address)]
        if self.mail_server is not None:
            addresses.append(Address(self.mail_server.get_secret_value()))
        within = [each for address in addresses for each in address.secrets()]
        return [*keys, *self._channel_addresses, *self._sealing_keys, *within]

    @property
    def _channel_addresses(self) -> list[SecretStr]:
        """Each address of Apprise by itself: that is how an error may quote it."""
        given = self.apprise_urls.get_secret_value() if self.apprise_urls else ""
        return [SecretStr(each) for each in given.split()]

    @property
    def sealing(self) -> Sealing:
        """What seals the tokens that are kept in files; without a key they are plain."""
        return Sealing(self._sealing_keys)

    @property
    def _sealing_keys(self) -> list[SecretStr]:
        return [] if self.secret_keys is None else read_keys(self.secret_keys)

    @property
    def token_files(self) -> dict[str, Path]:
        """The files in which refresh tokens are kept, by the name of their setting."""
        named = {
            PREFIX + name.upper(): getattr(self, name)
            for name in type(self).model_fields
            if name.endswith("_refresh_token_file")
        }
        return {name: file for name, file in named.items() if file is not None}

    @property
    def thresholds(self) -> Thresholds:
        """From when on a push is held."""
        return Thresholds(
            firm=Threshold(self.hold_percent, self.hold_count),
            moving=Threshold(self.hold_moving_percent, self.hold_count),
            cleared=Threshold(self.hold_cleared_percent, self.hold_cleared_count),
            by_field=read_by_field(self.hold_fields),
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of the sources: the first that has a value wins."""
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, file_secret_settings, toml


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - any setting
    """The settings of this process; raises `SettingsError` with every problem."""
    problems = list(_unknown_names())
    settings: Settings | None = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_refused(detail) for detail in error.errors()]
    else:
        problems += _ill_matched(settings)
    # Raised out here, so that it does not carry the other error, which quotes the values.
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _ill_matched(settings: Settings) -> Iterator[Text]:
    """Settings that are fine one by one, and not together."""
    for vendor in VENDORS.values():
        yield from vendor.problems(settings)
    if settings.mail_to and not (settings.mail_server and settings.mail_from):
        yield Text(
            "ARPENT_MAIL_TO : il manque ARPENT_MAIL_SERVER ou ARPENT_MAIL_FROM pour envoyer ce "
            "courriel. Complétez, ou retirez ARPENT_MAIL_TO.",
            "ARPENT_MAIL_TO: ARPENT_MAIL_SERVER or ARPENT_MAIL_FROM is missing to send this mail. "
            "Add it, or remove ARPENT_MAIL_TO.",
        )


def _unknown_names() -> Iterator[Text]:
    """A mistyped name would silently do nothing: say so, wherever it is written.

    Raises `SettingsError` for a file that can't be read at all.
    """
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    yield from _unknown("", sorted(os.environ), known)
    yield from _unknown(f"{DOTENV}, ", _dotenv_names(), known)
    yield from _unknown(f"{TOML}, ", _toml_names(), list(Settings.model_fields), prefix="")


def _unknown(
    place: str, names: Iterable[str], known: list[str], *, prefix: str = PREFIX
) -> Iterator[Text]:
    for name in names:
        if name.startswith(prefix) and name not in known and not name.startswith(_FOR_TESTS):
            hint = nearest(name, known)
            yield Text(
                f"{place}{name} : réglage inconnu{hint.fr}.",
                f"{place}{name}: unknown setting{hint.en}.",
            )


def _dotenv_names() -> list[str]:
    try:
        return sorted(name.upper() for name in DotEnvSettingsSource(Settings).env_vars)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([_unreadable(DOTENV, error)]) from error


def _toml_names() -> list[str]:
    try:
        return sorted(tomllib.loads(TOML.read_text(encoding="utf-8"))) if TOML.is_file() else []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([_unreadable(TOML, error)]) from error


def _unreadable(path: Path, error: Exception) -> Text:
    why = cause(error) if isinstance(error, OSError) else Text(str(error), str(error))
    return Text(
        f"{path.absolute()} ne se lit pas ({why.fr}). Corrigez ce fichier, ou retirez-le.",
        f"{path.absolute()} can't be read ({why.en}). Correct this file, or remove it.",
    )


def _refused(detail: ErrorDetails) -> Text:
    """A value that can't be used: which, what is wanted, what to do. Never the value of a key."""
    name = PREFIX + str(detail["loc"][0]).upper()
    wanted = _wanted(detail)
    return Text(
        f"{name} : {wanted.fr}. Corrigez ce réglage, ou retirez-le pour la valeur par défaut.",
        f"{name}: {wanted.en}. Correct this setting, or remove it for the default.",
    )


def _wanted(detail: ErrorDetails) -> Text:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error" if isinstance(context.get("error"), Misfit):
            misfit: Misfit = context["error"]
            return misfit.text
        case "enum" | "literal_error":
            expected = str(context.get("expected"))
            one_of = expected.replace(" or ", " ou ")
            return Text(f"il faut {one_of}", f"{expected} is needed")
        case "int_parsing" | "int_type" | "int_from_float":
            return Text("il faut un nombre entier", "a whole number is needed")
        case "greater_than_equal":
            least = context.get("ge")
            return Text(f"il faut au moins {least}", f"at least {least} is needed")
        case "bool_parsing" | "bool_type":
            return Text("il faut 1 ou 0", "1 or 0 is needed")
        case _:
            return Text(f"valeur refusée ({detail['msg']})", f"refused value ({detail['msg']})")
