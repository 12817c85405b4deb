"""Values as JSON text, many times a second: the standard encoder, made once.

`JSONEncoder.encode` makes its C encoder anew for every value, which takes longer than most of our values do. Read
inside training processes too: standard library only, Python 3.8.
"""

from __future__ import annotations

import json.encoder
from typing import Any, Callable

__all__ = ["encoder"]

Encoder = Callable[[Any], str]


def encoder(default: Callable[[Any], Any], *, ascii_only: bool, nan: bool = True, sort: bool = False) -> Encoder:
    """Return a function from a value to its compact JSON text.

    `default` gives something that JSON knows for what it does not, `nan` lets numbers through that are none. A value
    that holds itself is a RecursionError.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without it
        options: Any = {"ensure_ascii": ascii_only, "allow_nan": nan, "sort_keys": sort, "separators": (",", ":")}
        return json.JSONEncoder(default=default, **options).encode
    quoted = json.encoder.encode_basestring_ascii if ascii_only else json.encoder.encode_basestring
    parts = make(None, default, quoted, None, ":", ",", sort, False, nan)
    return lambda value: "".join(parts(value, 0))
