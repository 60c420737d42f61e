"""Names that imitate others, or hide what they are."""

import asyncio
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.auth.names import RESERVED, account_name, look, shown_name
from signaling.errors import Refused
from tests.client import PASSWORD, Client
from tests.hostile.conftest import House

REGISTER = "/api/v1/auth/register"

REFUSED = {
    "reserved": "admin",
    "reserved in capitals": "ADMIN",
    "reserved in mixed letters": "AdMiN",
    "reserved and spaces": "  root ",
    "Cyrillic a": "аdmin",
    "Cyrillic a and i": "аdmіn",
    "Cyrillic o": "rооt",
    "Greek o": "rοοt",
    "Greek capital": "ΑDMIN",
    "full width": "ａｄｍｉｎ",
    "full width capitals": "ＡＤＭＩＮ",
    "mathematical bold": "𝐚𝐝𝐦𝐢𝐧",
    "mathematical script": "𝓻𝓸𝓸𝓽",
    "circled": "ⓐⓓⓜⓘⓝ",
    "superscript": "ᵃᵈᵐⁱⁿ",
    "dotless i": "admın",
    "phonetic a": "ɑdmin",
    "small capitals": "ᴀᴅᴍɪɴ",
    "Lisu": "ꓮꓓꓟꓲꓠ",
    "Cherokee": "ᎪᎠᎷ",
    "Cyrillic guest": "ԍuеst",
    "direction override": "\u202enimda",
    "direction override inside": "ali\u202ece",
    "direction isolate": "\u2066alice\u2069",
    "left-to-right mark": "alice\u200e",
    "zero-width space": "ad\u200bmin",
    "zero-width joiner": "al\u200dice",
    "zero-width no-break space": "\ufeffalice",
    "word joiner": "al\u2060ice",
    "soft hyphen": "al\u00adice",
    "combining mark": "a\u0332lice",
    "many combining marks": "a" + "\u0335" * 20,
    "grapheme joiner": "al\u034fice",
    "variation selector": "alice\ufe0f",
    "tag characters": "alice\U000e0061\U000e0062",
    "Hangul filler": "\u3164\u3164",
    "half-width Hangul filler": "관리\uffa0",
    "Braille blank": "\u2800\u2800",
    "no-break space inside": "al\u00a0ice",
    "space inside": "al ice",
    "at sign": "alice@candor",
    "slash": "alice/admin",
    "markup": "<b>alice</b>",
    "emoji": "alice🙂",
    "private letters": "\ue000\ue001",
    "unassigned": "\U000e1000ab",
    "two alphabets": "Ivanов",
    "three alphabets": "aбγ",
    "one character": "a",
    "33 characters": "a" * 33,
    "grows to 36 characters": "ﷺ" * 2,
    "nothing": " ",
}

ACCEPTED = (
    "alice",
    "Alice.B_c-9",
    "иван",
    "Ελένη",
    "小明",
    "さくら",
    "佐々木",
    "김철수",
    "田中さん",
    "עמית",
    "علی۱",
    "José",
    "naïve",
    "Straße",
    "İpek",
    "ab",
    "a" * 32,
)

# Each line is one name for everybody who looks at it.
SAME = (
    ("alice", "ALICE", "Alice", "ａｌｉｃｅ", "ᵃlice", "ɑlice", "alıce", " alice "),
    ("cope", "соре", "COPE", "СОРЕ"),
    ("kot", "кот", "κοτ"),
    ("josé", "jose\u0301", "JOSÉ"),
    ("strasse", "straße", "STRASSE"),
    ("علی1", "علی۱", "علی١", "علي١"),
    ("ab12", "ab१२", "ab１２"),
)


@pytest.mark.parametrize("what", REFUSED)
def test_a_name_that_hides_or_imitates_is_refused(what: str) -> None:
    with pytest.raises(Refused) as refused:
        account_name(REFUSED[what])
    assert refused.value.code == "name_refused"
    assert refused.value.detail


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_honest_name_of_any_alphabet_is_accepted(name: str) -> None:
    accepted = account_name(name)

    assert accepted.shown == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize("names", SAME, ids=lambda names: names[0])
def test_names_that_look_alike_share_one_key(names: tuple[str, ...]) -> None:
    assert len({account_name(name).key for name in names}) == 1


def test_names_that_differ_to_the_eye_have_keys_of_their_own() -> None:
    names = ("alice", "alicia", "al1ce", "a.lice", "a_lice", "älice", "иван", "ivan")

    assert len({account_name(name).key for name in names}) == len(names)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_only_an_administrator_makes_an_account_with_a_reserved_name(name: str) -> None:
    with pytest.raises(Refused):
        account_name(name)
    assert account_name(name, reserved=True).key == name


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "Admin",
        "аdmin",
        "ad\u200bmin",
        "admin\u3164",
        "admin\ufe0f",
        "ad\u034fmin",
        "ᴀᴅᴍɪɴ",
        "\u3164",
        "\u2800\u2800",
        "\u202eecila",
        "\x1b[2J",
        " \u00a0 ",
        "a" * 65,
    ],
)
def test_a_guest_does_not_call_themselves_what_we_do_nor_nothing(name: str) -> None:
    with pytest.raises(Refused):
        shown_name(name)


