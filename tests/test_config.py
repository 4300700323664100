"""Settings: defaults < TOML file < environment < flags, and one clear line for what can't be right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hubbub.config import Config, ConfigError, configuration_page, load
from hubbub.config.fields import fields, shown


def refusal(
    environment: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None, file: Path | None = None
) -> str:
    """The line that the operator gets."""
    with pytest.raises(ConfigError) as caught:
        load(file, environment or {}, flags or {})
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hubbub.toml"


def test_without_any_source_the_defaults_are_in_force() -> None:
    effective = load(None, {"PATH": "/bin", "HOME": "/root"}, {})
    assert effective.config == Config()
    assert set(effective.sources) == set(fields())
    assert set(effective.sources.values()) == {"default"}


def test_a_later_source_wins_and_is_named(file: Path) -> None:
    file.write_text('port = 1\nhost = "::1"\nsignup = "closed"\n')
    environment = {"HUBBUB_PORT": "2", "HUBBUB_SIGNUP": "open"}
    effective = load(file, environment, {"port": "3", "data": None})
    assert effective.config == Config(port=3, host="::1", signup="open")
    assert effective.sources["port"] == "--port"
    assert effective.sources["signup"] == "HUBBUB_SIGNUP"
    assert effective.sources["host"] == str(file)
    assert effective.sources["data"] == "default"


def test_the_environment_names_the_file_unless_a_flag_does(file: Path, tmp_path: Path) -> None:
    file.write_text("port = 1")
    other = tmp_path / "other.toml"
    other.write_text("port = 2")
    environment = {"HUBBUB_CONFIG": str(file)}
    assert load(None, environment, {}).config.port == 1
    assert load(other, environment, {}).config.port == 2


def test_every_setting_can_be_given_by_every_source(file: Path) -> None:
    changed: dict[str, object] = {
        "host": "0.0.0.0",
        "port": 9000,
        "data": "elsewhere",
        "database": "postgresql://hubbub:secret@db.example.org/hubbub?sslmode=require",
        "bus": "redis+sentinel://:secret@a.example.org:26379,b.example.org/main/0",
        "workers": 2,
        "node_address": "10.0.0.1:7000",
        "signup": "closed",
        "allowed_origins": ("https://app.example.org", "http://localhost:5173"),
        "trusted_proxies": ("10.0.0.0/8",),
        "text_bytes": 100,
        "message_bytes": 2048,
        "request_line_bytes": 2048,
        "header_bytes": 8192,
        "header_count": 50,
        "request_seconds": 5.0,
        "stalled_seconds": 30.0,
        "least_bytes_per_second": 100,
        "compression": True,
        "heartbeat_seconds": 5.5,
        "heartbeat_timeout_seconds": 4.0,
        "work_per_second": 100,
        "user_work_per_second": 200,
        "strangers_per_address": 10,
        "waiting_bytes_per_address": 1_000_000,
        "write_buffer_bytes": 65536,
        "shutdown_grace_seconds": 1.0,
        "metrics": "open",
        "log_level": "debug",
        "log_format": "json",
    }
    assert changed.keys() == fields().keys()
    assert all(getattr(Config(), name) != value for name, value in changed.items())
    file.write_text("\n".join(f"{name} = {shown(value)}" for name, value in changed.items()))
    texts = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in changed.items()}
    by_file = load(file, {}, {})
    by_environment = load(None, {field.variable: texts[name] for name, field in fields().items()}, {})
    by_flags = load(None, {}, texts)
    assert by_file.config == by_environment.config == by_flags.config
    assert {name: getattr(by_file.config, name) for name in fields()} == changed


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("", '""'),
        ("postgresql://db/hubbub", '"postgresql://db/hubbub"'),
        ("postgres://u:secret@db:5432/hubbub?password=secret", '"postgres://…@db:5432/hubbub?…"'),
        ("postgresql://u:secret/@secret@db/x", '"postgresql://…@db/x"'),
        ("postgresql://u:secret", '"…"'),
        ("postgresql://u:secret@db:secret/x", '"…"'),
        ("redis+sentinel://:secret@a:26379,b:26379/main/0?ca=x", '"redis+sentinel://…@a:26379,b:26379/main/0?…"'),
        ("unix:///run/valkey.sock", '"unix:///run/valkey.sock"'),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, seen: str) -> None:
    assert fields()["database"].displayed(address) == seen


def test_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refusal:
        load(None, {"HUBBUB_DATABASE": "mysql://u:secret@db/x"}, {})
    assert str(refusal.value) == (
        "HUBBUB_DATABASE: database must be empty or an address that begins with postgresql://"
    )


def test_a_bus_without_a_shared_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="bus must be empty while database is"):
        load(None, {"HUBBUB_BUS": "redis://localhost"}, {})


def test_a_list_in_a_variable_may_hold_spaces_and_be_empty() -> None:
    environment = {"HUBBUB_TRUSTED_PROXIES": "", "HUBBUB_ALLOWED_ORIGINS": "https://a.example, *"}
    config = load(None, environment, {}).config
    assert config.trusted_proxies == ()
    assert config.allowed_origins == ("https://a.example", "*")


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("HUBBUB_PORT", "65536", "port must be a whole number from 0 to 65535, not '65536'"),
        ("HUBBUB_PORT", "http", "port must be a whole number from 0 to 65535, not 'http'"),
        ("HUBBUB_HEARTBEAT_SECONDS", "0.5", "heartbeat_seconds must be a number from 1 to 3600, not '0.5'"),
        ("HUBBUB_HEARTBEAT_SECONDS", "nan", "heartbeat_seconds must be a number from 1 to 3600, not 'nan'"),
        ("HUBBUB_SIGNUP", "maybe", "signup must be open or closed, not 'maybe'"),
        ("HUBBUB_LOG_LEVEL", "loud", "log_level must be one of debug, info, warning, error, not 'loud'"),
        ("HUBBUB_HOST", "", "host must be a text that is not empty, not ''"),
        ("HUBBUB_COMPRESSION", "perhaps", "compression must be true or false, not 'perhaps'"),
        (
            "HUBBUB_ALLOWED_ORIGINS",
            "app.example.org",
            "allowed_origins must be a list of origins such as https://app.example.org, or *, not 'app.example.org'",
        ),
        (
            "HUBBUB_TRUSTED_PROXIES",
            "10.0.0.300",
            "trusted_proxies must be a list of IP addresses and networks such as 10.0.0.0/8, not ['10.0.0.300']",
        ),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_key_source_and_range(variable: str, value: str, rule: str) -> None:
    assert refusal({variable: value}) == f"{variable}: {rule}"


def test_the_source_of_a_wrong_value_is_named(file: Path) -> None:
    file.write_text("port = 70000")
    assert refusal(file=file) == f"{file}: port must be a whole number from 0 to 65535, not 70000"
    assert refusal(flags={"port": "x"}) == "--port: port must be a whole number from 0 to 65535, not 'x'"


@pytest.mark.parametrize("text", ['port = "8000"', "port = true", "host = 1", "allowed_origins = 'https://a.example'"])
def test_a_file_knows_types(file: Path, text: str) -> None:
    file.write_text(text)
    assert f"{file}: {text.split(maxsplit=1)[0]} must be" in refusal(file=file)


def test_a_wrong_value_is_refused_even_where_a_later_source_would_win() -> None:
    assert refusal({"HUBBUB_PORT": "x"}, {"port": "1"}).startswith("HUBBUB_PORT: ")


def test_settings_that_contradict_each_other_are_refused(file: Path) -> None:
    file.write_text("text_bytes = 5000")
    line = refusal({"HUBBUB_MESSAGE_BYTES": "4096"}, file=file)
    assert line == f"{file}: text_bytes must be less than message_bytes (4096), not 5000"


def test_an_unknown_key_is_refused_and_the_nearest_named(file: Path) -> None:
    file.write_text("prot = 1")
    assert refusal(file=file) == f"{file}: there is no setting 'prot'. The nearest is 'port'."
    line = refusal({"HUBBUB_HEARTBEAT_SECOND": "1"})
    assert (
        line == "environment: there is no setting HUBBUB_HEARTBEAT_SECOND. The nearest is 'HUBBUB_HEARTBEAT_SECONDS'."
    )


def test_variables_of_the_clients_and_tools_pass() -> None:
    environment = {"HUBBUB_TOKEN": "secret", "HUBBUB_URL": "http://127.0.0.1", "HUBBUB_CHROMIUM": "/usr/bin/chromium"}
    assert load(None, environment, {}).config == Config()


def test_a_file_that_is_missing_or_no_toml_is_refused(file: Path) -> None:
    assert refusal(file=file) == f"{file}: can't be read: No such file or directory"
    assert refusal({"HUBBUB_CONFIG": str(file)}) == f"{file}: can't be read: No such file or directory"
    file.write_text("port 1")
    assert refusal(file=file).startswith(f"{file}: is no TOML: ")
    file.write_bytes(b'host = "\xff"')
    assert refusal(file=file).startswith(f"{file}: is no TOML: ")


def test_the_reference_page_tells_all_of_every_setting() -> None:
    page = configuration_page()
    for field in fields().values():
        _, _, entry = page.partition(f"### `{field.name}`\n")
        entry, _, _ = entry.partition("###")
        for part in (field.description, field.variable, f"`{field.flag}`", f"`{shown(field.default)}`"):
            assert part in entry
        assert field.description.endswith(".")


def test_defaults_are_within_their_own_ranges() -> None:
    flags = {
        name: ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
        for name, field in fields().items()
    }
    assert load(None, {}, flags).config == Config()
