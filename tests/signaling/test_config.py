"""Settings: where they come from, which wins, and what is refused."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from signaling.auth.tokens import new_secret
from signaling.config import (
    NOT_SETTINGS,
    Config,
    ConfigError,
    environment_name,
    every_setting,
    load,
    secret_weakness,
)


def test_an_option_beats_a_variable_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    file = tmp_path / "candor.toml"
    file.write_text("port = 1001\nhttps_port = 1002\nmedia_port = 1003\n")

    config = load(
        environment={"CANDOR_PORT": "2001", "CANDOR_HTTPS_PORT": "2002"},
        options={"port": 3001, "https_port": None},
        file=file,
    )

    assert (config.port, config.https_port, config.media_port) == (3001, 2002, 1003)
    assert config.media_workers == Config().media_workers


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("CANDOR_DEV", "true", "dev", True),
        ("CANDOR_AUTH_ACCESS_MINUTES", "7", "auth.access_minutes", 7),
        ("CANDOR_ADVERTISE_IP", "10.0.0.1,10.0.0.2", "advertise_ip", ("10.0.0.1", "10.0.0.2")),
        ("CANDOR_CERTIFICATE_KEY", "/k", "certificate_key", Path("/k")),
    ],
)
def test_a_variable_becomes_a_value_of_its_type(
    variable: str, text: str, path: str, value: object
) -> None:
    pair = {"CANDOR_CERTIFICATE": "/c"} if "CERTIFICATE" in variable else {}
    found: object = load(environment={variable: text, **pair}, options={})
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value


@pytest.mark.parametrize(
    ("environment", "content", "words"),
    [
        ({"CANDOR_PROT": "1"}, "", "CANDOR_PROT: no such setting"),
        ({}, "prot = 1", "prot: no such setting"),
        ({}, "[auth]\nsecrte = 'x'", "auth.secrte: no such setting"),
        ({"CANDOR_PORT": "eighty"}, "", "port: 'eighty' is not a whole number"),
        ({"CANDOR_PORT": "-1"}, "", "port: '-1' is not a whole number"),
        ({"CANDOR_PORT": "65536"}, "", "port: must be between 0 and 65535"),
        ({"CANDOR_DEV": "maybe"}, "", "dev: 'maybe' is not true or false"),
        ({}, "port = true", "port: True is not a whole number"),
        ({}, "dev = 1", "dev: 1 is not true or false"),
        ({"CANDOR_HTTP_TRUSTED_PROXIES": "10.0.0.0/8,moon"}, "", "http.trusted_proxies"),
        ({"CANDOR_AUTH_REGISTRATION": "ajar"}, "", "auth.registration: must be one of"),
        ({"CANDOR_CERTIFICATE": "c.pem"}, "", "give both or neither"),
        ({}, "port = ", "is not TOML"),
        ({}, "[port]\nx = 1", "port.x: no such setting"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    environment: dict[str, str], content: str, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "candor.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        load(environment=environment, options={}, file=file)


def test_port_zero_frees_every_port_that_nobody_asked_for() -> None:
    config = load(environment={}, options={"port": 0, "media_port": 40000})
    assert (config.port, config.https_port, config.media_port) == (0, 0, 40000)


def test_variables_of_the_test_suite_are_no_settings() -> None:
    assert load(environment=dict.fromkeys(NOT_SETTINGS, "x"), options={}) == Config()


@pytest.mark.parametrize(
    "secret",
    ["", "short", "a" * 64, "abcabcabcabcabcabcabcabcabcabcabcabc", "changeme" * 8],
)
def test_a_secret_that_can_be_guessed_is_weak(secret: str) -> None:
    assert secret_weakness(secret) is not None


def test_every_generated_secret_is_good_enough() -> None:
    assert not [found for _ in range(500) if (found := secret_weakness(new_secret()))]


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text()
    missing = [
        name
        for name, _ in every_setting()
        if f"`{name}`" not in page or f"`{environment_name(name)}`" not in page
    ]
    assert not missing


def test_every_class_of_settings_is_frozen() -> None:
    sections = [item.type for item in fields(Config) if is_dataclass(item.type)]
    for cls in (Config, *sections):
        assert cls.__dataclass_params__.frozen  # type: ignore[union-attr]
