"""docs/configuration.md, made from the settings."""

from __future__ import annotations

from .fields import Field, fields, shown
from .load import CONFIG_VARIABLE, OTHER_VARIABLES

_HEAD = """\
# Configuration

<!-- Made by scripts/generate.py from src/hubbub/config. Do not edit. -->

Hubbub runs without any configuration. What you set is taken, in rising order of weight, from

1. the defaults below,
2. one TOML file: `hubbub serve --config FILE`, or the variable `{config_variable}`,
3. the environment: `HUBBUB_` and the name in capitals,
4. flags of `hubbub serve`.

A setting has the same name everywhere: `text_bytes = 8192` in the file is `HUBBUB_TEXT_BYTES=8192` in the environment
and `--text-bytes 8192` as a flag. Lists are TOML arrays in the file; in variables and flags their items are separated
by commas. A key, variable or flag that does not exist is refused, as is a value out of its range: the server says so in
one line and ends with exit code 1 (a flag that does not exist: 2). `hubbub config` shows what is in force and where it
comes from.

```toml
# hubbub.toml
host = "0.0.0.0"
data = "/var/lib/hubbub"
signup = "closed"
```

## Settings
"""


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    head = _HEAD.format(config_variable=CONFIG_VARIABLE)
    entries = "\n".join(_entry(field) for field in fields().values())
    others = "\n".join(f"- `{name}`: {meaning}" for name, meaning in OTHER_VARIABLES.items())
    return f"{head}\n{entries}\n## Other variables\n\n{others}\n"


def _entry(field: Field) -> str:
    allowed = f"{field.allowed[0].upper()}{field.allowed[1:]}"
    return (
        f"### `{field.name}`\n\n"
        f"{field.description}\n\n"
        f"{allowed}. Default: `{shown(field.default)}`. Variable `{field.variable}`, flag `{field.flag}`.\n"
    )
