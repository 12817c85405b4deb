"""Settings of this machine: the only reader of the environment and of `<home>/config.toml`.

A value comes from the command line, else the environment, else the file, else the default; `Settings.origins` remembers
from where. Each setting is one row of `SETTINGS`. A wrong value is refused with the place it stands in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from polyaxon.errors import UsageError

__all__ = ["SETTINGS", "Setting", "Settings", "read_settings", "set_value", "unset_value", "without_password"]

CONFIG_FILE = "config.toml"


@dataclass(frozen=True, slots=True, eq=False, repr=False)  # making those methods takes every command some milliseconds
class Settings:
    """What was set, checked. `home` is absolute; connections and queues are the file's own tables."""

    home: str
    project: str = "default"
    owner: str = "default"
    user: str | None = None
    host: str | None = None
    token: str | None = None
    timezone: str = "UTC"
    database: str | None = None
    mirrors: Mapping[str, str] = field(default_factory=dict)
    base_images: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    gpus: tuple[str, ...] | None = None
    inherit: tuple[str, ...] = ()
    max_parallel: int = 8
    grace_seconds: float = 30.0
    retry_seconds: float = 1.0
    retry_cap_seconds: float = 300.0
    pending_timeout_seconds: float | None = None
    catch_up: str = "skip"
    lease_seconds: float = 30.0
    crash_at: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    """Setting → where its value comes from; settings at their default are absent."""

    @property
    def config_path(self) -> str:
        """Where the file of settings is, or would be."""
        return os.path.join(self.home, CONFIG_FILE)

    @property
    def has_database_server(self) -> bool:
        """Whether the database is a network away, and no file."""
        return self.database is not None and not os.path.isabs(self.database)


