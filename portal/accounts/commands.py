"""`flask staff create`: the first login of a new installation, and further ones."""

import sys

import click
from flask.cli import AppGroup

from portal.accounts import service
from portal.extensions import db
from portal.web.access import PERMISSIONS

cli = AppGroup("staff", help="Staff accounts.")


@cli.command("create")
@click.option("--email", prompt="E-mail", help="Login name.")
@click.option("--name", default="", help="Shown in the audit log; the e-mail when empty.")
@click.option("--role", default="owner", type=click.Choice(sorted(PERMISSIONS)), show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add a staff member. The password is asked for, never an argument others can see."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        person = service.create_staff(email, name, password, role)
    except service.StaffError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"{person.email} ({person.role})")
