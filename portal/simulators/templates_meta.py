"""The seven approved templates of the demo account, as Meta would show them."""

TEMPLATES: dict[str, str] = {
    "payment_confirmation": (
        "Halo {{1}}, pembayaran Anda sebesar Rp {{2}} telah kami terima.\n\n"
        "No. Pembayaran: {{3}}\nTanggal: {{4}}\nStatus: {{5}}\n\nTerima kasih atas pembayarannya."
    ),
    "invoice_notification": (
        "Yth. {{1}}, tagihan internet periode {{2}} telah terbit.\n\n"
        "No. Invoice: {{3}}\nPaket: {{4}}\nTotal: Rp {{5}}\nJatuh Tempo: {{6}}\n"
        "ID Pelanggan: {{7}}\n\nSilakan lakukan pembayaran sebelum jatuh tempo. Terima kasih."
    ),
    "payment_reminder": (
        "Halo {{1}}, ini adalah pengingat bahwa tagihan internet Anda sebesar Rp {{2}} akan "
        "jatuh tempo dalam {{3}} hari.\n\nID Pelanggan: {{4}}\n\n"
        "Mohon segera lakukan pembayaran. Terima kasih."
    ),
    "overdue_notice": (
        "Yth. {{1}}, tagihan internet Anda sebesar Rp {{2}} telah melewati jatuh tempo.\n\n"
        "ID Pelanggan: {{3}}\n\nMohon segera lakukan pembayaran untuk menghindari pemutusan "
        "layanan. Terima kasih."
    ),
    "isolation_notice": (
        "Yth. {{1}}, layanan internet Anda telah diisolasi karena tunggakan sebesar Rp {{2}}.\n\n"
        "Silakan hubungi CS kami di {{3}} atau lakukan pembayaran untuk mengaktifkan kembali "
        "layanan. ID Pelanggan {{4}} mohon disebutkan."
    ),
    "access_opened": (
        "Halo {{1}}, layanan internet Anda telah aktif kembali.\n\n"
        "Terima kasih atas pembayarannya. Jika ada kendala, hubungi CS kami di {{2}} kapan saja."
    ),
    "otp_code": (
        "*{{1}}* adalah kode verifikasi Anda. Demi keamanan, jangan bagikan kode ini.\n\n"
        "Kode ini kedaluwarsa dalam 5 menit."
    ),
}


def count(name: str) -> int:
    """How many parameters a template's body takes."""
    return TEMPLATES[name].count("{{")


def fill(name: str, values: list[str]) -> str:
    """The body with its parameters, in one pass."""
    import re

    return re.sub(r"\{\{(\d+)\}\}", lambda place: values[int(place[1]) - 1], TEMPLATES[name])
