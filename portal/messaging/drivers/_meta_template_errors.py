"""Why Meta refuses a template: code 100 with a subcode, or a code of its own.

https://developers.facebook.com/docs/whatsapp/business-management-api/error-codes (November 2026)
"""

from collections.abc import Mapping
from typing import Any

EXISTS = "2388024"
"""A template of that name is there already, in that language."""

SUBCODES: Mapping[int, str] = {
    2388019: "Jatah template akun ini habis. Hapus yang tidak dipakai di WhatsApp Manager.",
    2388023: "Nama itu baru dihapus dan terkunci 30 hari. Pakai nama lain.",
    2388024: "Template dengan nama dan bahasa itu sudah ada.",
    2388040: "Ada bagian template yang terlalu panjang.",
    2388047: "Bentuk judul template tidak diterima Meta.",
    2388072: "Bentuk isi template tidak diterima Meta.",
    2388073: "Bentuk catatan kaki template tidak diterima Meta.",
    2388293: "Terlalu banyak isian untuk panjang teksnya. Tambah kata, atau kurangi isian.",
    2388299: "Isian tidak boleh di awal atau di akhir teks.",
}


def of(error: Mapping[str, Any]) -> tuple[str, str]:
    """(sentence, code) of a refusal we know; empty for any other."""
    subcode = error.get("error_subcode")
    known = SUBCODES.get(subcode) if isinstance(subcode, int) else None
    return (known, str(subcode)) if known else ("", "")


def own_words(error: Mapping[str, Any]) -> str:
    """What Meta would show its own user about the refusal."""
    said = (error.get("error_user_title"), error.get("error_user_msg"))
    return " ".join(word for word in said if isinstance(word, str))
