"""Dumps as mysqldump, phpMyAdmin and pg_dump write them, in the schemas of the two systems.

The columns are those of PHPNuxBill's install/phpnuxbill.sql and of the migrations of Java
Indonusa's billing; the people are made up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

PHPNUXBILL = {
    "tbl_customers": (
        "id username password photo pppoe_username pppoe_password pppoe_ip fullname address city "
        "district state zip phonenumber email coordinates account_type balance service_type "
        "auto_renewal status created_by created_at last_login"
    ),
    "tbl_plans": (
        "id name_plan id_bw price price_old type typebp limit_type time_limit time_unit "
        "data_limit data_unit validity validity_unit shared_users routers is_radius pool "
        "plan_expired expired_date enabled prepaid plan_type device on_login on_logout"
    ),
    "tbl_user_recharges": (
        "id customer_id username plan_id namebp recharged_on recharged_time expiration time "
        "status method routers type admin_id"
    ),
    "tbl_transactions": (
        "id invoice username user_id plan_name price recharged_on recharged_time expiration time "
        "method routers type note admin_id"
    ),
    "tbl_routers": (
        "id name ip_address username password description coordinates status last_seen coverage "
        "enabled"
    ),
    "tbl_customers_fields": "id customer_id field_name field_value",
    "tbl_voucher": "id type routers id_plan code user status created_at used_date generated_by",
    "tbl_users": "id username password user_type",
}
INDONUSA = {
    "customers": (
        "id customer_id name address rt_rw kelurahan kecamatan phone phone_alt email nik "
        "package_id area_id router_id collector_id pppoe_username pppoe_password ip_address "
        "mac_address onu_serial status total_debt credit_balance join_date isolation_date "
        "isolation_reason suspension_start_date suspension_end_date suspension_reason "
        "termination_date termination_reason billing_type billing_date billing_start_date "
        "is_rapel rapel_amount rapel_months payment_behavior discount_type discount_value "
        "discount_reason is_taxed last_payment_date connection_type static_ip notes latitude "
        "longitude created_at updated_at deleted_at"
    ),
    "packages": (
        "id name code description speed_download speed_upload price setup_fee is_active "
        "mikrotik_profile created_at updated_at deleted_at"
    ),
    "areas": "id name code description parent_id collector_id is_active created_at deleted_at",
    "routers": "id name ip_address api_port username password is_active deleted_at",
    "invoices": (
        "id invoice_number customer_id period_month period_year package_id package_name "
        "package_price additional_charges discount discount_reason total_amount paid_amount "
        "remaining_amount status due_date paid_at generated_at notes created_at updated_at "
        "deleted_at"
    ),
    "payments": (
        "id payment_number customer_id invoice_id amount payment_method status created_at "
        "deleted_at"
    ),
    "users": "id name email password remember_token",
}
SECRET = "rahasia-jangan-diambil"
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0",
            "\x1a": "\\Z"}  # fmt: skip


def quoted(value: Any) -> str:
    """A value as mysqldump writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value)
    return "'" + "".join(_ESCAPES.get(char, char) for char in str(value)) + "'"


def mysqldump(schema: Mapping[str, str], data: Mapping[str, Rows]) -> str:
    """INSERT without column names, many rows in one: they stand in CREATE TABLE."""
    parts = ["-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n/*!40101 SET NAMES "
             "utf8mb4 */;\n"]  # fmt: skip
    for table, names in schema.items():
        columns = ",\n".join(f"  `{name}` text COMMENT 'it''s; ok'" for name in names.split())
        parts.append(f"DROP TABLE IF EXISTS `{table}`;\nCREATE TABLE `{table}` (\n{columns},\n")
        parts.append("  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n")
        if rows := data.get(table):
            tuples = ",".join(
                "(" + ",".join(quoted(row.get(name)) for name in names.split()) + ")"
                for row in rows
            )
            parts.append(f"LOCK TABLES `{table}` WRITE;\n/*!40000 ALTER TABLE `{table}` DISABLE "
                         f"KEYS */;\n"
                         f"INSERT INTO `{table}` VALUES {tuples};\nUNLOCK TABLES;\n")  # fmt: skip
    parts.append("DELIMITER ;;\n/*!50003 CREATE TRIGGER x BEGIN SELECT ';'; END */;;\n"
                 "DELIMITER ;\n-- Dump completed")  # fmt: skip
    return "".join(parts)


