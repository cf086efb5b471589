"""A note to a system of one's own: JSON, signed as standardwebhooks.com says."""

import base64
import datetime as dt
import secrets
from dataclasses import dataclass

from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from campaigns.channels import http
from campaigns.channels.base import Accepted, Outcome, Refused, Unsure
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note

TYPE = "message.sent"


def new_secret() -> str:
    """A secret as the standard wants it: 24 to 64 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """A `Provider`. The receiver knows a repeated note by its `webhook-id`."""

    url: str
    secret: str  # whsec_…
    repeatable: bool = True

    def __post_init__(self) -> None:
        try:
            Signer(self.secret)
        except (EmptyWebhookSecretError, ValueError) as wrong:
            raise ValueError("whsec_…") from wrong

    def ask(self, note: Note) -> Ask:
        data = {
            "customer": note.recipient,
            "title": note.title,
            "text": note.text,
            "url": note.url,
            **note.data,
        }
        moment = note.at.astimezone(dt.UTC)
        body = http.as_json({"type": TYPE, "timestamp": moment.isoformat(), "data": data})
        signed = {
            "webhook-id": note.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Signer(self.secret).sign(note.id, moment, body.decode()),
        }
        return Ask(self.url, body, http.JSON | signed)

    def read(self, answer: Answer) -> Outcome:
        """Any 2xx is the standard's yes; a body that says otherwise is believed."""
        said = answer.json()
        if 200 <= answer.status < 300:
            error = said.get("error") if isinstance(said, dict) else None
            return Refused(str(error)[:200]) if error else Accepted()
        outcome = http.by_status(answer)
        # It recognises a repeated note, so what is in doubt may be given again.
        return http.again(outcome) if isinstance(outcome, Unsure) else outcome
