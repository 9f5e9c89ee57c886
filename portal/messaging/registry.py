"""The message drivers, found by scanning their folder."""

from portal.core.driverkit import Registry
from portal.messaging import drivers
from portal.messaging.drivers.base import MessageDriver

REGISTRY = Registry(drivers, MessageDriver)
