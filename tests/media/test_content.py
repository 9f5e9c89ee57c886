"""A file is what its bytes say, whole; images come out new."""

import io

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.media import service
from portal.media.images import MOST_BYTES, BadImage, rewritten
from portal.media.recognition import JPEG, MP4, PDF, PNG, THREE_GP, WEBP, recognise
from portal.media.service import Refused
from tests.media import samples


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (samples.picture("JPEG"), JPEG),
        (samples.picture("PNG"), PNG),
        (samples.picture("WEBP"), WEBP),
        (samples.film(), MP4),
        (samples.film(b"mp42"), MP4),
        (samples.film(b"3gp5"), THREE_GP),
        (samples.pdf(), PDF),
        (samples.pdf() + b"\r\n\r\n", PDF),
    ],
)
def test_what_is_taken(data: bytes, form: object) -> None:
    assert recognise(data) is form


@pytest.mark.parametrize("name", samples.REFUSED)
def test_what_is_not(app: Flask, name: str) -> None:
    """With a harmless name, and nothing is left behind."""
    with pytest.raises(Refused) as caught:
        service.store(io.BytesIO(samples.REFUSED[name]), "promo.jpg", "siti")
    assert caught.value.sentence and list(service.live()) == []
    assert not service.shelf.folder().exists()


def test_pixels_stay_and_everything_else_goes() -> None:
    data = samples.located()
    assert b"RAHASIA" in data
    made, form = rewritten(data, JPEG)
    with Image.open(io.BytesIO(made)) as image:
        assert form is JPEG and image.size == (48, 64), "turned as the camera was held"
        assert not image.getexif() and set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
        }
        assert image.convert("RGB").getpixel((20, 20))[0] > 150  # type: ignore[index]
    assert b"RAHASIA" not in made


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_on_behind_an_image_is_gone(form: str) -> None:
    """GIFAR, picture and page in one, a comment with a script."""
    kind = recognise(samples.picture(form))
    assert kind
    for tail in (samples.ZIP, samples.HTML, b"<?php x ?>"):
        made, _ = rewritten(samples.picture(form) + tail, kind)
        assert tail not in made and made.endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))


def test_forms_every_service_takes() -> None:
    """WebP becomes JPEG, or PNG where something shows through; odd colours become plain ones."""
    assert rewritten(samples.picture("WEBP"), WEBP)[1] is JPEG
    assert rewritten(samples.picture("WEBP", mode="RGBA"), WEBP)[1] is PNG
    assert rewritten(samples.picture("PNG", mode="RGBA"), PNG)[1] is PNG
    for mode in ("L", "1", "P", "LA", "I;16", "CMYK"):
        form = "JPEG" if mode == "CMYK" else "PNG"
        kind = JPEG if mode == "CMYK" else PNG
        made, _ = rewritten(samples.picture(form, mode=mode), kind)
        with Image.open(io.BytesIO(made)) as image:
            assert image.mode in {"RGB", "RGBA"}


def test_a_big_photo_is_made_to_fit() -> None:
    noise = Image.effect_noise((5000, 4000), 90).convert("RGB")
    into = io.BytesIO()
    noise.save(into, "JPEG", quality=95)
    made, form = rewritten(into.getvalue(), JPEG)
    assert form is JPEG and len(made) <= MOST_BYTES
    with Image.open(io.BytesIO(made)) as image:
        assert max(image.size) <= 4096 and abs(image.width / image.height - 1.25) < 0.01


def test_the_decoder_is_the_one_the_bytes_call_for() -> None:
    with pytest.raises(BadImage):
        rewritten(samples.picture("PNG"), JPEG)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_broken_files_are_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    """Any kind, any byte changed, cut anywhere."""
    whole = bytearray(
        data.draw(
            st.sampled_from(
                [samples.picture("JPEG"), samples.picture("PNG"), samples.picture("WEBP"),
                 samples.film(), samples.pdf()]
            )
        )
    )  # fmt: skip
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    form = recognise(cut)
    if form and form.kind == "image":
        try:
            made, _ = rewritten(cut, form)
        except ValueError:
            return
        assert recognise(made)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("promo.jpg", "promo.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("..\\..\\boot.ini", "boot.jpg"),
        ("C:\\Users\\Siti\\Promo Lebaran.png", "Promo-Lebaran.jpg"),
        ("a/b\0c.exe", "b-c.jpg"),
        ("promo.php.jpg", "promo-php.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("", "berkas.jpg"),
        ("...", "berkas.jpg"),
        ("промо.jpg", "berkas.jpg"),
        ("Diskon é 50%\r\nX: 1.jpg", "Diskon-e-50-X-1.jpg"),
        ('"><img src=x>.jpg', "img-src-x.jpg"),
        ("x" * 300 + ".jpg", "x" * 60 + ".jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
    ],
)
def test_names_become_plain(given_name: str, kept: str) -> None:
    assert service.safe_name(given_name, ".jpg") == kept
