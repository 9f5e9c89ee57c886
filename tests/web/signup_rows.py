"""The rows of connecting a WhatsApp number in the house of every route."""

from typing import Any

from portal.extensions import db
from portal.infra.timekeeping import now
from portal.messaging.models_channels import Channel
from portal.signup.models import Signup, SignupNumber


def connecting(channel: Channel) -> dict[str, Any]:
    """An attempt that waits for a choice, and a connected number of this channel; flushed."""
    at = now()
    number = {"id": "200", "display": "+62 812", "name": "NusaLink", "status": ""}
    row = Signup(
        nonce="x" * 32, state="number", need="choose", waba_id="100", found={"numbers": [number]},
        problem="Pilih.", created_at=at, updated_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.add(
        SignupNumber(
            channel_id=channel.id, phone_id="201", waba_id="100", pin="123456", connected_at=at
        )
    )
    db.session.flush()
    return {"signup_id": row.id}
