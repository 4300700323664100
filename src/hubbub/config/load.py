"""Where settings come from: defaults < TOML file < `HUBBUB_*` environment < flags."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from .fields import Field, fields
from .settings import Config, ConfigError, check

CONFIG_VARIABLE: Final = "HUBBUB_CONFIG"
"""Names the TOML file when `--config` does not."""

OTHER_VARIABLES: Final[dict[str, str]] = {
    CONFIG_VARIABLE: "The TOML file, when `--config` is not given.",
    "HUBBUB_URL": "The server that `hubbub tail`, `hubbub send` and the development server of the browser app use.",
    "HUBBUB_TOKEN": "The session token that `hubbub tail` and `hubbub send` use.",
    "HUBBUB_COPY_FROM": "What `hubbub copy` copies, when `--from` is not given.",
    "HUBBUB_COPY_TO": "Where to, when `--to` is not given.",
    "HUBBUB_CHROMIUM": "The browser of the tests.",
    "HUBBUB_SKIP_APP": "1: a package is built without the browser app.",
}
"""Variables of ours that are no settings of the server. `hubbub serve` lets them pass."""


class Effective(Struct, frozen=True):
    """The configuration in force. `sources`: setting -> "default", the file's path, a variable or a flag."""

    config: Config
    sources: dict[str, str]


def load(file: Path | None, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Effective:
    """Put the sources together.

    Args:
        file: the TOML file; None: the one that HUBBUB_CONFIG names, if any.
        environment: variables that do not begin with HUBBUB_ are ignored.
        flags: setting -> text as it was typed; None: not given.

    Raises:
        ConfigError: unknown key, value out of range, unreadable file. Names key, source and what is allowed.
    """
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE])
    values: dict[str, object] = {}
    sources = dict.fromkeys(fields(), "default")

    def take(key: str, value: object, source: str, *, typed: bool) -> None:
        values[key] = _convert(fields()[key], value, source, typed=typed)
        sources[key] = source

    if file is not None:
        for key, value in _read(file).items():
            if key not in fields():
                raise ConfigError(f"{file}: there is no setting '{key}'. {_nearest(key, fields())}")
            take(key, value, str(file), typed=True)
    for variable, text in sorted(environment.items()):
        if variable.startswith("HUBBUB_") and variable not in OTHER_VARIABLES:
            known = {field.variable: key for key, field in fields().items()}
            if variable not in known:
                raise ConfigError(f"environment: there is no setting {variable}. {_nearest(variable, known)}")
            take(known[variable], text, variable, typed=False)
    for key, given in flags.items():
        if given is not None:
            take(key, given, fields()[key].flag, typed=False)
    config = msgspec.convert(values, Config)
    if (problem := check(config)) is not None:
        key, rule = problem
        raise ConfigError(_refusal(key, rule, getattr(config, key), sources[key]))
    return Effective(config, sources)


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror or error}") from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise ConfigError(f"{file}: is no TOML: {error}") from error


def _convert(field: Field, value: object, source: str, *, typed: bool) -> object:
    """`typed`: the source knows types (TOML). Otherwise the value is a text to be read."""
    read = value
    if not typed and field.many:
        read = tuple(item.strip() for item in str(value).split(",") if item.strip())
    try:
        # `bool` is an `int` to msgspec's lax mode only, so that `port = true` in a file is refused
        return msgspec.convert(read, field.annotation, strict=typed)
    except msgspec.ValidationError as error:
        if field.secret:
            raise ConfigError(f"{source}: {field.name} must be {field.allowed}") from None
        raise ConfigError(_refusal(field.name, field.allowed, value, source)) from error


def _refusal(key: str, rule: str, value: object, source: str) -> str:
    text = repr(value if not isinstance(value, tuple) else list(value))
    return f"{source}: {key} must be {rule}, not {text}"


def _nearest(key: str, known: Iterable[str]) -> str:
    return f"The nearest is '{difflib.get_close_matches(key, list(known), n=1, cutoff=0)[0]}'."
