"""The owner's own words: versions, checks, the way back, the preview."""

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import (
    channel_config,
    sending,
    text_checks,
    text_preview,
    text_store,
    texts,
)
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
    assert len(audited) == 3 and audited[0].before == {"version": 0, "text": default}


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
        ("payment_reminder", "Bayar ya", "[[amount]] (jumlah rupiah) wajib ada"),
        ("payment_reminder", "[[amount]] [[nama]]", "[[nama]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[Name]]", "[[Name]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[code]]", "[[code]] tidak dikenal"),
        ("payment_reminder", "[[amount]] [[name", "tidak berpasangan"),
        ("payment_reminder", "[[amount]] [[wa]]x", "ditutup dengan [[/wa]]"),
        ("payment_reminder", "[[amount]] [[wa]]x[[/wa]] [[wa]]y[[/wa]]", "satu blok"),
        ("payment_reminder", "[[amount]] [[wa]][[/wa]]", "masih kosong"),
        ("payment_reminder", "[[amount]] [[ wa ]]x[[/wa]]", "ditutup dengan [[/wa]]"),
        ("otp_code", "Kode Anda", "[[code]] (kode masuk) wajib ada"),
        ("broadcast", "Promo", "[[text]] (isi pesan) wajib ada"),
        ("payment_reminder", "[[amount]]" + "x" * 4000, "paling banyak 4000"),
    ],
)
def test_what_will_not_do(app: Flask, kind: str, body: str, sentence: str) -> None:
    with app.test_request_context():
        assert any(sentence in problem for problem in text_checks.problems(kind, body))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "[[amount]] [[ name ]]",
            "[[ name ]] tidak dikenal di jenis pesan ini. Maksudnya [[name]]?",
        ),
        ("[[amount]] [[jumlah]]", "Maksudnya [[amount]]?"),
        ("[[amount]] [[WA]]", "Blok harus dibuka dengan [[wa]]"),
        ("[[amount]] [[[name]]wa]]", "tidak berpasangan"),
        ("[[amount]] [[<b>]]", "[[<b>]] tidak dikenal"),
        ("Bayar", "[[amount]] (jumlah rupiah) wajib ada"),
    ],
)
def test_the_sentence_says_what_was_meant(app: Flask, body: str, sentence: str) -> None:
    with app.test_request_context():
        assert any(sentence in one for one in text_checks.problems("payment_reminder", body))


def test_an_invoice_needs_its_number(app: Flask) -> None:
    with app.test_request_context():
        found = text_checks.problems("invoice_notification", "[[amount]] [[due_on]]")
    assert found == ["Isian [[invoice_number]] (nomor tagihan) wajib ada."]


def test_a_text_must_fit_every_channel_that_sends_it(app: Flask) -> None:
    limits = [
        text_checks.Limit("Kecil", 50),
        text_checks.Limit("Meta", 40, templates=True),
        text_checks.Limit("Besar", 4096),
    ]
    with app.test_request_context():
        length = text_preview.longest("payment_reminder", "id", GOOD)
        found = text_checks.problems("payment_reminder", GOOD, length, limits)
        free = text_checks.problems("broadcast", "[[text]]", 1000, limits)
    assert length == len(f"Hai {'N' * 60}, bayar *Rp999.999.999* ya, dalam 30 hari.")
    assert found == [f"Dengan isian terpanjang pesan ini {length} huruf; Kecil paling banyak 50."]
    assert len(free) == 2, "a broadcast goes through Meta as free text"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("*[[amount]] https://x.test/a_b", "Tanda * dibuka"),
        ("Halo {{1}} [[amount]]", "{{1}} dikirim apa adanya"),
        ("Halo {nama} [[amount]]", "{nama} dikirim apa adanya"),
        ("Halo [nama] [[amount]]", "[nama] dikirim apa adanya"),
    ],
)
def test_probable_slips_are_asked_about(app: Flask, body: str, words: str) -> None:
    with app.test_request_context():
        (found,) = text_checks.doubts(body)
    assert words in found


def test_a_slip_is_saved_only_when_it_is_meant(desk: Visitor) -> None:
    body = "[[amount]] *S&K berlaku"
    answer = desk.post(URL, body=body)
    assert answer.status_code == 422 and "Simpan apa adanya" in answer.text
    assert "S&amp;K berlaku</textarea>" in answer.text
    assert factories.every(MessageText) == []
    assert target(desk.post(URL, body=body, sure="1")) == URL
    assert target(desk.post(URL, body=GOOD)) == URL
    assert target(desk.post(URL, restore="1", body="")) == URL
    assert text_preview.in_force("payment_reminder", "id") == body


