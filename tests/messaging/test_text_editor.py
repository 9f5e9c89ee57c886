"""The owner's own words: versions, checks, the way back, the preview."""

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, sending, text_checks, text_store, texts
from portal.messaging.kinds import KINDS
from portal.messaging.models import MessageText
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import message, queued
from tests.visitor import Visitor, target

URL = "/admin/messages/texts/payment_reminder/id"
GOOD = "Hai [[name]], bayar *[[amount]]* ya, [[days_left]]."


def save(kind: str, body: str, language: str = "id") -> bool:
    done = text_store.save(kind, language, body)
    db.session.commit()
    return done


def test_a_saved_text_is_sent_from_the_next_message_on(provider: Provider) -> None:
    save("payment_confirmation", "Lunas! [[amount]] dari [[name]].")
    queued()
    sending.drain("messages")

    assert provider.arrived[0].text == "Lunas! Rp165.000 dari Budi."


def test_each_language_has_its_own_versions(app: Flask) -> None:
    save("payment_reminder", GOOD)
    assert text_store.current("payment_reminder", "id") == GOOD
    assert text_store.current("payment_reminder", "en") != GOOD


def test_versions_only_grow_and_the_default_is_one_of_them(app: Flask) -> None:
    default = text_store.default_text("payment_reminder", "id")
    assert save("payment_reminder", GOOD)
    assert not save("payment_reminder", GOOD), "the same again is no version"
    assert save("payment_reminder", GOOD + " Terima kasih.")
    assert save("payment_reminder", "")
    assert text_store.current("payment_reminder", "id") == default
    rows = text_store.history("payment_reminder", "id")
    assert [(row.version, row.body) for row in rows] == [
        (3, ""),
        (2, GOOD + " Terima kasih."),
        (1, GOOD),
    ]
    audited = [row for row in factories.every(AuditEntry) if row.action == "text.save"]
    assert len(audited) == 3 and audited[0].before == {"text": default}


def test_the_shipped_text_typed_again_follows_later_releases(app: Flask) -> None:
    save("payment_reminder", GOOD)
    save("payment_reminder", text_store.default_text("payment_reminder", "id"))
    assert text_store.history("payment_reminder", "id")[0].body == ""


def test_a_person_s_own_words_are_sent_as_they_stand(app: Flask) -> None:
    shown = texts.render("broadcast", "id", {"text": "x"}, body="Halo [[name]] *ya*\u202e\r\nbaris")
    assert shown == "Halo [[name]] *ya*\nbaris"


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", text_store.LANGUAGES)
def test_the_shipped_texts_pass_their_own_checks(app: Flask, kind: str, language: str) -> None:
    assert text_checks.problems(kind, text_store.default_text(kind, language)) == []


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("payment_reminder", "  ", "tidak boleh kosong"),
        ("payment_reminder", "Bayar ya", "[[amount]] wajib ada"),
        ("payment_reminder", "[[amount]] [[nama]]", "[[nama]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[Name]]", "[[Name]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[code]]", "[[code]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[name", "tidak berpasangan"),
        ("payment_reminder", "[[amount]] [[wa]]x[[/wa]]", "belum dapat dipakai"),
        ("otp_code", "Kode Anda", "[[code]] wajib ada"),
        ("broadcast", "Promo", "[[text]] wajib ada"),
        ("payment_reminder", "[[amount]]" + "x" * 4000, "Paling banyak 4000"),
    ],
)
def test_what_will_not_do(app: Flask, kind: str, body: str, sentence: str) -> None:
    with app.test_request_context():
        assert any(sentence in problem for problem in text_checks.problems(kind, body))


def test_limits_of_the_channels_are_told(app: Flask) -> None:
    limits = [
        text_checks.Limit("Kecil", 50),
        text_checks.Limit("Meta", 4096, templates=True),
        text_checks.Limit("Besar", 4096),
    ]
    with app.test_request_context():
        found = text_checks.warnings("payment_reminder", GOOD, limits)
    assert len(found) == 2
    assert "Kecil paling banyak 50" in found[0] and "template yang disetujui" in found[1]


def test_unpaired_marks_are_pointed_out(app: Flask) -> None:
    with app.test_request_context():
        found = text_checks.warnings("payment_reminder", "*[[amount]] https://x.test/a_b", [])
    assert found == ["Tanda * (tebal) tidak berpasangan."]


def test_the_editor(desk: Visitor) -> None:
    budi = factories.customer(name="Budi *Bintang*", number="PLG-77")
    channel_config.choose("console")
    db.session.commit()
    assert "Teks pesan" in desk.page("/admin/messages").text
    page = desk.page(f"{URL}?who=PLG-77").text
    assert "Budi *Bintang*" in page and "[[days_left]]" in page
    assert target(desk.post(URL, body=GOOD)) == URL
    assert "Versi 1" in desk.page(URL).text
    assert target(desk.post(URL, body="[[amount]] dua")) == URL
    assert GOOD in desk.page(f"{URL}?version=1").text
    assert target(desk.post(URL, reset="1")) == URL
    assert text_store.current("payment_reminder", "id") == text_store.default_text(
        "payment_reminder", "id"
    )
    assert budi.name in desk.page(URL).text


def test_a_wrong_text_keeps_what_was_typed(desk: Visitor) -> None:
    answer = desk.post(URL, body="Halo [[siapa]] <b>")
    assert answer.status_code == 422
    assert "Halo [[siapa]] &lt;b&gt;" in answer.text
    assert "[[siapa]] tidak dikenal" in answer.text
    assert factories.every(MessageText) == []


def test_looking_first_stores_nothing(desk: Visitor) -> None:
    answer = desk.post(URL, body="*[[amount]]* <script>", look="1")
    assert answer.status_code == 200
    assert 'class="wa-b "' in answer.text and "<script>" not in answer.text.split("<main")[-1]
    assert factories.every(MessageText) == []


def test_the_live_preview_is_a_fragment(app: Flask, siti: object) -> None:
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, siti)  # type: ignore[arg-type]
    visitor.page(URL)
    answer = visitor.post(f"{URL}/preview", body="_[[amount]]_")
    assert answer.text.strip().startswith('<section id="preview"')
    assert "wa-i" in answer.text and "<html" not in answer.text


@pytest.mark.parametrize(
    "path", ["payment_reminder/fr", "nothing/id", "payment_reminder/id?version=9"]
)
def test_what_does_not_exist_is_404(desk: Visitor, path: str) -> None:
    assert desk.get(f"/admin/messages/texts/{path}").status_code == 404


def test_a_message_keeps_the_words_of_its_kind(app: Flask) -> None:
    assert message(queued()).body is None