class _Wrong(ValueError):
    """Why a value is refused: what it should be."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("a text")
    return value.strip()


def _address(value: Any) -> str:
    text = _text(value).rstrip("/")
    return text if "://" in text else f"http://{text}"


def _database(value: Any) -> str:
    """A path that is not whole would be another file in every directory, and so would what libpq takes besides URLs."""
    text = os.path.expanduser(_text(value))
    if not text.startswith(("postgresql://", "postgres://")) and (not os.path.isabs(text) or os.path.isdir(text)):
        raise _Wrong(
            "a Postgres URL such as `postgresql://user@host:5432/name`, "
            "or the whole path of a file for SQLite such as `/srv/polyaxon.db`"
        )
    return text


def _one_of(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise _Wrong("one of " + ", ".join(f"`{choice}`" for choice in choices))
        return str(value)

    return read


def _zone(value: Any) -> str:
    import zoneinfo  # slow to import, rarely set

    try:
        zoneinfo.ZoneInfo(_text(value))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise _Wrong("the name of a time zone, such as `Europe/Berlin`") from None
    return _text(value)


def _count(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise _Wrong("a whole number of at least 1") from None
    if number < 1 or isinstance(value, (bool, float)):
        raise _Wrong("a whole number of at least 1")
    return number


def _seconds(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _Wrong("a number of seconds") from None
    if not 0 <= number < float("inf") or isinstance(value, bool):
        raise _Wrong("a number of seconds, at least 0")
    return number


def _pairs(value: Any) -> dict[str, str]:
    """`prefix=target`, separated by new lines or commas; a table in the file."""
    if isinstance(value, str):
        parts = [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
        pairs: dict[str, Any] = dict(part.partition("=")[::2] for part in parts)
    elif isinstance(value, Mapping):
        pairs = dict(value)
    elif isinstance(value, (list, tuple)):
        return _pairs(",".join(map(str, value)))
    else:
        raise _Wrong("`prefix=target`, several separated by commas or new lines")
    if not all(isinstance(target, str) and target.strip() and prefix.strip() for prefix, target in pairs.items()):
        raise _Wrong("`prefix=target`, several separated by commas or new lines")
    return {prefix.strip(): target.strip() for prefix, target in pairs.items()}


def _requirements(value: Any) -> dict[str, str | Sequence[str]]:
    """Base image → a requirements file, or a list of requirements."""
    if isinstance(value, str):
        return dict(_pairs(value))
    if not isinstance(value, Mapping):
        raise _Wrong("`image=requirements file`")
    for image, wanted in value.items():
        listed = isinstance(wanted, list) and all(isinstance(item, str) for item in wanted)
        if not listed and not isinstance(wanted, str):
            raise _Wrong(f"a requirements file or a list of requirements for `{image}`")
    return dict(value)


def _tables(value: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(value, Mapping) or not all(isinstance(item, Mapping) for item in value.values()):
        raise _Wrong("a table of tables")
    return dict(value)


def _connections(value: Any) -> dict[str, Mapping[str, Any]]:
    tables = _tables(value)
    for name, connection in tables.items():
        if not isinstance(connection.get("kind"), str):
            raise _Wrong(f"a table with a `kind` for the connection `{name}`")
    return tables


def _queues(value: Any) -> dict[str, Mapping[str, Any]]:
    tables = _tables(value)
    for name, queue in tables.items():
        for key, number in queue.items():
            if key not in ("concurrency", "priority") or not isinstance(number, int) or isinstance(number, bool):
                raise _Wrong(f"whole numbers `concurrency` and `priority` for the queue `{name}`")
    return tables


def _amounts(value: Any) -> dict[str, float]:
    pairs = _pairs(value) if isinstance(value, str) else value
    if not isinstance(pairs, Mapping):
        raise _Wrong("amounts by resource, such as `gpu=1,cpu=8`")
    return {name: _seconds(amount) for name, amount in pairs.items()}


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
        raise _Wrong("names separated by commas")
    return tuple(part.strip() for part in parts if part.strip())


class Setting(NamedTuple):
    """One setting: how it is read, the variable that sets it, and what it is for."""

    read: Callable[[Any], Any]
    variable: str | None
    meaning: str


SETTINGS: Mapping[str, Setting] = {
    "project": Setting(_text, "POLYAXON_PROJECT", "the project of runs that name none"),
    "owner": Setting(_text, "POLYAXON_OWNER", "the owner of projects on a server"),
    "user": Setting(_text, "POLYAXON_AUTH_USERNAME", "who is noted as the author of runs"),
    "host": Setting(_address, "POLYAXON_HOST", "the server to use instead of this machine"),
    "token": Setting(_text, "POLYAXON_AUTH_TOKEN", "the token for the server"),
    "timezone": Setting(_zone, "POLYAXON_TIME_ZONE", "of schedules that name none"),
    "database": Setting(
        _database, "POLYAXON_DATABASE", "`postgresql://…`, or the whole path of a file, instead of the one in the home"
    ),
    "mirrors": Setting(_pairs, "POLYAXON_MIRRORS", "URL prefix → where to look instead"),
    "base_images": Setting(_requirements, "POLYAXON_BASE_IMAGES", "base image → requirements that stand in for it"),
    "connections": Setting(_connections, None, "connections that polyaxonfiles may name"),
    "queues": Setting(_queues, None, "queue → its `concurrency` and `priority`"),
    "resources": Setting(_amounts, "POLYAXON_RESOURCES", "what runs may request in all; default: what there is"),
    "gpus": Setting(_names, "POLYAXON_GPUS", "the devices to give out (`0,1`); looked for by default"),
    "inherit": Setting(_names, "POLYAXON_INHERIT", "further environment variables that runs get"),
    "max_parallel": Setting(_count, "POLYAXON_MAX_PARALLEL", "how many runs execute at once"),
    "grace_seconds": Setting(_seconds, "POLYAXON_GRACE_SECONDS", "from asking a run to stop to forcing it"),
    "retry_seconds": Setting(_seconds, "POLYAXON_RETRY_SECONDS", "before the first retry; it doubles each time"),
    "retry_cap_seconds": Setting(_seconds, "POLYAXON_RETRY_CAP_SECONDS", "the longest time between retries"),
    "pending_timeout_seconds": Setting(
        _seconds, "POLYAXON_PENDING_TIMEOUT_SECONDS", "how long a run may wait in its queue; for ever when not set"
    ),
    "catch_up": Setting(_one_of("skip", "all"), "POLYAXON_CATCH_UP", "what becomes of missed schedule ticks"),
    "lease_seconds": Setting(_seconds, "POLYAXON_LEASE_SECONDS", "after which a silent scheduler has lost its runs"),
    "crash_at": Setting(_text, "POLYAXON_CRASH_AT", "where to die, for tests of recovery"),
}
_MERGED = ("mirrors", "base_images")
"""Settings whose sources add up: the nearer one wins per key."""


def read_settings(environ: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings of this machine; `given` are those of the command line."""
    env = os.environ if environ is None else environ
    home = os.path.abspath(os.path.expanduser(env.get("POLYAXON_HOME") or os.path.join("~", ".polyaxon")))
    values: dict[str, Any] = {"max_parallel": max(8, 2 * (os.cpu_count() or 1))}
    origins: dict[str, str] = {}
    if env.get("POLYAXON_HOME"):
        origins["home"] = "the environment variable `POLYAXON_HOME`"
    for origin, key, value in _sources(env, given or {}, os.path.join(home, CONFIG_FILE)):
        read = _read(key, value, origin)
        values[key] = {**values.get(key, {}), **read} if key in _MERGED else read
        origins[key] = origin
    return Settings(home=home, **values, origins=origins)


