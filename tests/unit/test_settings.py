"""Settings: where each is read from, what is refused, and that no key is ever shown."""

import os
from pathlib import Path

import pytest

from rules.language import Language
from rules.owned import Owned
from rules.thresholds import Threshold
from service.sealing import Sealing
from service.settings import SHIPPED_PLAYBOOK, Settings, SettingsError, load_settings
from tests.unit.test_sealing import NEW, OLD

KEY = "pat-na1-canary-in-the-settings"


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ARPENT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def problems() -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert KEY not in str(raised.value)
    return [problem.fr for problem in raised.value.problems]


def test_nothing_is_needed_to_start() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite:///.arpent/arpent.sqlite3"
    assert settings.playbook == SHIPPED_PLAYBOOK
    assert settings.language is Language.FR
    assert (settings.read_only, settings.hubspot_token) == (False, None)


def test_a_variable_wins_over_env_and_env_over_toml(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toml = 'weekly_look = "friday 09:00"\nlanguage = "en"\npull_every_minutes = 30\n'
    (tmp_path / "arpent.toml").write_text(toml)
    env = "ARPENT_WEEKLY_LOOK=tuesday 08:00\nARPENT_LANGUAGE=fr\nPATH_X=1\n"
    (tmp_path / ".env").write_text(env)
    monkeypatch.setenv("ARPENT_WEEKLY_LOOK", "monday 06:00")
    settings = load_settings()
    assert settings.weekly_look == "monday 06:00"
    assert settings.language is Language.FR
    assert settings.pull_every_minutes == 30
    assert load_settings(weekly_look="sunday 05:00").weekly_look == "sunday 05:00"


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARPENT_HUBSPOT_TOKEN", KEY)
    settings = load_settings()
    assert settings.hubspot_token is not None
    assert settings.hubspot_token.get_secret_value() == KEY
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert KEY not in shown


def test_every_problem_is_told_at_once_and_no_key_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARPENT_HUBSPOT_TOKEN", KEY)
    monkeypatch.setenv("ARPENT_LANGUAGE", "de")
    monkeypatch.setenv("ARPENT_PULL_EVERY_MINUTES", "often")
    monkeypatch.setenv("ARPENT_WEEKLY_LOKO", "monday 07:00")
    remedy = "Corrigez ce réglage, ou retirez-le pour la valeur par défaut."
    assert problems() == [
        "ARPENT_WEEKLY_LOKO : réglage inconnu (vouliez-vous dire « ARPENT_WEEKLY_LOOK » ?).",
        f"ARPENT_LANGUAGE : il faut 'fr' ou 'en'. {remedy}",
        f"ARPENT_PULL_EVERY_MINUTES : il faut un nombre entier. {remedy}",
    ]


def test_a_mistyped_key_is_not_shown_with_its_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"ARPENT_HUBSPOT_TOKN={KEY}\n")
    (tmp_path / "arpent.toml").write_text(f'hubspot_tocken = "{KEY}"\n')
    hint = "réglage inconnu (vouliez-vous dire"
    assert problems() == [
        f".env, ARPENT_HUBSPOT_TOKN : {hint} « ARPENT_HUBSPOT_TOKEN » ?).",
        f"arpent.toml, hubspot_tocken : {hint} « hubspot_token » ?).",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", b"ARPENT_LANGUAGE=\xff\n"),
        ("arpent.toml", b"weekly_look = [\n"),
        ("arpent.toml", b"\xff\xfe"),
    ],
)
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (told,) = problems()
    assert told.startswith(f"{tmp_path / name} ne se lit pas (")


def test_variables_of_the_tests_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARPENT_TEST_POSTGRES", "postgresql://somewhere/base")
    load_settings()


def test_thresholds_are_read_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    thresholds = load_settings(hold_count=5, hold_fields="why=80%/200").thresholds
    assert thresholds.of(Owned.TIER) == Threshold(30, 5)
    assert thresholds.of(Owned.PRIORITY) == Threshold(60, 5)
    assert thresholds.of(Owned.WHY) == Threshold(80, 200)
    assert thresholds.cleared == Threshold(10, 20)
    monkeypatch.setenv("ARPENT_HOLD_FIELDS", "why=most")
    (problem,) = problems()
    assert problem.startswith("ARPENT_HOLD_FIELDS : « why=most » n'est pas un seuil (why=80%/200).")


def test_the_keys_that_seal_are_in_the_environment_or_in_a_file_of_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    new, old = NEW.get_secret_value(), OLD.get_secret_value()
    assert not load_settings().sealing.has_keys
    (tmp_path / "arpent_secret_keys").write_text(f"{new}\n{old}\n")
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path)
    settings = load_settings()
    assert settings.sealing.is_current(Sealing([NEW]).seal("a token", "a use"))
    assert settings.sealing.is_opened(Sealing([OLD]).seal("a token", "a use"))
    assert {NEW, OLD} <= set(settings.secrets)
    assert new not in repr(settings) + settings.model_dump_json()

    monkeypatch.setenv("ARPENT_SECRET_KEYS", f"{new},{KEY}")
    (problem,) = problems()
    assert problem.startswith("ARPENT_SECRET_KEYS : il faut des clés de 32 octets")
    assert new not in problem


def test_the_files_in_which_tokens_are_kept(tmp_path: Path) -> None:
    settings = load_settings(
        salesforce_refresh_token_file=tmp_path / "token",
        salesforce_client_id="an-app", salesforce_url="https://acme.my.salesforce.com",
    )  # fmt: skip
    assert settings.token_files == {"ARPENT_SALESFORCE_REFRESH_TOKEN_FILE": tmp_path / "token"}
