"""The base of all forms, and the form made from a driver's declared fields."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_wtf import FlaskForm

from portal.core.driverkit import ConfigField


class BaseForm(FlaskForm):
    """Strips what people type; CSRF comes with FlaskForm."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            filters = list(unbound_field.kwargs.get("filters", ()))
            if unbound_field.field_class.__name__ in {"StringField", "TextAreaField", "TelField"}:
                filters.append(_strip)
            return unbound_field.bind(form=form, filters=filters, **options)


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


KEY_LENGTH = 64


def form_key(name: str = "once") -> str:
    """The key that came with the page, the same for each press of its form; empty for none."""
    return request.form.get(name, "")[:KEY_LENGTH]


def read_config(
    fields: tuple[ConfigField, ...], posted: Mapping[str, str], stored: Mapping[str, str]
) -> dict[str, str]:
    """The values of a driver form.

    An empty secret keeps the stored one, unless the box beside it says to clear it; then it
    goes, whatever a browser filled in.
    """
    values: dict[str, str] = {}
    for field in fields:
        typed = posted.get(f"cfg-{field.name}", "").strip()
        if field.secret and not field.required and posted.get(f"clear-{field.name}"):
            typed = ""
        elif field.secret and not typed:
            typed = stored.get(field.name, "")
        values[field.name] = typed
    return values
