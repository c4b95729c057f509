"""Sealed texts: who opens them, and what is said of keys that are none."""

import json
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest
from pydantic import SecretStr

from rules.located import Misfit
from service.sealing import HOW_TO_MAKE_A_KEY, NO_KEYS, Sealing, Shut, ShutError, read_keys

OLD, NEW = (SecretStr(urlsafe_b64encode(bytes([each] * 32)).decode()) for each in (1, 2))
TEXT, USE = "a-refresh-token", "refresh token of an-app"


def why_shut(sealing: Sealing, text: str, use: str = USE) -> Shut:
    with pytest.raises(ShutError) as raised:
        sealing.open(text, use)
    return raised.value.why


def test_what_is_sealed_is_opened_by_its_key_alone() -> None:
    sealed = Sealing([OLD]).seal(TEXT, USE)

    assert TEXT not in sealed
    assert "an-app" not in sealed
    assert Sealing([OLD]).open(sealed, USE) == TEXT
    assert why_shut(Sealing([NEW]), sealed) is Shut.OTHER_KEY
    assert why_shut(NO_KEYS, sealed) is Shut.NO_KEY
    # Sealed again, it does not look the same.
    assert Sealing([OLD]).seal(TEXT, USE) != sealed


def test_what_is_sealed_for_one_use_is_none_for_another() -> None:
    sealed = Sealing([OLD]).seal(TEXT, USE)

    assert why_shut(Sealing([OLD]), sealed, "refresh token of another-app") is Shut.OTHER_CONTEXT


@pytest.mark.parametrize("place", [20, 60, -10])
def test_a_damaged_text_is_not_opened(place: int) -> None:
    sealed = Sealing([OLD]).seal(TEXT, USE)
    other = "A" if sealed[place] != "A" else "B"
    spoiled = sealed[:place] + other + sealed[place:][1:]

    assert why_shut(Sealing([OLD]), spoiled) is Shut.OTHER_KEY
    assert why_shut(Sealing([OLD]), sealed[:place]) is Shut.OTHER_KEY


def test_the_first_key_seals_and_each_opens() -> None:
    by_old = Sealing([OLD]).seal(TEXT, USE)
    both = Sealing([NEW, OLD])

    assert both.open(by_old, USE) == TEXT
    assert (both.is_opened(by_old), both.is_current(by_old)) == (True, False)
    by_new = both.seal(TEXT, USE)
    assert both.is_current(by_new)
    assert Sealing([NEW]).open(by_new, USE) == TEXT
    assert not Sealing([OLD]).is_opened(by_new)


def test_without_a_key_a_text_stays_as_it_is() -> None:
    assert NO_KEYS.seal(TEXT, USE) == TEXT
    assert NO_KEYS.open(TEXT, USE) == TEXT
    assert (NO_KEYS.has_keys, NO_KEYS.is_current(TEXT), NO_KEYS.is_opened(TEXT)) == (
        False, True, True,
    )  # fmt: skip


def test_a_text_that_was_never_sealed_is_read_and_wants_to_be() -> None:
    assert Sealing([OLD]).open(TEXT, USE) == TEXT
    assert not Sealing([OLD]).is_current(TEXT)


@pytest.mark.parametrize("between", [",", ", ", " ", "\n", ",\n"])
def test_keys_are_separated_as_in_a_line_or_a_file(between: str) -> None:
    given = SecretStr(f" {NEW.get_secret_value()}{between}{OLD.get_secret_value()}\n")

    assert read_keys(given) == [NEW, OLD]
    assert read_keys(SecretStr("")) == []


@pytest.mark.parametrize("given", ["a-passphrase", "é" * 44, "A" * 40, "A" * 45, "A" * 88])
def test_what_is_no_key_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(Misfit, match="32 bytes") as raised:
        read_keys(SecretStr(f"{OLD.get_secret_value()},{given}"))

    assert given not in json.dumps([raised.value.text.fr, raised.value.text.en])
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_the_command_that_is_told_makes_a_key() -> None:
    command = HOW_TO_MAKE_A_KEY.removeprefix('python3 -c "').removesuffix('"')
    made = subprocess.run([sys.executable, "-Ic", command], capture_output=True, check=True).stdout

    (key,) = read_keys(SecretStr(made.decode()))
    assert Sealing([key]).open(Sealing([key]).seal(TEXT, USE), USE) == TEXT
