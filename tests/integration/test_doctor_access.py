"""What `doctor` says of the keys of HubSpot while one takes the place of the other."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from rules.rulebook import compile_rulebook
from service import doctor
from service.app import read_playbook
from service.doctor import Finding
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import rulebooks
from service.store.engine import Store

NEXT = "pat-na1-the-next-key"


@pytest.fixture
def portal(store: Store) -> Iterator[HubSpotSandbox]:
    """A portal, beside a store where the shipped playbook is in force."""
    with store.write() as connection:
        book = compile_rulebook(read_playbook(SHIPPED_PLAYBOOK))
        rulebooks.publish(connection, book, author="ops", reason="", now=1)
    with HubSpotSandbox() as made:
        yield made


def said_of_access(store_url: str, portal: HubSpotSandbox, following: str | None) -> list[Finding]:
    settings = Settings(
        database_url=store_url,
        hubspot_url=portal.url,
        hubspot_token=SecretStr(SANDBOX_TOKEN),
        hubspot_token_next=SecretStr(following) if following else None,
    )
    found = doctor.run(settings)
    shown = "".join(f"{each.text.fr}{each.text.en}" for each in found)
    assert SANDBOX_TOKEN not in shown
    assert NEXT not in shown
    return [each for each in found if each.check.en == "Access"]


def test_one_key_is_no_matter(store_url: str, portal: HubSpotSandbox) -> None:
    assert said_of_access(store_url, portal, None) == []


def test_doctor_tries_both_keys_and_says_which_works(
    store_url: str, portal: HubSpotSandbox
) -> None:
    (unknown,) = said_of_access(store_url, portal, NEXT)
    portal.rotate_token(SANDBOX_TOKEN, NEXT)
    (both,) = said_of_access(store_url, portal, NEXT)
    portal.clock.advance(timedelta(days=8))
    (second,) = said_of_access(store_url, portal, NEXT)

    assert [each.is_fine for each in (unknown, both, second)] == [False, True, False]
    assert "la suivante non" in unknown.text.fr
    assert "les deux clés fonctionnent" in both.text.fr
    assert "Mettez-la dans ARPENT_HUBSPOT_TOKEN" in second.text.fr
