"""The blueprint of everything under /admin/customers; the views are in `routes_*.py`."""

from flask import Blueprint

bp = Blueprint("customers", __name__, url_prefix="/admin/customers")
