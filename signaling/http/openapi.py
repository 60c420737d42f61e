"""The API's description, made from the routes and their types: nothing in it is written twice.

Pure: routes in, an OpenAPI 3.1 document out.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from signaling import addresses
from signaling.errors import CODES
from signaling.http.call import BYTES, JSON, Allow, Route
from signaling.http.responses import ErrorBody

REFERENCE = "#/components/schemas/{name}"
ALWAYS = ("invalid", "not_found", "rate_limited", "internal", "store_unavailable", "busy")
WITH_BODY = ("bad_json", "bad_request", "too_large", "too_slow", "unsupported_type")
UNSAFE = ("foreign_origin", "storage_full")
REPLAYABLE = ("bad_request", "idempotency_in_progress", "idempotency_mismatch")
BINARY = {"type": "string", "format": "binary"}
SIGNED_IN = ("unauthenticated", "token_expired", "session_ended", "banned", "forbidden")


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The whole document."""
    listed = [route for route in routes if route.address.path.startswith("/api/")]
    types = _types(listed)
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    references = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in listed:
        paths.setdefault(route.address.path, {})[route.method.lower()] = _operation(
            route, references
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Candor",
            "version": version,
            "description": 'Every error is `{"error": {"code", "message", "detail"}}`; '
            "lists are paged by `cursor` and `next`; an `Idempotency-Key` makes a POST safe to "
            "repeat for a day.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
        "x-error-codes": {
            name: {"status": code.status, "message": code.message} for name, code in CODES.items()
        },
    }


def codes_of(route: Route) -> list[str]:
    """Every error code that the route may answer."""
    found = [*ALWAYS, *route.refusals]
    if route.takes_body:
        found += WITH_BODY
    if route.unsafe:
        found += UNSAFE
    if route.method == "POST" and route.replayable:
        found += REPLAYABLE
    if route.allow is not Allow.ANYONE:
        found += SIGNED_IN
    elif "unauthenticated" not in found:
        # A bearer token that is not good is refused even where none is needed.
        found += SIGNED_IN[:-1]
    return sorted(set(found))


def _types(routes: list[Route]) -> list[type]:
    found: dict[type, None] = {ErrorBody: None}
    for route in routes:
        for kind in (route.body, route.answer):
            if kind is not None and kind not in BYTES:
                found[kind] = None
    return list(found)


def _operation(route: Route, references: dict[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{re.sub('[^a-z0-9]+', '_', route.address.path)}",
        "summary": route.summary,
        "tags": [route.address.path.split("/")[3]],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_key(route)],
        "responses": _responses(route, references),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route, references)}
    if route.allow is not Allow.ANYONE:
        operation["security"] = [{"bearer": []}]
        operation["description"] = f"For: {route.allow.value}."
    if route.address.also:
        operation["x-also-at"] = list(route.address.also)
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,128}$"}
    names = re.findall(r"{(\w+)}", route.address.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if not route.query.__struct_fields__:
        return []
    _, components = msgspec.json.schema_components([route.query], ref_template=REFERENCE)
    properties = components[route.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ]


def _key(route: Route) -> list[dict[str, Any]]:
    if route.method != "POST" or not route.replayable:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]


def _content(route: Route, references: dict[type, Any]) -> dict[str, Any]:
    if route.body is None or not route.is_json:
        return {key: {"schema": BINARY} for key in route.accepts}
    return {"application/json": {"schema": references[route.body]}}


def _responses(route: Route, references: dict[type, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "done"}
    if route.answer in BYTES:
        # A document that is given to be kept is JSON too, unless another format was asked for.
        whole = {"type": "object"} if route.returns == JSON else BINARY
        success["content"] = {route.returns: {"schema": whole}}
    elif route.answer is not None:
        success["content"] = {"application/json": {"schema": references[route.answer]}}
    responses: dict[str, Any] = {str(route.status): success}
    for name in codes_of(route):
        status = str(CODES[name].status)
        error = responses.setdefault(
            status,
            {
                "description": "",
                "content": {"application/json": {"schema": references[ErrorBody]}},
            },
        )
        error["description"] = ", ".join(filter(None, (error["description"], f"`{name}`")))
    return responses


def readable(description: dict[str, Any]) -> str:
    """The same document as a page that needs no script."""
    rows = [
        _readable_operation(path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    codes = "".join(
        f"<tr><td><code>{name}</code></td><td>{code['status']}</td>"
        f"<td>{_escaped(code['message'])}</td></tr>"
        for name, code in description["x-error-codes"].items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        "<title>Candor's API</title><link rel=stylesheet href=/static/css/api.css>"
        f"<main><h1>Candor's API</h1><p>{_escaped(description['info']['description'])}</p>"
        f"<p>For machines: <a href={addresses.OPENAPI.path}>{addresses.OPENAPI.path}</a></p>"
        f"{''.join(rows)}<h2>Error codes</h2><table><thead><tr><th>code<th>status<th>message"
        f"</thead><tbody>{codes}</tbody></table></main></html>"
    )


def _readable_operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{_escaped(item['name'])}</code> in {item['in']}</li>"
        for item in operation["parameters"]
    )
    body = operation.get("requestBody", {}).get("content", {})
    wanted = "".join(f"<li>body: {_schema_name(kind, item)}</li>" for kind, item in body.items())
    answers = "".join(
        f"<li>{status}: {_escaped(item['description'])}</li>"
        for status, item in operation["responses"].items()
    )
    return (
        f"<section><h2><b>{method.upper()}</b> <code>{_escaped(path)}</code></h2>"
        f"<p>{_escaped(operation['summary'])}. {_escaped(operation.get('description', ''))}</p>"
        f"<ul>{parameters}{wanted}</ul><details><summary>Answers</summary><ul>{answers}</ul>"
        "</details></section>"
    )


def _schema_name(kind: str, item: dict[str, Any]) -> str:
    reference = item["schema"].get("$ref", "")
    return f"<code>{_escaped(reference.rpartition('/')[2] or kind)}</code>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
