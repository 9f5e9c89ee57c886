"""The audit log in words: who somebody is, what an action is called."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry

# What is not here is shown by its own name.
ACTIONS: dict[str, Any] = {
    "area.collector": _l("Penagih area diganti"),
    "attention.resolve": _l("Perhatian ditandai selesai"),
    "billing.pause": _l("Penerbitan tagihan dijeda"),
    "announcement.end": _l("Pengumuman diakhiri"),
    "announcement.write": _l("Pengumuman ditulis"),
    "billing.resume": _l("Penerbitan tagihan dilanjutkan"),
    "billing.run": _l("Tagihan diterbitkan"),
    "broadcast.cancel": _l("Siaran dibatalkan"),
    "broadcast.pause": _l("Siaran dijeda"),
    "broadcast.remove": _l("Draf siaran dihapus"),
    "broadcast.resume": _l("Siaran dilanjutkan"),
    "broadcast.start": _l("Siaran dikirim"),
    "broadcast.test": _l("Siaran diuji"),
    "channel.resume": _l("Saluran dilanjutkan"),
    "charge.add": _l("Biaya tambahan dicatat"),
    "charge.cancel": _l("Biaya tambahan dibatalkan"),
    "closing.close": _l("Kas ditutup"),
    "closing.reopen": _l("Kas dibuka lagi"),
    "books.lock": _l("Bulan dikunci"),
    "books.reopen": _l("Bulan dibuka kembali"),
    "credit.refund": _l("Saldo dikembalikan"),
    "credit.use": _l("Saldo dipakai"),
    "area.create": _l("Area dibuat"),
    "area.rename": _l("Area diganti nama"),
    "bulk.start": _l("Aksi massal dimulai"),
    "bulk.finish": _l("Aksi massal selesai"),
    "bulk.stop": _l("Aksi massal dihentikan"),
    "bulk.undo": _l("Aksi massal diurungkan"),
    "customer.change": _l("Data pelanggan diubah"),
    "customer.close": _l("Pelanggan ditutup"),
    "customer.create": _l("Pelanggan dibuat"),
    "customer.reopen": _l("Pelanggan dibuka lagi"),
    "customers.export": _l("Daftar pelanggan diunduh"),
    "impersonate.start": _l("Mulai melihat sebagai pelanggan"),
    "impersonate.end": _l("Selesai melihat sebagai pelanggan"),
    "message.pay_link": _l("Tautan bayar dikirim"),
    "note.write": _l("Catatan ditulis"),
    "note.change": _l("Catatan diubah"),
    "view.share": _l("Tampilan dibagikan"),
    "customer.messages": _l("Pilihan pesan diubah"),
    "customer.phone": _l("Nomor diganti oleh pelanggan"),
    "customer.email": _l("E-mail diubah"),
    "customers.import": _l("Pelanggan diimpor"),
    "customer.lapsed": _l("Calon pelanggan tidak jadi"),
    "customer.prospect": _l("Calon pelanggan baru"),
    "customer.welcome": _l("Calon menjadi pelanggan"),
    "discount.add": _l("Potongan diberikan"),
    "discount.stop": _l("Potongan dihentikan"),
    "documents.logo": _l("Logo dokumen diganti"),
    "documents.logo_removed": _l("Logo dokumen dihapus"),
    "invoice.credit_note": _l("Nota kredit"),
    "invoice.link_renewed": _l("Tautan bayar diganti"),
    "invoice.reopen": _l("Tagihan terbuka lagi"),
    "invoice.replace": _l("Terbit sebagai pengganti"),
    "invoice.void": _l("Tagihan dibatalkan"),
    "invoice.write_off": _l("Tagihan dihapusbukukan"),
    "invoice.write_off_undo": _l("Hapus buku dibatalkan"),
    "isolation.cancelled": _l("Isolir massal dibatalkan"),
    "isolation.confirmed": _l("Isolir massal dilanjutkan"),
    "message.cancel": _l("Pesan dibatalkan"),
    "message.resend": _l("Pesan dikirim ulang"),
    "message.resend_many": _l("Banyak pesan dikirim ulang"),
    "message.test": _l("Pesan uji coba"),
    "payment.record": _l("Pembayaran dicatat"),
    "payment.reverse": _l("Pembayaran dibatalkan"),
    "plan.change": _l("Paket diubah"),
    "plan.create": _l("Paket ditambahkan"),
    "plan.price": _l("Harga paket diubah"),
    "promise.make": _l("Janji bayar dicatat"),
    "promise.withdraw": _l("Janji bayar ditarik"),
    "rapel.agree": _l("Bulan rapel diatur"),
    "service_order.cancelled": _l("Pesanan dibatalkan"),
    "service_order.done": _l("Pesanan selesai"),
    "service_order.expired": _l("Pesanan berakhir, tidak dibayar"),
    "service_order.in_progress": _l("Pesanan diambil teknisi"),
    "service_order.place": _l("Pesanan masuk"),
    "service_order.queued": _l("Pesanan diteruskan ke teknisi"),
    "service_order.scheduled": _l("Pesanan dijadwalkan"),
    "settlement.receive": _l("Setoran diterima"),
    "settlement.reverse": _l("Setoran dibatalkan"),
    "settings.change": _l("Pengaturan diubah"),
    "role.change": _l("Izin peran diubah"),
    "staff.change": _l("Data petugas diubah"),
    "staff.create": _l("Petugas ditambahkan"),
    "staff.link": _l("Tautan kata sandi dibuat"),
    "staff.off": _l("Petugas dimatikan"),
    "staff.on": _l("Petugas dinyalakan lagi"),
    "staff.password": _l("Kata sandi petugas diganti"),
    "staff.lockout": _l("Petugas terkunci"),
    "subscription.active": _l("Akses dibuka"),
    "subscription.change": _l("Langganan diubah"),
    "subscription.ended": _l("Langganan berhenti"),
    "subscription.isolated": _l("Langganan diisolir"),
    "subscription.paused": _l("Langganan cuti"),
    "subscription.plan_change": _l("Paket langganan diganti"),
    "subscription.plan_change_cancel": _l("Pergantian paket dibatalkan"),
    "tax.set": _l("Tarif PPN diatur"),
    "telegram.link": _l("Telegram ditautkan"),
    "ticket.assign": _l("Petugas tiket ditunjuk"),
    "ticket.close": _l("Tiket ditutup"),
    "ticket.open": _l("Tiket dibuka"),
    "ticket.reopen": _l("Tiket dibuka lagi"),
    "text.save": _l("Teks pesan diubah"),
    "whatsapp.choose": _l("Driver WhatsApp dipilih"),
    "whatsapp.save": _l("Driver WhatsApp diatur"),
}


def actors(entries: Sequence[AuditEntry]) -> dict[str, str]:
    """`staff:3` -> the person's name, for everybody on these lines, in two queries."""
    people = {entry.actor for entry in entries}
    found = {"system": _("sistem"), "public": _("tanpa masuk")}
    for model, who in ((Staff, "staff"), (Customer, "customer")):
        rows = db.session.execute(
            select(model.id, model.name).where(model.id.in_(_ids(people, who)))
        )
        found |= {f"{who}:{row_id}": name for row_id, name in rows}
    return found


def _ids(people: Iterable[str], who: str) -> list[int]:
    start = f"{who}:"
    ids = (actor.removeprefix(start) for actor in people if actor.startswith(start))
    return [int(row_id) for row_id in ids if row_id.isdecimal()]
