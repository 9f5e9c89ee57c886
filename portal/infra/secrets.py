"""Secrets at rest: encryption with rotating keys, masks, tokens and their hashes."""

import hashlib
import hmac
import secrets as _secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class UndecryptableError(RuntimeError):
    """The stored value was encrypted with a key that ENCRYPTION_KEY no longer holds."""


def box(keys: Sequence[str]) -> MultiFernet:
    """The cipher for these keys; the first one encrypts."""
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    """Encrypt with the application's newest key."""
    cipher: MultiFernet = current_app.extensions["loket.secrets"]
    return cipher.encrypt(text.encode())


def decrypt(token: bytes) -> str:
    """Decrypt with whichever key fits; raises UndecryptableError."""
    cipher: MultiFernet = current_app.extensions["loket.secrets"]
    try:
        return cipher.decrypt(bytes(token)).decode()
    except InvalidToken:
        raise UndecryptableError("stored secret cannot be read: ENCRYPTION_KEY changed?") from None


def new_token() -> str:
    """An unguessable URL-safe token of 256 bits."""
    return _secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """How a token is stored: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def mask(secret: str) -> str:
    """What a stored secret looks like on a screen."""
    if not secret:
        return ""
    return "••••" + (secret[-4:] if len(secret) >= 12 else "")
