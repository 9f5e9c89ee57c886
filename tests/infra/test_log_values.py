"""What goes wrong is written to the log; what it was about is not."""

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.extensions import db
from tests import factories


def test_a_database_error_names_no_values(app: Flask) -> None:
    factories.customer(number="PLG-0007")
    with pytest.raises(IntegrityError) as caught:
        factories.customer(number="PLG-0007", name="Wati Rahasia")
    db.session.rollback()
    assert "INSERT INTO customer" in str(caught.value) and "Wati" not in str(caught.value)
