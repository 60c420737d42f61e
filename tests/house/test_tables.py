"""The tables that everything hangs on: addresses, routes, error codes. Each is whole and used."""

import ast
import re
from pathlib import Path

import pytest

from signaling import addresses
from signaling.addresses import Address
from signaling.app import Candor
from signaling.errors import CODES
from signaling.http import openapi
from signaling.http.call import Route
from signaling.http.pages import PAGES, Page
from signaling.http.server import api_routes
from signaling.http.websocket import SOCKETS
from tests.client import Client

ROOT = Path(__file__).resolve().parents[2]
TABLE = {name: value for name, value in vars(addresses).items() if isinstance(value, Address)}


@pytest.fixture
def routes(candor: Candor) -> list[Route]:
    return api_routes(candor)


def test_every_address_in_the_table_is_answered(routes: list[Route]) -> None:
    answered = {route.address for route in routes} | set(PAGES) | set(SOCKETS)
    assert not set(TABLE.values()) - answered


def test_no_address_is_written_outside_the_table() -> None:
    elsewhere = []
    for path in (ROOT / "signaling").rglob("*.py"):
        if path.name != "addresses.py":
            strings = (
                node.value
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
            elsewhere += [(path.name, text) for text in strings if re.match(r"/api/\w", text)]
    assert not elsewhere


def test_every_code_that_a_route_names_is_in_the_table(routes: list[Route]) -> None:
    named = {code for route in routes for code in openapi.codes_of(route)}
    assert not named - CODES.keys()


@pytest.mark.parametrize("code", CODES)
def test_every_code_can_happen_and_says_what_to_do(code: str) -> None:
    sources = [
        path.read_text()
        for path in (ROOT / "signaling").rglob("*.py")
        if path.name not in ("errors.py", "openapi.py")
    ]
    assert any(f'"{code}"' in source for source in sources)
    message = CODES[code].message
    assert message.endswith((".", "?"))
    assert len(message) < 100


async def test_the_description_holds_every_route_once(client: Client, candor: Candor) -> None:
    description = (await client.get(addresses.OPENAPI.path)).body
    listed = [route for route in api_routes(candor) if route.address.path.startswith("/api/")]

    operations = [
        operation["operationId"]
        for methods in description["paths"].values()
        for operation in methods.values()
    ]

    assert description["openapi"].startswith("3.1")
    assert len(operations) == len(set(operations)) == len(listed)
    assert description["x-error-codes"].keys() == CODES.keys()


async def test_the_page_for_people_names_every_route(client: Client, candor: Candor) -> None:
    page = (await client.get(addresses.API_PAGE.path)).body.decode()
    for route in api_routes(candor):
        if route.address.path.startswith("/api/"):
            assert route.summary.split(",")[0].split("'")[0] in page


async def test_old_names_of_pages_lead_to_the_new(client: Client) -> None:
    for address in PAGES:
        for old in address.also:
            reply = await client.get(_filled(old))
            assert (reply.status, reply.headers["Location"]) == (308, _filled(address.path))


def _filled(path: str) -> str:
    """The path with something in place of each name in braces."""
    return re.sub(r"\{\w+\}", "abc", path)


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.script)
async def test_every_page_is_there_and_strict(page: Page, client: Client) -> None:
    path = next(address.path for address, one in PAGES.items() if one is page)
    reply = await client.get(_filled(path))
    policy = reply.headers["Content-Security-Policy"]
    assert reply.status == 200
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert page.text() == reply.body.decode()


async def test_an_address_that_leads_nowhere_says_so_to_each(client: Client) -> None:
    for_programs = await client.get("/nowhere")
    for_people = await client.get("/nowhere", headers={"Accept": "text/html"})
    assert (for_programs.status, for_programs.code) == (404, "not_found")
    assert for_people.status == 404
    assert for_people.headers["Content-Type"].startswith("text/html")


async def test_a_method_that_is_not_there_is_named(client: Client) -> None:
    reply = await client.call("PATCH", addresses.AUTH_LOGIN.path)
    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert "POST" in reply.headers["Allow"]
