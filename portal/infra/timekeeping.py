"""The application's clock, one call away; tests and the demo replace the clock itself."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from portal.core.clock import Clock


def clock() -> Clock:
    """This application's clock."""
    found: Clock = current_app.extensions["loket.clock"]
    return found


def now() -> datetime:
    """Business time, aware UTC."""
    return clock().now()


def wall() -> datetime:
    """Machine time, aware UTC: leases, retries, sessions."""
    return clock().wall()


def today() -> date:
    """Business date in the ISP's zone."""
    return clock().today()


def zone() -> ZoneInfo:
    """The ISP's time zone."""
    return clock().zone
