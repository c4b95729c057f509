"""Settings: `ARPENT_*` variables, `.env`, a secrets directory, `arpent.toml`, in that order.

Secrets are `SecretStr`: they show in no log, error or page.
"""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rules.language import Language, Text
from rules.located import nearest

PREFIX = "ARPENT_"
SHIPPED_PLAYBOOK = Path(__file__).parent.parent / "rules" / "playbook"
SECRETS = Path("/run/secrets")


class SettingsError(Exception):
    """Settings that can't be used: every problem at once, with its place."""

    def __init__(self, problems: list[Text]) -> None:
        super().__init__("\n".join(problem.en for problem in problems))
        self.problems = problems


class Settings(BaseSettings):
    """What an installation decides. Each field is documented in `docs/operations.md`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore",
        toml_file="arpent.toml", frozen=True, secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )  # fmt: skip

    database_url: str = "sqlite:///.arpent/arpent.sqlite3"
    playbook: Path = SHIPPED_PLAYBOOK
    language: Language = Language.FR
    read_only: bool = False
    log: Literal["auto", "json", "console"] = "auto"
    hubspot_token: SecretStr | None = None
    hubspot_url: str = "https://api.hubapi.com"
    hubspot_account_id: str | None = None
    pull_every_minutes: int = Field(default=15, ge=1)
    review: str = "monday 07:00"

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
    problems = _unknown_variables()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [
            Text(
                f"{PREFIX}{str(detail['loc'][0]).upper()} : {detail['msg']}. Corrigez-la, ou "
                "retirez-la pour la valeur par défaut.",
                f"{PREFIX}{str(detail['loc'][0]).upper()}: {detail['msg']}. Correct it, or remove "
                "it for the default.",
            )
            for detail in error.errors()
        ]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _unknown_variables() -> list[Text]:
    """A mistyped variable would silently do nothing: say so."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith("ARPENT_TEST_"):
            hint = nearest(name, sorted(known))
            problems.append(
                Text(f"{name} : variable inconnue{hint.fr}.", f"{name}: unknown variable{hint.en}.")
            )
    return problems
