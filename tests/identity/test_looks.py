"""Nobody goes by a name that looks like another's."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import BadField, NameTaken
from hubbub.identity import Identity
from hubbub.identity.looks import Looks, looks_of, same_as
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import RoomId, UserName
from tests.contracts.people import create

from .clock import Clock
from .conftest import CHEAP

PASSWORD = "correct horse"
ADA_IN_CYRILLIC = "\u0410d\u0430"  # А and а


def alike(one: str, other: str) -> bool:
    return not looks_of(one).isdisjoint(looks_of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", ADA_IN_CYRILLIC),
        ("ada", "ADA"),
        ("paypal", "paypa1"),
        ("Ivan", "lvan"),
        ("modern", "modem"),
        ("Ada", "𝐀𝐝𝐚"),
        ("Ada", "Ａｄａ"),
        ("bob", "b0b"),
        ("Ada  Lovelace", "Ada\u3000Lovelace"),
        ("Ångström", "A\u030angstro\u0308m"),
    ],
)
def test_they_look_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ada", "Adam"), ("Adá", "Ada"), ("user10", "user11"), ("Ada L.", "Ada"), ("北京", "東京")]
)
def test_they_do_not(one: str, other: str) -> None:
    assert not alike(one, other)


@given(st.text(max_size=20))
def test_forms_and_capitals_of_one_text_look_alike(text: str) -> None:
    assert alike(text, unicodedata.normalize("NFD", text))
    assert alike(text, f"  {text} ")
    if text.isascii():
        assert alike(text, text.upper())
        assert alike(text, text.lower())


@given(st.text(string.digits, min_size=1, max_size=8), st.text(string.digits, min_size=1, max_size=8))
def test_numbers_do_not_look_like_each_other(one: str, other: str) -> None:
    assert alike(f"user{one}", f"user{other}") is (one == other)


def test_what_people_call_the_same() -> None:
    assert same_as("Ada  Lovelace") == same_as("ADA lovelace ")
    assert same_as("Ada") != same_as(ADA_IN_CYRILLIC)


async def test_a_display_name_may_be_shared_but_not_imitated(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD, title="Countess of Lovelace")
    eve = (await identity.sign_up("eve", PASSWORD)).login
    assert (await identity.set_title(eve, "countess of lovelace")).title == "countess of lovelace"
    for title in ("Countess of Love1ace", "Countess \u043ef Lovelace", "ada", "Ada", ADA_IN_CYRILLIC, "\uff21da"):
        with pytest.raises(NameTaken):
            await identity.set_title(eve, title)


async def test_nobody_signs_up_with_what_looks_like_another(identity: Identity) -> None:
    await identity.sign_up("ada-l", PASSWORD, title="Paypal")
    for name, title in (("ada-1", ""), ("eve", "Ada-L"), ("paypa1", ""), ("eve", "Paypa1")):
        with pytest.raises(NameTaken):
            await identity.sign_up(name, PASSWORD, title=title)
    with pytest.raises(NameTaken):
        await identity.add_account("ada-1", PASSWORD)
    await identity.sign_up("paypal", PASSWORD)  # the same as somebody's display name: that is no imitation


async def test_ones_own_name_is_ones_own(identity: Identity) -> None:
    ada = (await identity.sign_up("ada", PASSWORD, title="Ada")).login
    for title in (ADA_IN_CYRILLIC, "ADA", "", "Ada"):
        await identity.set_title(ada, title)


async def test_a_name_that_was_given_up_is_free(identity: Identity) -> None:
    ada, eve = (
        (await identity.sign_up("x1", PASSWORD, title="Ada")).login,
        (await identity.sign_up("x2", PASSWORD)).login,
    )
    with pytest.raises(NameTaken):
        await identity.set_title(eve, ADA_IN_CYRILLIC)
    await identity.set_title(ada, "")
    await identity.set_title(eve, ADA_IN_CYRILLIC)


async def test_a_rooms_title_is_not_imitated(store: SqliteStore) -> None:
    looks = Looks(store)
    await looks.room(RoomId("general"), "General")
    await looks.check_room(RoomId("general-2"), "general")
    for title in ("Genera1", "Gener\u0430l"):
        with pytest.raises(BadField):
            await looks.check_room(RoomId("general-2"), title)


async def test_what_was_named_before_is_looked_at_when_it_opens(store: SqliteStore, clock: Clock) -> None:
    for number in range(450):
        await store.accounts.create(UserName(f"user{number:03}"), "", "", 0)
    ada = await store.accounts.create(UserName("zoe"), "Zoë", "", 0)
    await create(store, ada.id, RoomId("general"), "General", now_ms=0)
    identity = Identity(store, now_ms=clock, hasher=CHEAP)
    await identity.open()
    for name, title in (("user44l", ""), ("z0e", ""), ("eve", "Zo\u0451")):
        with pytest.raises(NameTaken):
            await identity.sign_up(name, PASSWORD, title=title)
    with pytest.raises(BadField):
        await Looks(store).check_room(RoomId("other"), "Genera1")
    await identity.close()
