"""`python -m polyaxon.hub.post --kind=KIND --name=value …`: post the values as JSON to the run's connection.

The address is the `url` of the first connection in POLYAXON_CONNECTIONS_CATALOG that has one, else POLYAXON_HOOK_URL.
Standard library only.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence

__all__ = ["main", "payload"]

_TIMEOUT_SECONDS = 20.0
_TEXT_KINDS = {"slack": "text", "mattermost": "text", "teams": "text", "discord": "content", "hipchat": "message"}
"""Services that show one text; the others get all values."""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Post once; return the exit code."""
    values = dict(item[2:].partition("=")[::2] for item in argv if item.startswith("--"))
    kind = values.pop("kind", "webhook")
    url = _address(environ)
    if url is None:
        sys.stderr.write("no address to post to: give the run a connection whose schema has a `url`\n")
        return 2
    body = json.dumps(payload(kind, values, environ.get("POLYAXON_RUN_INSTANCE", ""))).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            sys.stdout.write(f"posted to {kind}: HTTP {answer.status}\n")
    except (urllib.error.URLError, OSError, ValueError) as error:
        sys.stderr.write(f"posting to {kind} failed: {error}\n")
        return 1
    return 0


def payload(kind: str, values: Mapping[str, str], instance: str) -> dict[str, object]:
    """Return the body in the service's own shape."""
    subject = values.get("name") or values.get("uuid") or instance
    text = f"{subject}: {values['status']}" if "status" in values else str(subject)
    if kind in _TEXT_KINDS:
        return {_TEXT_KINDS[kind]: text}
    if kind == "pagerduty":
        event = {"summary": text, "source": "polyaxon", "severity": "info", "custom_details": dict(values)}
        return {"event_action": "trigger", "payload": event}
    return {"text": text, "run": instance, **values}


def _address(environ: Mapping[str, str]) -> str | None:
    catalog = json.loads(environ.get("POLYAXON_CONNECTIONS_CATALOG") or "{}")
    for connection in catalog.get("connections", ()):
        url = (connection.get("schema") or {}).get("url")
        if url:
            return str(url)
    return environ.get("POLYAXON_HOOK_URL")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
