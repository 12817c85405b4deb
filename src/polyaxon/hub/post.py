"""`python -m polyaxon.hub.post [--to=KIND] --name=value …`: tell the values to the run's connection.

The connection is the first in POLYAXON_CONNECTIONS_CATALOG that says where to (`url`, or `smtp_host` of an e-mail);
without one, POLYAXON_HOOK_URL. `--to`, which comes first, says what the service understands where that is not the
connection's kind. It tells once: trying again is the run's own `termination.maxRetries`, and the exit code 2 says that
it would be in vain. Standard library only.
"""

from __future__ import annotations

import json
import os
import smtplib
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from polyaxon.hub.mail import send_mail, what_mail_lacks

__all__ = ["main", "payload"]

_TIMEOUT_SECONDS = 20.0
_TEXT_KINDS = {"slack": "text", "mattermost": "text", "teams": "text", "discord": "content", "hipchat": "message"}
"""Services that show one text; the others get all values."""
_ADDED = ("channel", "icon_url", "username")
"""What a connection's schema may add to the body of a service that shows a text."""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Tell once; return the exit code."""
    kind, schema = _target(environ)
    if argv and argv[0].startswith("--to="):
        wanted, argv = argv[0][5:], argv[1:]
        kind = kind if wanted == "notifier" else wanted  # any service
    values = dict(item[2:].partition("=")[::2] for item in argv if item.startswith("--"))
    instance = environ.get("POLYAXON_RUN_INSTANCE", "")
    lacking = what_mail_lacks(schema) if kind == "email" else _what_a_post_lacks(schema)
    if lacking:
        sys.stderr.write(f"{lacking}\n")
        return 2
    try:
        if kind == "email":
            answer = send_mail(schema, _text(values, instance), values, environ)
        else:
            answer = _post(schema, payload(kind, values, instance, schema))
    except (urllib.error.URLError, smtplib.SMTPException, OSError, ValueError) as error:
        sys.stderr.write(f"telling {kind} failed: {error}\n")
        return 1
    sys.stdout.write(f"told {kind}: {answer}\n")
    return 0


def _what_a_post_lacks(schema: Mapping[str, Any]) -> str | None:
    return None if schema.get("url") else "no address to post to: give the run a connection whose schema has a `url`"


def payload(
    kind: str, values: Mapping[str, str], instance: str, schema: Mapping[str, Any] | None = None
) -> dict[str, object]:
    """Return the body in the service's own shape; `Any`: a connection's schema is its owner's JSON."""
    schema = schema or {}
    text = _text(values, instance)
    if kind in _TEXT_KINDS:
        return {_TEXT_KINDS[kind]: text, **{name: schema[name] for name in _ADDED if schema.get(name)}}
    if kind == "pagerduty":
        severity = "error" if values.get("status") in {"failed", "upstream_failed"} else "info"
        event = {"summary": text, "source": "polyaxon", "severity": severity, "custom_details": dict(values)}
        key = {"routing_key": schema["service_key"]} if schema.get("service_key") else {}
        return {"event_action": "trigger", **key, "payload": event}
    return {"text": text, "run": instance, **values}


def _text(values: Mapping[str, str], instance: str) -> str:
    subject = values.get("name") or values.get("uuid") or instance
    text = f"{subject}: {values['status']}" if "status" in values else str(subject)
    message = values.get("message") or _last_words(values.get("condition", ""))
    return f"{text} ({message})" if message else text


def _last_words(condition: str) -> str:
    """Return the message of the run's last condition, which hooks get as JSON."""
    try:
        return str(json.loads(condition).get("message") or "")
    except (ValueError, AttributeError):
        return ""


def _post(schema: Mapping[str, Any], body: Mapping[str, object]) -> str:
    url, method = str(schema["url"]), str(schema.get("method") or "POST").upper()
    headers = {"Content-Type": "application/json", **(schema.get("headers") or {})}
    data: bytes | None = json.dumps(body).encode()
    if method == "GET":
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        url, data = url + ("&" if "?" in url else "?") + urllib.parse.urlencode(query), None
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        return f"HTTP {answer.status}"


def _target(environ: Mapping[str, str]) -> tuple[str, Mapping[str, Any]]:
    """Return the kind and the schema of the connection to tell."""
    catalog = json.loads(environ.get("POLYAXON_CONNECTIONS_CATALOG") or "{}")
    for connection in catalog.get("connections", ()):
        schema = connection.get("schema") or {}
        if schema.get("url") or schema.get("smtp_host"):
            return str(connection.get("kind") or "webhook"), schema
    url = environ.get("POLYAXON_HOOK_URL")
    return "webhook", {"url": url} if url else {}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
