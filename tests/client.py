"""A client of the API as the tests use it: JSON in, JSON out, a bearer token if there is one."""

from dataclasses import dataclass
from typing import Any, Self

import aiohttp

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON body and headers of one answer."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str | None:
        """The error's code, if it is one."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error["code"] if error else None


class Client:
    """`async with Client(address)`; `as_` gives the same client with somebody's token."""

    def __init__(self, address: str, token: str | None = None, http: Any = None) -> None:
        self.address = address
        self.token = token
        self._http = http

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def as_(self, token: str | None) -> "Client":
        return Client(self.address, token, self._http)

    async def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        kind = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self._http.request(
            method, self.address + path, headers=sent, allow_redirects=False, **kind
        ) as response:
            raw = await response.read()
            is_json = response.content_type == "application/json"
            parsed = await response.json() if is_json and raw else raw
            return Reply(response.status, parsed, response.headers)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.call("POST", path, {} if body is None else body, **options)

    async def register(self, name: str, **more: Any) -> "Client":
        """A new account, signed in; the client that is signed in as it."""
        reply = await self.post(
            "/api/v1/auth/register", {"name": name, "password": PASSWORD, **more}
        )
        assert reply.status == 201, reply
        return self.as_(reply.body["access_token"])

    async def login(self, name: str, **more: Any) -> Reply:
        return await self.post("/api/v1/auth/login", {"name": name, "password": PASSWORD, **more})
