"""The command line, as an administrator types it, each command in a process of its own."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from signaling import certificate
from signaling.commands import main

PATIENCE_S = 30
PROGRAM = (sys.executable, "-c", "from signaling.commands import main; main()")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
# Its process takes seconds to load what it knows; tests/interop/ has those that are about it.
CLEAN["CANDOR_DETECTION_ENABLED"] = "false"


def candor(*arguments: str, code: int = 0, **environment: str) -> str:
    """What the command printed; standard error if it was to fail."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=CLEAN | environment,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@dataclass(frozen=True)
class Served:
    """A Candor that runs: its ready line and its process."""

    ready: dict[str, Any]
    process: subprocess.Popen[str]
    data: Path

    def get(self, path: str, token: str | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(self.ready["http"] + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            self.ready["http"] + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return json.load(response)


@contextmanager
def serving(data: Path, *, killed: bool = False) -> Iterator[Served]:
    """`candor serve --dev` on free ports, until the end of the block."""
    argv = [*PROGRAM, "serve", "--dev", "--port", "0", "--json", "--data", str(data)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=CLEAN
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "it ended before it was ready"
            yield Served(json.loads(line), process, data)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == (-signal.SIGKILL if killed else 0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests that neither stop it nor need it untouched."""
    with serving(tmp_path_factory.mktemp("running") / "data") as served:
        yield served


def test_serve_says_where_and_answers_there_at_once(running: Served) -> None:
    assert running.ready["event"] == "ready"
    assert running.ready["pid"] == running.process.pid
    assert running.ready["http"].startswith("http://127.0.0.1:")
    assert running.ready["https"].startswith("https://")
    assert running.get("/healthz")[0] == 200
    status, readiness = running.get("/readyz")
    assert (status, readiness["ready"]) == (200, True)
    assert {check["name"] for check in readiness["checks"]} >= {"store", "disk", "accepting"}


def test_https_answers_with_a_certificate_for_every_address_of_the_machine(running: Served) -> None:
    trusting = ssl.create_default_context(cafile=running.data / "certificate.pem")
    port = running.ready["https"].rpartition(":")[2]
    for host in certificate.own_addresses():
        if ":" in host:
            continue  # by default it listens on IPv4
        with urllib.request.urlopen(f"https://{host}:{port}/healthz", context=trusting) as reply:
            assert reply.status == 200


def test_requests_under_way_are_answered_when_it_is_asked_to_stop(data: Path) -> None:
    wanted = {"name": "ann", "password": "a good password"}
    with serving(data) as served, ExitStack() as opened:
        user_id = served.post("/api/v1/auth/register", wanted)["user_id"]
        host = served.ready["http"].removeprefix("http://")
        logins = [
            opened.enter_context(closing(http.client.HTTPConnection(host, timeout=PATIENCE_S)))
            for _ in range(20)
        ]
        for login in logins:
            kind = {"Content-Type": "application/json"}
            login.request("POST", "/api/v1/auth/login", json.dumps(wanted), kind)
        # Hashing takes its time: when the first has its answer, most of the others wait.
        first = logins[0].getresponse()
        served.process.send_signal(signal.SIGTERM)

        answers = [first, *(login.getresponse() for login in logins[1:])]

        assert {json.loads(answer.read())["user_id"] for answer in answers} == {user_id}
        assert served.process.wait(PATIENCE_S) == 0


def test_an_acknowledged_account_survives_kill_nine(data: Path) -> None:
    with serving(data, killed=True) as served:
        served.post("/api/v1/auth/register", {"name": "ann", "password": "a good password"})
        served.process.kill()
    with serving(data) as served:
        again = served.post("/api/v1/auth/login", {"name": "ann", "password": "a good password"})
        assert again["name"] == "ann"


def test_the_operators_password_works_and_is_told_once(data: Path) -> None:
    with serving(data) as served:
        operator = served.ready["operator"]
        opened = served.post("/api/v1/auth/login", operator)
        assert opened["role"] == "operator"
        # The same token is good after a restart: the secret is kept.
        token = opened["access_token"]
    with serving(data) as served:
        assert "operator" not in served.ready
        assert served.get("/api/v1/me", token)[0] == 200


def test_what_dev_made_is_nobody_elses_to_read(running: Served) -> None:
    assert (running.data / "secret.key").stat().st_mode & 0o077 == 0
    assert (running.data / "certificate-key.pem").stat().st_mode & 0o077 == 0
    assert running.data.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("secret", ["", "changeme", "x" * 80])
def test_serve_without_dev_refuses_a_weak_secret_in_words(data: Path, secret: str) -> None:
    said = candor("serve", "--data", str(data), code=1, CANDOR_AUTH_SECRET=secret)
    assert "signing secret" in said
    assert "CANDOR_AUTH_SECRET" in said


def test_a_port_that_is_taken_is_named(running: Served, tmp_path: Path) -> None:
    port = running.ready["http"].rpartition(":")[2]
    said = candor("serve", "--dev", "--port", port, "--data", str(tmp_path / "other"), code=1)
    assert f"port {port} on 127.0.0.1" in said


def test_a_token_is_printed_alone_and_opens_its_room(running: Served) -> None:
    printed = candor(
        *("token", "--data", str(running.data), "--room", "r1", "--identity", "robot"),
        *("--publish", "--subscribe"),
    )
    assert printed.count("\n") == 1
    status, body = running.get("/api/v1/rooms/r1/grants", printed.strip())
    assert status == 200
    assert body["grants"]["subscribe"] is True
    assert len(body["grants"]["publish"]) == 4


def test_a_token_without_an_installation_is_refused_in_words(data: Path) -> None:
    said = candor("token", "--data", str(data), "--room", "r", "--identity", "i", code=1)
    assert "signing secret" in said


def test_accounts_are_made_and_changed_while_candor_runs(running: Served) -> None:
    at = ("--data", str(running.data))
    printed = candor("user", "add", "ada", "--role", "administrator", *at)
    password = printed.strip().rpartition(" ")[2]
    opened = running.post("/api/v1/auth/login", {"name": "ada", "password": password})
    assert opened["role"] == "administrator"

    candor("user", "password", "ada", "--password", "another good one", *at)
    assert running.get("/api/v1/me", opened["access_token"])[0] == 401
    again = running.post("/api/v1/auth/login", {"name": "ada", "password": "another good one"})

    candor("user", "role", "ada", "caller", *at)
    assert running.get("/api/v1/audit", again["access_token"])[0] == 403


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("user", "add", "ada!"), "letters, digits"),
        (("user", "add", "ada", "--password", "short"), "at least 8"),
        (("user", "password", "nobody"), "no account named nobody"),
        (("user", "role", "nobody", "caller"), "no account named nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    arguments: tuple[str, ...], words: str, running: Served
) -> None:
    assert words in candor(*arguments, "--data", str(running.data), code=1)


def test_a_backup_of_a_running_candor_is_restored_whole(data: Path, tmp_path: Path) -> None:
    archive, elsewhere = tmp_path / "candor.backup", tmp_path / "elsewhere"
    with serving(data) as served:
        operator = served.ready["operator"]
        token = served.post("/api/v1/auth/login", operator)["access_token"]
        candor("backup", str(archive), "--data", str(data))
        assert "exists" in candor("backup", str(archive), "--data", str(data), code=1)
    assert archive.stat().st_mode & 0o077 == 0

    candor("restore", str(archive), "--data", str(elsewhere))

    assert "unbroken" in candor("audit", "verify", "--data", str(elsewhere))
    with serving(elsewhere) as served:
        assert "operator" not in served.ready
        assert served.get("/api/v1/me", token)[0] == 200
    assert "not empty" in candor("restore", str(archive), "--data", str(elsewhere), code=1)


def test_the_audit_log_tells_of_a_change(data: Path) -> None:
    import sqlite3

    with serving(data):
        pass
    assert "unbroken" in candor("audit", "verify", "--data", str(data))
    connection = sqlite3.connect(data / "candor.db")
    with connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE audit SET actor = 'somebody else'")
    connection.execute("DROP TRIGGER audit_no_UPDATE")
    connection.execute("UPDATE audit SET actor = 'somebody else' WHERE sequence = 1")
    connection.commit()
    connection.close()

    assert "entry 1 was changed" in candor("audit", "verify", "--data", str(data), code=1)


def test_the_doctor_finds_a_running_candor_well(running: Served) -> None:
    port = running.ready["http"].rpartition(":")[2]
    https = running.ready["https"].rpartition(":")[2]
    printed = candor(
        *("doctor", "--json", "--data", str(running.data)),
        CANDOR_PORT=port,
        CANDOR_HTTPS_PORT=https,
        CANDOR_MEDIA_PORT="0",
    )
    findings = {finding["name"]: finding["outcome"] for finding in json.loads(printed)}
    assert findings["http port"] == findings["database"] == findings["disk"] == "pass"
    assert findings["files"] == "pass"
    assert findings["certificate"] == findings["secret"] == findings["UDP"] == "pass"


def test_the_doctor_names_what_is_wrong(data: Path) -> None:
    data.mkdir()
    done = subprocess.run(
        [*PROGRAM, "doctor", "--json", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        env=CLEAN | {"CANDOR_DATABASE": "postgresql://nobody@127.0.0.1:1/none"},
    )
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1
    assert findings["secret"]["outcome"] == "fail"
    assert findings["database"]["outcome"] == "fail"


def test_every_command_has_a_sentence_of_help() -> None:
    listed = candor("--help")
    for name, command in main.commands.items():
        assert f"\n  {name} " in listed
        assert command.help, name
        assert CliRunner().invoke(main, [name, "--help"]).output.startswith("Usage"), name
