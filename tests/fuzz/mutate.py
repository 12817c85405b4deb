"""Changes to a file that keep its grammar: the fuzzer's own changes of bytes seldom get past the parser.

A change picks a place in the tree and puts something else there: junk, a word of the format, a part of another file.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml
from seeds import FIELDS, JUNK, KINDS, trees

__all__ = ["mutated"]

Path = tuple[Any, ...]
LONGEST = 20_000
MOST = 1_000


def mutated(data: bytes, most: int, chance: random.Random) -> bytes | None:
    """Return the file with some of its parts changed; None when it cannot be read or grows too long."""
    if len(data) > LONGEST:
        return None
    try:
        tree = yaml.load(data, yaml.CSafeLoader)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            tree = _changed(tree, chance)
        if chance.random() < 0.3 and len(list(islice(_places(tree), MOST))) < MOST:
            text = json.dumps(tree)
        else:
            text = yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=chance.random() < 0.2)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        return None
    found = text.encode("utf-8", "surrogatepass")
    return found if len(found) <= most else None


def _changed(tree: Any, chance: random.Random) -> Any:
    places = list(islice(_places(tree), MOST))  # an alias bomb has no end of places
    if not places:
        return copy.deepcopy(chance.choice(trees()))
    holder, key = chance.choice(places)
    chance.choice((_replace, _replace, _graft, _remove, _add, _rename, _repeat, _wrap))(holder, key, chance)
    return tree


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    if depth > 40 or not isinstance(value, (dict, list)):
        return
    for key, item in list(value.items()) if isinstance(value, dict) else enumerate(value):
        yield value, key
        yield from _places(item, depth + 1)


def _anything(chance: random.Random) -> Any:
    roll = chance.random()
    if roll < 0.6:
        return copy.deepcopy(chance.choice(JUNK))
    if roll < 0.75:
        return chance.choice(KINDS)
    if roll < 0.85:
        return chance.choice(FIELDS)
    return chance.randint(-3, 100)


def _part(chance: random.Random) -> Any:
    """Return a part of some file."""
    tree = chance.choice(trees())
    holder, key = chance.choice(list(islice(_places(tree), MOST)))
    return copy.deepcopy(holder[key])


def _replace(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = _anything(chance)


def _graft(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = _part(chance)


def _remove(holder: Any, key: Any, chance: random.Random) -> None:
    del holder[key]


def _add(holder: Any, key: Any, chance: random.Random) -> None:
    value = _part(chance) if chance.random() < 0.5 else _anything(chance)
    if isinstance(holder, dict):
        holder[chance.choice(FIELDS)] = value
    else:
        holder.insert(key, value)


def _rename(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(FIELDS)] = holder.pop(key)


def _repeat(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[f"{key}{chance.randint(0, 9)}"] = holder[key]  # the same object: YAML writes an alias


def _wrap(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = [holder[key]] if chance.random() < 0.5 else {chance.choice(FIELDS): holder[key]}
