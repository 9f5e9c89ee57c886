"""Gathers the views of one blueprint: each of these modules adds its own to it."""

from importlib import import_module

from portal.desk.blueprint import bp

__all__ = ["bp"]

for _name in ("routes_list", "routes_page", "routes_edit", "routes_close", "routes_notes"):
    import_module(f"portal.desk.{_name}")