def test_two_writers_do_not_overwrite_each_other_unseen(desk: Visitor) -> None:
    assert 'name="seen" value="0"' in desk.page(URL).text
    save("payment_reminder", GOOD)
    answer = desk.post(URL, body="Punyaku [[amount]]", seen="0")
    assert answer.status_code == 422 and "menyimpan versi lain" in answer.text
    assert "Punyaku" in answer.text and 'name="seen" value="1"' in answer.text
    assert target(desk.post(URL, body="Punyaku [[amount]]", seen="1")) == URL


def test_an_older_version_is_looked_at_and_brought_back(desk: Visitor) -> None:
    desk.post(URL, body=GOOD)
    desk.post(URL, body="[[amount]] dua")
    page = desk.page(f"{URL}?version=1").text
    assert GOOD in page and "bukan teks yang berlaku" in page and "Siti" in page
    assert "staff:" not in page
    assert target(desk.post(URL, restore="1", body="diabaikan")) == URL
    rows = text_store.history("payment_reminder", "id")
    assert [row.version for row in rows] == [3, 2, 1] and rows[0].body == GOOD
    db.session.rollback()  # reading holds SQLite's only seat
    assert desk.post(URL, restore="9").status_code == 404


def test_hidden_characters_are_not_stored(desk: Visitor) -> None:
    desk.post(URL, body="\u202e[[am\u200bount]]\r\nya\x07")
    assert factories.every(MessageText)[0].body == "[[amount]]\nya"


def test_what_meta_sends_is_not_this_text(desk: Visitor) -> None:
    values = {"access_token": "x" * 20, "phone_number_id": "1"}
    channel_config.save("meta", values)
    channel_config.choose("meta")
    db.session.commit()
    page = desk.page(URL).text
    assert "tidak menerima teks ini" in page and "{{3}} = berapa hari lagi" in page
    assert "tidak menerima teks ini" not in desk.page("/admin/messages/texts/broadcast/id").text
    assert "disetujui Meta" in desk.page("/admin/messages/texts").text


def test_the_preview_is_of_the_customer_that_was_looked_for(desk: Visitor) -> None:
    empty = desk.post(f"{URL}/preview", body="Hai [[name]] [[plan]]", who="zzz").text
    assert "Tidak ada pelanggan yang cocok" in empty and "Budi Santoso" in empty
    plan = factories.plan(name="Rumah 33 Mbps")
    first = factories.customer(name="Ani Satu", number="PLG-101", phone="+6281299990001")
    factories.customer(name="Ani Dua", number="PLG-102")
    factories.subscription(first, plan)
    invoice = "/admin/messages/texts/invoice_notification/id/preview"
    for who in ("PLG-101", "satu", "0812-9999-0001"):
        assert (
            "Ani Satu / Rumah 33 Mbps"
            in desk.post(invoice, body="[[name]] / [[plan]]", who=who).text
        )
    both = desk.post(f"{URL}/preview", body="[[name]]", who="ani").text
    assert "Dengan data Ani Dua" in both and "Ani Satu · PLG-101" in both
    picked = desk.post(f"{URL}/preview", body="[[name]]", who="ani", pick="PLG-101").text
    assert "Dengan data Ani Satu" in picked


def test_staff_without_settings_look_but_do_not_change(app: Flask) -> None:
    visitor = Visitor(app, hx=False)
    factories.log_in(visitor.client, factories.staff("rina@example.test", role="support"))
    page = visitor.page(URL).text
    assert "Hanya pemilik" in page and "Simpan versi baru" not in page
    assert "wa-b" in visitor.post(f"{URL}/preview", body="*[[amount]]*").text
    assert visitor.post(URL, body=GOOD).status_code == 403


def test_the_editor(desk: Visitor) -> None:
    budi = factories.customer(name="Budi *Bintang*", number="PLG-77")
    channel_config.choose("console")
    db.session.commit()
    assert "Teks pesan" in desk.page("/admin/messages").text
    page = desk.page(f"{URL}?who=PLG-77").text
    assert (
        "Budi \uff0aBintang\uff0a" in page and "Budi *Bintang*" in page and "[[days_left]]" in page
    )
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
    answer = desk.post(f"{URL}/preview", body="*[[amount]]* <script>")
    assert answer.status_code == 200
    assert 'class="wa-b "' in answer.text and "&lt;script&gt;" in answer.text
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
