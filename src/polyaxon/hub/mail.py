"""E-mails of notifications, by the `schema` of a connection of the kind `email`. Standard library only.

Fields: `smtp_host`, `smtp_port` (587), `smtp_user`, `smtp_password`, `from_email`, `recipients`, `use_tls`, `use_ssl`.
The password may come from POLYAXON_SMTP_PASSWORD (the connection's `env`) instead.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

__all__ = ["send_mail", "what_mail_lacks"]

_TIMEOUT_SECONDS = 20.0
_PORT = 587


def what_mail_lacks(schema: Mapping[str, Any]) -> str | None:
    """Say what keeps a connection from being told by e-mail."""
    if schema.get("smtp_host") and _listed(schema.get("recipients")):
        return None
    return "nobody to write to: give the run a connection whose schema has `smtp_host` and `recipients`"


def send_mail(
    schema: Mapping[str, Any], text: str, values: Mapping[str, str], environ: Mapping[str, str]
) -> str:  # `Any`: a connection's schema is its owner's JSON
    """Send one message to all recipients."""
    host, recipients = schema.get("smtp_host"), _listed(schema.get("recipients"))
    user = schema.get("smtp_user")
    message = EmailMessage()
    message["Subject"] = " ".join(f"[polyaxon] {text}".split())
    message["From"] = str(schema.get("from_email") or user or "polyaxon@localhost")
    message["To"] = ", ".join(recipients)
    message.set_content("".join(f"{name}: {value}\n" for name, value in values.items()) or text)
    connect = smtplib.SMTP_SSL if schema.get("use_ssl") else smtplib.SMTP
    with connect(str(host), int(schema.get("smtp_port") or _PORT), timeout=_TIMEOUT_SECONDS) as server:
        if schema.get("use_tls"):
            server.starttls()
        if user:
            server.login(str(user), str(schema.get("smtp_password") or environ.get("POLYAXON_SMTP_PASSWORD", "")))
        server.send_message(message)
    return f"mail to {len(recipients)} recipients"


def _listed(value: Any) -> list[str]:
    found = value.split(",") if isinstance(value, str) else value or ()
    return [str(item).strip() for item in found if str(item).strip()]