def _sources(env: Mapping[str, str], given: Mapping[str, Any], path: str) -> list[tuple[str, str, Any]]:
    """Return (origin, key, value), the weaker first."""
    found = [(f"`{path}`", key, value) for key, value in _file(path).items()]
    for key, setting in SETTINGS.items():
        value = env.get(setting.variable or "")
        if value:
            found.append((f"the environment variable `{setting.variable}`", key, value))
    return [*found, *(("the command line", key, value) for key, value in given.items() if value is not None)]


def _read(key: str, value: Any, origin: str) -> Any:
    if key not in SETTINGS:
        near = get_close_matches(key, SETTINGS, n=1)
        raise UsageError(
            f"there is no setting `{key}` ({origin})",
            hint=f"did you mean `{near[0]}`?" if near else "`polyaxon config show` lists the settings",
        )
    try:
        return SETTINGS[key].read(value)
    except _Wrong as wrong:
        raise UsageError(f"`{key}` in {origin} is `{without_password(str(value))}`", hint=f"it takes {wrong}") from None


def without_password(text: str) -> str:
    """Return the text without the password that a URL, or what libpq takes besides one, has in it."""
    return re.sub(r"(://[^:/@\s]*:)[^/\s]+(?=@)|(password\s*=\s*)[^&\s]+", r"\1\2…", text)


def _file(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"the settings `{path}` cannot be read: {error.strerror}") from error
    import tomllib  # only who has a file pays for it

    try:
        return tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings `{path}` are not TOML: {error}") from error


# Writing the file: `polyaxon config set`.


def set_value(settings: Settings, key: str, text: str) -> None:
    """Store a setting in the home's file; `name.key` is one entry of a table (`mirrors.https://…`, `resources.gpu`)."""
    name, _, entry = key.partition(".")
    values = _file(settings.config_path)
    if entry:
        table = dict(values.get(name, {}))
        *path, last = _entry_path(name, entry)
        place = table
        for part in path:
            place = place.setdefault(part, {})
        place[last] = _scalar(text)
        values[name] = table
    else:
        values[name] = _plain(_read(name, text, "the command line"))
    _read(name, values[name], "the command line")
    _write(settings.config_path, values)


def unset_value(settings: Settings, key: str) -> None:
    """Remove a setting, or one entry of a table, from the home's file."""
    name, _, entry = key.partition(".")
    values = _file(settings.config_path)
    place: Any = values
    path = [name, *_entry_path(name, entry)] if entry else [name]
    for part in path[:-1]:
        place = place.get(part, {})
    if path[-1] not in place:
        raise UsageError(f"`{key}` is not set in `{settings.config_path}`")
    del place[path[-1]]
    _write(settings.config_path, values)


def _entry_path(name: str, entry: str) -> list[str]:
    # URL prefixes and images contain dots; connections and queues have entries of their own.
    return entry.split(".") if name in ("connections", "queues") else [entry]


def _scalar(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _write(path: str, values: Mapping[str, Any]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    # The token is in here.
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(_toml(values))
    os.replace(temporary, path)


def _toml(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"{_quoted(key)} = {_literal(value)}" for key, value in plain.items()]
    if path and (lines or not values):
        lines.insert(0, "[" + ".".join(map(_quoted, path)) + "]")
    text = "\n".join(lines) + ("\n\n" if lines else "")
    return text + "".join(_toml(value, (*path, key)) for key, value in values.items() if isinstance(value, Mapping))


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(key)} = {_literal(item)}" for key, item in value.items()) + "}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    import json  # TOML's basic strings are JSON's, but for DEL

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
