"""What the log says of a whole visit: enough for an operator, nothing for a thief."""

import traceback
from typing import Any

import pytest

from signaling.config import Log
from tests.client import Client
from tests.hostile.conftest import House, Logged, logging_as
from tests.pictures import png

SECRET_PASSWORD = "Xq7-the-only-password-of-its-kind"
NEXT_PASSWORD = "Zw3-the-next-password-of-its-kind"
WRONG_PASSWORD = "Kp9-the-wrong-password-of-its-kind"
PIN = "471108153"
PRIVATE = "Liddell-Hargreaves"


class Visit:
    """Somebody who does everything once, and what of it is nobody's business."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.secrets = {SECRET_PASSWORD, NEXT_PASSWORD, WRONG_PASSWORD, PIN, PRIVATE}

    def _note(self, body: Any) -> None:
        names = ("access_token", "refresh_token", "token", "code")
        self.secrets |= {body[name] for name in names if body.get(name)}

    async def _sign_in(self, path: str, **body: str) -> Client:
        reply = await self.house.client.post(path, body)
        assert reply.status in (200, 201), reply
        self._note(reply.body)
        if "Set-Cookie" in reply.headers:
            self.secrets.add(reply.headers["Set-Cookie"].partition(";")[0].partition("=")[2])
        return self.house.client.as_(reply.body.get("access_token"))

    async def __call__(self) -> None:
        await self._enter()
        await self._live()
        await self._fail()
        await self._leave()

    async def _enter(self) -> None:
        base = {"name": "alice", "password": SECRET_PASSWORD}
        self.alice = await self._sign_in("/api/v1/auth/register", **base)
        await self._sign_in("/api/v1/auth/login", **base)
        await self._sign_in("/api/v1/auth/login", **base, session="cookie")

    async def _live(self) -> None:
        alice = self.alice
        await alice.call("PATCH", "/api/v1/me", {"real_name": PRIVATE, "bio": PRIVATE})
        kind = {"Content-Type": "image/png"}
        await alice.call("PUT", "/api/v1/me/avatar", png(8, 8), headers=kind)
        await alice.post("/api/v1/rooms", {"id": "tea", "title": PRIVATE})
        path = "/api/v1/rooms/tea/invitations"
        invitation = (await alice.post(path, {"pin": PIN})).body
        self._note(invitation)
        self._note((await alice.post("/api/v1/rooms/tea/tokens")).body)
        await self._sign_in(
            "/api/v1/auth/guest", name="Gus", invitation=invitation["code"], pin=PIN
        )
        changed = {"current": SECRET_PASSWORD, "new": NEXT_PASSWORD}
        assert (await alice.post("/api/v1/auth/password", changed)).status == 204

    async def _fail(self) -> None:
        client = self.house.client
        login = "/api/v1/auth/login"
        await client.post(login, {"name": "alice", "password": WRONG_PASSWORD})
        await client.post(login, {"name": "alice", "password": [WRONG_PASSWORD]})
        await client.post(login, {"name": "alice", WRONG_PASSWORD: ""})
        kind = {"Content-Type": "application/json"}
        await client.call("POST", login, f'{{"{WRONG_PASSWORD}'.encode(), headers=kind)
        await client.get(f"/api/v1/me?token={WRONG_PASSWORD}")
        await client.get(f"/api/v1/people/{WRONG_PASSWORD}")
        await client.get(f"/{WRONG_PASSWORD}")
        await client.as_(f"{WRONG_PASSWORD}.x.y").get("/api/v1/me")
        await client.get("/api/v1/me", headers={"Cookie": f"candor={WRONG_PASSWORD}"})
        used = {"refresh_token": WRONG_PASSWORD}
        await client.post("/api/v1/auth/refresh", used)

    async def _leave(self) -> None:
        opened = (
            await self.house.client.post(
                "/api/v1/auth/login", {"name": "alice", "password": NEXT_PASSWORD}
            )
        ).body
        self._note(opened)
        again = {"refresh_token": opened["refresh_token"]}
        self._note((await self.house.client.post("/api/v1/auth/refresh", again)).body)
        await self.house.client.post("/api/v1/auth/refresh", again)
        await self.alice.post("/api/v1/auth/logout")


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_whole_visit_leaves_no_secret_in_the_log(house: House, form: str) -> None:
    visit = Visit(house)
    with logging_as(Log(level="debug", format=form)) as logged:
        await visit()

    # It was written to, and about this visit.
    assert "request.refused" in logged.text
    assert len(visit.secrets) > 12
    assert [secret for secret in visit.secrets if secret in logged.text] == []


async def test_what_goes_wrong_is_told_by_code_and_route(house: House, logged: Logged) -> None:
    await house.client.post("/api/v1/auth/login", {"name": "nobody", "password": WRONG_PASSWORD})

    told = [(line["event"], line["path"], line["code"]) for line in logged.lines]

    assert told == [("request.refused", "/api/v1/auth/login", "wrong_credentials")]
    assert logged.lines[0]["level"] == "debug"


async def test_refusals_are_not_worth_a_line_unless_somebody_looks_for_them(house: House) -> None:
    with logging_as(Log(level="info", format="json")) as logged:
        for _ in range(20):
            await house.client.post("/api/v1/auth/login", {"name": "nobody", "password": "x"})
            await house.client.get("/nowhere")

    assert logged.text == ""


async def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("on our side")


async def test_a_fault_of_ours_is_logged_once_and_says_nothing_to_the_client(
    house: House, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(house.candor.accounts), "login", _broken)

    reply = await house.client.post(
        "/api/v1/auth/login", {"name": "alice", "password": SECRET_PASSWORD}
    )

    assert (reply.status, reply.code) == (500, "internal")
    assert "RuntimeError" not in str(reply.body)
    faults = [line for line in logged.lines if line["level"] == "error"]
    assert [line["event"] for line in faults] == ["request.failed"]
    assert "RuntimeError: on our side" in faults[0]["exception"]
    assert SECRET_PASSWORD not in logged.text


async def test_a_traceback_for_a_person_shows_no_values(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that failed held a password, a token or a cookie: the log must not."""
    monkeypatch.setattr(type(house.candor.accounts), "login", _broken)
    with logging_as(Log(level="info", format="text")) as logged:
        await house.client.post(
            "/api/v1/auth/login", {"name": "alice", "password": SECRET_PASSWORD}
        )

    assert "on our side" in logged.text
    assert SECRET_PASSWORD not in logged.text
    assert "locals" not in logged.text


def test_values_that_hold_secrets_do_not_show_them(house: House) -> None:
    from signaling.auth.accounts import Entry
    from signaling.auth.identity import Device

    entry = Entry("alice", SECRET_PASSWORD, "bearer", Device("127.0.0.1", ""))

    assert SECRET_PASSWORD not in repr(entry)
    assert "alice" in repr(entry)
    try:
        raise ValueError(entry)
    except ValueError:
        assert SECRET_PASSWORD not in traceback.format_exc()
