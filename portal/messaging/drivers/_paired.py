"""What drivers of numbers paired by QR have in common: what they can carry, and how carefully.

Such a number is banned for haste and for sameness of rhythm: people lost theirs at 2 s and at
7 s of even spacing.
"""

from portal.core.driverkit import Capability
from portal.messaging.drivers.base import Limits

CAPABILITIES = frozenset(
    {
        Capability.TEXT,
        Capability.MEDIA,
        Capability.GROUP,
        Capability.DELIVERY_HOOK,
        Capability.INBOUND,
    }
)
LIMITS = Limits(per_minute=10, per_day=800, spacing_min=3, spacing_max=9)