def pg_dump(schema: Mapping[str, str], data: Mapping[str, Rows]) -> str:
    """COPY, as pg_dump writes it."""
    parts = ["--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n"]
    for table, names in schema.items():
        columns = ",\n".join(f"    {name} text" for name in names.split())
        parts.append(f"CREATE TABLE public.{table} (\n{columns}\n);\n\n")
        listed = ", ".join(names.split())
        parts.append(f"COPY public.{table} ({listed}) FROM stdin;\n")
        parts += ["\t".join(copied(row.get(name)) for name in names.split()) + "\n"
                  for row in data.get(table, ())]  # fmt: skip
        parts.append("\\.\n\n\n")
    return "".join(parts)


def copied(value: Any) -> str:
    """A value as COPY writes it."""
    if value is None:
        return "\\N"
    text = str(value).replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def nux_customer(number: int, **other: Any) -> dict[str, Any]:
    """A row of tbl_customers."""
    return {
        "id": number, "username": f"pel{number}", "password": SECRET, "pppoe_username": "",
        "pppoe_password": SECRET, "fullname": f"Orang {number}", "address": "Jl. O'Neil \\ 5\nRT 1",
        "city": "Cibiru", "phonenumber": f"08120000{number:04d}", "balance": "0.00",
        "status": "Active", "created_at": "2025-03-01 10:00:00", "service_type": "PPPoE", **other,
    }  # fmt: skip


def nux_recharge(customer: int, **other: Any) -> dict[str, Any]:
    """A row of tbl_user_recharges."""
    return {
        "id": customer, "customer_id": customer, "username": f"pel{customer}", "plan_id": 1,
        "namebp": "Rumah 10M", "recharged_on": "2026-11-05", "expiration": "2026-12-05",
        "status": "on", "routers": "Pusat", "type": "PPPOE", **other,
    }  # fmt: skip


def nux_plan(number: int = 1, **other: Any) -> dict[str, Any]:
    """A row of tbl_plans."""
    return {"id": number, "name_plan": "Rumah 10M", "price": "150000", "type": "PPPOE",
            "validity": 1, "validity_unit": "Months", "routers": "Pusat", **other}  # fmt: skip


def ji_customer(number: int, **other: Any) -> dict[str, Any]:
    """A row of customers."""
    return {
        "id": number, "customer_id": f"JI-{number:04d}", "name": f"Orang {number}",
        "address": "Jl. Melati 5", "rt_rw": "01/02", "kelurahan": "Cibiru", "kecamatan": None,
        "phone": f"08130000{number:04d}", "phone_alt": None, "package_id": 1, "area_id": 1,
        "pppoe_username": f"ppp{number}", "pppoe_password": SECRET, "status": "active",
        "total_debt": "0.00", "credit_balance": "0.00", "join_date": "2024-05-01",
        "billing_date": 1, "is_rapel": 0, "payment_behavior": "regular", "discount_type": "none",
        "discount_value": "0.00", "is_taxed": 0, **other,
    }  # fmt: skip


def ji_invoice(customer: int, month: int, **other: Any) -> dict[str, Any]:
    """A row of invoices; open for the whole amount unless told."""
    return {
        "id": customer * 100 + month, "invoice_number": f"INV-2026{month:02d}-{customer:05d}",
        "customer_id": customer, "period_month": month, "period_year": 2026,
        "package_name": "Hemat", "package_price": "200000.00", "total_amount": "200000.00",
        "paid_amount": "0.00", "remaining_amount": "200000.00", "status": "pending",
        "due_date": f"2026-{month:02d}-20", **other,
    }  # fmt: skip


def ji_package(**other: Any) -> dict[str, Any]:
    """A row of packages."""
    return {"id": 1, "name": "Hemat 20M", "code": "H20", "price": "200000.00", **other}
