"""How a message leaves the house: by mail, to the robot of a chat group, to another system's webhook.

Nothing here knows the database. Each way returns when the message arrived; otherwise it raises
:class:`NotSent`, or :class:`MayHaveArrived` when nobody can know.
"""

from engine.channels.mail import Mail, MailServer, send_mail
from engine.channels.outcome import MayHaveArrived, NotSent
from engine.channels.robots import speak
from engine.channels.webhooks import call, new_secret, signature

__all__ = [
    "Mail",
    "MailServer",
    "MayHaveArrived",
    "NotSent",
    "call",
    "new_secret",
    "send_mail",
    "signature",
    "speak",
]
