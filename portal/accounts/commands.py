"""`flask staff`: the first login of a new installation, further ones, and ways back in for whoever
lost password or phone and has no other owner to ask."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from portal.accounts import passwords, second_factor, service
from portal.accounts.models import Staff
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
    try:
        person = service.create_staff(email, name, _typed(password_stdin), role)
    except service.StaffError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"{person.email} ({person.role})")


@cli.command("password")
@click.option("--email", prompt="E-mail", help="Whose password.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(email: str, password_stdin: bool) -> None:
    """Set somebody's password; they are logged out everywhere. A second factor stays."""
    person = _known(email)
    new = _typed(password_stdin)
    judged = passwords.strength(new, (person.name, person.email))
    if not judged.fine:
        raise click.ClickException(judged.sentence)
    passwords.change(person, new)
    db.session.commit()
    click.echo(f"{person.email}: password set")


@cli.command("totp-off")
@click.option("--email", prompt="E-mail", help="Who lost phone and recovery codes.")
def totp_off(email: str) -> None:
    """Remove somebody's second factor; they are logged out everywhere."""
    person = _known(email)
    second_factor.turn_off(person)
    db.session.commit()
    click.echo(f"{person.email}: the password alone opens now")


def _known(email: str) -> Staff:
    person = db.session.scalar(select(Staff).where(Staff.email == email.strip().lower()))
    if person is None:
        raise click.ClickException("no such staff member")
    return person


def _typed(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
