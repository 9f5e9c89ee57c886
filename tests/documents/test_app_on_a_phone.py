"""Manifest, icons and the page for no connection: an app on the home screen, and no bill in it."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from portal.documents import app_icon, logo
from portal.extensions import db
from tests import factories
from tests.visitor import Visitor


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_the_manifest_can_be_installed(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json" and "Set-Cookie" not in answer.headers
    told: dict[str, Any] = answer.get_json(force=True)
    assert told["start_url"].startswith("/") and told["display"] == "standalone"
    assert told["theme_color"] and told["background_color"] and told["short_name"]
    sizes = {(one["sizes"], one["purpose"]) for one in told["icons"]}
    assert sizes == {(f"{n}x{n}", use) for n in (192, 512) for use in ("any", "maskable")}
    for one in told["icons"]:
        drawn = client.get(one["src"])
        assert drawn.mimetype == "image/png"
        assert f"{picture(drawn.data).width}x{picture(drawn.data).height}" == one["sizes"]
    assert client.get("/icon-7.png").status_code == 404


@pytest.mark.parametrize("size", app_icon.SIZES)
def test_our_own_icon_is_small_and_full_to_its_edges(size: int) -> None:
    data = app_icon.our_own(size)
    assert len(data) <= 10_000
    drawn = picture(data)
    assert drawn.getpixel((0, 0)) == drawn.getpixel((size - 1, size - 1)) == app_icon.BRAND
    assert app_icon.WHITE in {drawn.getpixel((size // 2, y)) for y in range(size)}


def test_the_icon_follows_the_logo(app: Flask, client: FlaskClient) -> None:
    into = io.BytesIO()
    Image.new("RGB", (300, 100), (200, 0, 0)).save(into, "PNG")
    logo.keep(into.getvalue(), "owner@example.net")
    db.session.commit()
    html = client.get("/login").text
    found = re.search(r"/icon-96\.png\?v=[0-9a-f]{10}", html)
    assert found, "the header shows it"
    drawn = picture(client.get(found[0]).data)
    assert drawn.size == (96, 96) and drawn.getpixel((48, 48))[0] > 150  # type: ignore[index]
    assert drawn.getpixel((2, 2)) == (255, 255, 255), "what a round phone cuts off is empty"
    logo.remove()
    db.session.commit()
    assert "/icon-96.png" not in client.get("/login").text


def test_the_worker_keeps_one_page_that_knows_nobody(app: Flask) -> None:
    budi = factories.customer(name="Budi Santoso")
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    page = visitor.get("/offline")
    assert page.status_code == 200 and "Tidak ada koneksi" in page.text
    assert "Budi" not in page.text and "csrf" not in page.text
    script = visitor.get("/sw.js")
    assert script.mimetype == "application/javascript"
    kept = re.search(r"self\.KEEP = (\[.*\]);", script.text)
    assert kept
    urls = re.findall(r'"([^"]+)"', kept[1])
    assert urls[0] == "/offline" and all(url.startswith("/static/") for url in urls[1:])
    assert "cache.put" not in script.text and ".put(" not in script.text, "nothing else is stored"
    for url in urls:
        assert visitor.get(url).status_code == 200, url
