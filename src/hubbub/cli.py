"""The command line: `hubbub serve`, `config`, `version`, `user`, and the commands of client and bench."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from hubbub import __version__
from hubbub.config import Config, ConfigError, Effective, load
from hubbub.config.fields import Field, fields, shown
from hubbub.errors import HubbubError

F = TypeVar("F", bound=Callable[..., Any])

_FURTHER: Final = {
    "login": "hubbub.client.commands",
    "tail": "hubbub.client.commands",
    "send": "hubbub.client.commands",
    "bench": "hubbub.bench.commands",
    "verify-delivery": "hubbub.verify.commands",
    "copy": "hubbub.store.commands",
}
"""Commands of other parts, and the module whose `register(group)` adds them. Loaded when they are asked for."""


class _Group(click.Group):
    """Imports the commands of other parts only when one is used, so that `hubbub version` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        for module in dict.fromkeys(_FURTHER.values()):
            self._import(module)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _FURTHER and cmd_name not in self.commands:
            self._import(_FURTHER[cmd_name])
        return super().get_command(ctx, cmd_name)

    def _import(self, module: str) -> None:
        package = module.rpartition(".")[0]
        if importlib.util.find_spec(package) is not None and importlib.util.find_spec(module) is not None:
            importlib.import_module(module).register(self)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Hubbub, a real-time chat server: one room, every wire."""


def _settings(command: F) -> F:
    """Options for the TOML file and every setting. They are texts here; the configuration reads and checks them."""
    for field in reversed(fields().values()):
        command = click.option(field.flag, field.name, metavar=_metavar(field), help=_help(field))(command)
    return click.option("--config", "file", type=click.Path(path_type=Path), metavar="FILE", help="The TOML file.")(
        command
    )


_METAVARS: Final = {
    "data": "DIR",
    "host": "HOST",
    "port": "PORT",
    "database": "URL",
    "bus": "URL",
    "node_address": "HOST:PORT",
}


def _metavar(field: Field) -> str:
    if field.choices:
        return "|".join(field.choices)
    if field.default is False:
        return "true|false"
    return _METAVARS.get(field.name, "LIST" if field.many else "N")


def _help(field: Field) -> str:
    return f"{field.description.split('. ')[0].rstrip('.')}.  [default: {shown(field.default)}]"


@main.command()
@_settings
def serve(file: Path | None, **flags: str | None) -> None:
    """Run the server until it gets SIGTERM or SIGINT."""
    from hubbub.logs import set_up_logging
    from hubbub.run.listening import StartError
    from hubbub.run.process import allow_open_files, keep_one_heap, run

    config = _load(file, flags).config
    set_up_logging(config.log_level, config.log_format)
    allow_open_files()
    keep_one_heap()
    try:
        run(_serve(config) if config.workers == 1 else _supervise(config))
    except StartError as error:
        _fail(str(error))


def _started(url: str) -> None:
    click.echo(f"Hubbub {__version__} is at {url}")
    sys.stdout.flush()


async def _serve(config: Config) -> None:
    from hubbub.run.server import Stop, serve, stop_limit_seconds, stop_signals

    stop = Stop(stop_limit_seconds(config.shutdown_grace_seconds))
    stop_signals(stop)
    await serve(config, stop, _started)


async def _supervise(config: Config) -> None:
    from hubbub.run.server import Stop, stop_signals
    from hubbub.run.supervisor import FirstWorkerFailed, Supervisor, supervisor_stop_seconds

    supervisor = Supervisor(config)
    stop = Stop(supervisor_stop_seconds(config))
    stop_signals(stop, hard=supervisor.kill)
    try:
        await supervisor.run(stop, _started)
    except FirstWorkerFailed:  # it has said why
        sys.exit(1)


@main.command()
@_settings
def config(file: Path | None, **flags: str | None) -> None:
    """Show the configuration in force, and where each value comes from."""
    effective = _load(file, flags)
    lines = [
        (f"{name} = {field.displayed(getattr(effective.config, name))}", effective.sources[name])
        for name, field in fields().items()
    ]
    width = max(len(line) for line, _ in lines)
    for line, source in lines:
        click.echo(f"{line:<{width}}  # {source}")


@main.command()
def version() -> None:
    """Show the version."""
    click.echo(f"hubbub {__version__}")


@main.command()
@_settings
def migrate(file: Path | None, **flags: str | None) -> None:
    """Bring the database to this version's schema. `serve` does it, too; here it can be done before."""
    from hubbub.app import database_path
    from hubbub.run.process import run
    from hubbub.store.commands import Migrated, migrate_postgres, migrate_sqlite

    config = _load(file, flags).config

    async def bring() -> Migrated:
        return await (migrate_postgres(config.database) if config.database else migrate_sqlite(database_path(config)))

    try:
        click.echo(str(run(bring())))
    except HubbubError as error:
        _fail(error.message)


@main.group()
def user() -> None:
    """Accounts, while the server is not running."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make it an administrator. A server's first account is one anyway.")
@click.option("--title", default="", help="The display name.")
@_settings
def user_add(name: str, title: str, file: Path | None, *, admin: bool, **flags: str | None) -> None:
    """Make the account NAME. The password is asked for, or read from standard input when that is no terminal."""
    from hubbub.run.listening import StartError
    from hubbub.run.process import run

    config = _load(file, flags).config
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        made = run(_add_user(config, name, password, title, admin=admin))
    except StartError as error:
        _fail(str(error))
    except HubbubError as error:
        _fail(error.message)
    click.echo(made)


async def _add_user(config: Config, name: str, password: str, title: str, *, admin: bool) -> str:
    from hubbub.app import open_store, wall_clock_ms
    from hubbub.identity import Identity

    store = await open_store(config)
    try:
        identity = Identity(store, now_ms=wall_clock_ms)
        await identity.open()
        try:
            made = await identity.add_account(name, password, title=title, admin=admin)
        finally:
            await identity.close()
    finally:
        await store.close()
    return f"{made.name} is {'an administrator' if made.admin else 'a user'} now."


def _load(file: Path | None, flags: dict[str, str | None]) -> Effective:
    try:
        return load(file, os.environ, flags)
    except ConfigError as error:
        _fail(str(error))


def _fail(line: str) -> NoReturn:
    """The one clear line."""
    click.echo(f"hubbub: {line}", err=True)
    sys.exit(1)
