"""The guides of the drivers as pages of the settings."""

import pytest
from flask.testing import FlaskClient

from portal.messaging import guides
from portal.messaging.registry import REGISTRY
from tests import factories

KINDS = [driver.kind for driver in REGISTRY if driver.kind != "console"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_guide_is_a_page(client: FlaskClient, kind: str) -> None:
    factories.log_in(client, factories.staff())
    page = client.get(f"/admin/settings/whatsapp/guide/{kind}")
    assert page.status_code == 200
    assert "<h2>" in page.text
    assert (
        f"/admin/settings/whatsapp/guide/{kind}"
        in client.get(f"/admin/settings/whatsapp?driver={kind}").text
    )


@pytest.mark.parametrize("kind", ["console", "nobody", "../domain", "..%2fdomain"])
def test_nothing_else_of_the_machine_is_read(client: FlaskClient, kind: str) -> None:
    factories.log_in(client, factories.staff())
    assert client.get(f"/admin/settings/whatsapp/guide/{kind}").status_code == 404


def test_markup_in_a_guide_is_shown(tmp_path: object) -> None:
    assert "&lt;script&gt;" in guides._markdown("<script>alert(1)</script>")