@pytest.mark.parametrize("name", ["Anna Maria", "Ольга ❤️", "李 小明", "O'Neil 🙂", "naïve"])
def test_a_guest_may_be_called_almost_anything_else(name: str) -> None:
    assert shown_name(name) == unicodedata.normalize("NFC", name)


def _of(*ranges: tuple[int, int]) -> st.SearchStrategy[str]:
    """Names of letters and digits in these ranges of Unicode."""
    letters = [chr(n) for first, last in ranges for n in range(first, last) if chr(n).isalnum()]
    return st.text(alphabet=letters, min_size=2, max_size=12)


LATIN = _of((0x30, 0x250), (0x1D00, 0x1D80), (0x1E00, 0x1F00), (0x2C60, 0x2C80), (0xFF10, 0xFF5B))
GREEK = _of((0x370, 0x400), (0x1F00, 0x2000))
OTHERS = _of((0x400, 0x600), (0x620, 0x700), (0x904, 0x980), (0x10A0, 0x1200), (0xAC00, 0xAD00))


@given(st.text(min_size=1, max_size=33) | LATIN | GREEK | OTHERS)
@example("İİ")
@example("ΐΰ")
@example("ſs")
@example("ᾳι")
@example("ŉa")
def test_an_accepted_name_is_what_its_own_key_and_face_stand_for(text: str) -> None:
    try:
        name = account_name(text)
    except Refused:
        return
    assert account_name(name.shown) == name
    assert look(name.shown) == look(text.strip()) == look(name.key) == name.key
    assert look(name.shown.upper()) == name.key
    assert name.shown.isprintable()
    assert " " not in name.shown
    assert name.key not in RESERVED


@given(st.sampled_from(sorted(RESERVED)), st.data())
def test_no_spelling_of_a_reserved_name_is_accepted(name: str, data: st.DataObject) -> None:
    unseen = st.sampled_from(["", "", "\u200b", "\u00ad", "\u034f", "\ufe0f", "\u2060", "\u3164"])
    spelled = "".join(
        data.draw(st.sampled_from(_spellings(letter))) + data.draw(unseen) for letter in name
    )

    with pytest.raises(Refused):
        account_name(spelled)
    with pytest.raises(Refused):
        shown_name(spelled)


def _spellings(letter: str) -> list[str]:
    """The letter, and what is drawn like it."""
    code = ord(letter) - ord("a")
    alike = {"a": "аαɑᴀ", "o": "оοᴏ", "e": "еεᴇ", "i": "іιıɪ", "m": "мᴍ", "t": "тτᴛ", "s": "ѕꜱ"}
    return [
        letter,
        letter.upper(),
        chr(ord("ａ") + code),
        chr(ord("Ａ") + code),
        chr(0x1D41A + code),
        *alike.get(letter, ""),
    ]


async def test_a_name_that_looks_like_a_taken_one_is_taken(client: Client) -> None:
    await client.register("Cope")

    for name in ("cope", "COPE", "соре", "ｃｏｐｅ", "ᴄope"):
        reply = await client.post(REGISTER, {"name": name, "password": PASSWORD})
        assert (reply.status, reply.code) == (409, "name_taken"), name


async def test_the_same_person_signs_in_however_the_name_is_typed(house: House) -> None:
    me = (await (await house.client.register("Cope")).get("/api/v1/me")).body["id"]

    for name in ("Cope", "cope", "COPE", "ｃｏｐｅ", " cope "):
        reply = await house.client.login(name)
        assert (reply.status, reply.body["user_id"]) == (200, me), name


async def test_two_who_want_one_name_at_once_do_not_both_get_it(client: Client) -> None:
    names = ("mallory", "MALLORY", "Mallory", "ｍａｌｌｏｒｙ", "mᴀllory")
    replies = await asyncio.gather(
        *(client.post(REGISTER, {"name": name, "password": PASSWORD}) for name in names)
    )

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize("what", ["reserved", "Cyrillic a", "zero-width space", "small capitals"])
async def test_a_refused_name_is_told_why_and_makes_nothing(client: Client, what: str) -> None:
    reply = await client.post(REGISTER, {"name": REFUSED[what], "password": PASSWORD})

    assert (reply.status, reply.code) == (400, "name_refused")
    assert reply.body["error"]["detail"]


async def test_a_nickname_imitates_nobody_of_ours(client: Client) -> None:
    alice = await client.register("alice")

    for nickname in ("admin", "аdmin", "admin\u3164", "\u202eecila"):
        reply = await alice.call("PATCH", "/api/v1/me", {"nickname": nickname})
        assert reply.status == 400, nickname
    assert (await alice.get("/api/v1/me")).body["nickname"] == ""
