"""Gathers the views of one blueprint."""

from portal.desk import routes_close, routes_edit, routes_list, routes_notes, routes_page
from portal.desk.blueprint import bp

__all__ = ["bp", "routes_close", "routes_edit", "routes_list", "routes_notes", "routes_page"]
