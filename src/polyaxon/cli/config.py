"""`polyaxon config`: settings of this machine, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click

from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.errors import UsageError
from polyaxon.settings import SETTINGS, Settings, read_settings, set_value, unset_value, without_password

__all__ = ["config"]

NOT_SHOWN = "set, not shown"
_SECRET = re.compile("token|password|secret|_key$", re.IGNORECASE)


@click.group()
def config() -> None:
    """Show and change settings.

    They come from `<home>/config.toml`; the environment and the command line win over it.
    """


@config.command()
@output_option
def show(output: Output) -> None:
    """Show all settings and where they come from."""
    settings = read_settings()
    if output.is_json:
        write_json(_values(settings), output)
        return
    rows = [["home", settings.home, settings.origins.get("home", "")]]
    for key, setting in SETTINGS.items():
        if key == "crash_at" and settings.crash_at is None:
            continue  # of interest to tests only
        rows.append([key, _in_words(_value(settings, key)), settings.origins.get(key, setting.meaning)])
    write_table(("setting", "value", "from, or what it is for"), rows)


@config.command()
@click.argument("key")
@output_option
def get(key: str, output: Output) -> None:
    """Print the value of KEY."""
    settings = read_settings()
    value = _value(settings, _known(key))
    if output.is_json:
        write_json(value, output)
    else:
        click.echo(_in_words(value))


@config.command("set")
@click.argument("key")
@click.argument("value")
def set_command(key: str, value: str) -> None:
    """Set KEY to VALUE; `table.entry` is one entry of a table.

    `polyaxon config set mirrors.https://github.com/acme/models /srv/git/models`
    """
    _known(key.partition(".")[0])
    settings = read_settings()
    set_value(settings, key, value)
    click.echo(f"Set `{key}` in `{settings.config_path}`.")


@config.command()
@click.argument("key")
def unset(key: str) -> None:
    """Remove KEY, or one entry of a table, from the file."""
    _known(key.partition(".")[0])
    settings = read_settings()
    unset_value(settings, key)
    click.echo(f"Removed `{key}` from `{settings.config_path}`.")


def _known(key: str) -> str:
    if key == "home" or key in SETTINGS:
        return key
    near = get_close_matches(key, SETTINGS, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`polyaxon config show` lists the settings"
    raise UsageError(f"there is no setting `{key}`", hint=hint)


def _values(settings: Settings) -> dict[str, Any]:
    return {key: _value(settings, key) for key in ("home", *SETTINGS)}


def _value(settings: Settings, key: str) -> Any:
    return _shown(key, getattr(settings, key))


def _shown(key: str, value: Any) -> Any:
    """The value, without what only its owner is to know: passwords and keys of connections, too."""
    if isinstance(value, Mapping):
        return {name: _shown(name, item) for name, item in value.items()}
    if isinstance(value, str):
        value = without_password(value)
    return NOT_SHOWN if value and _SECRET.search(key) else value


def _in_words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_in_words(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)
