"""What goes wrong is written to the log; what it was about is not."""

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.timekeeping import now


def test_a_database_error_names_no_values(app: Flask) -> None:
    for _twice in range(2):
        db.session.add(TelegramUser(telegram_id=77, username="rahasia", created_at=now()))
    with pytest.raises(IntegrityError) as caught:
        db.session.flush()
    db.session.rollback()
    assert "INSERT INTO telegram_user" in str(caught.value)
    assert "rahasia" not in str(caught.value)
