"""Approved texts as drivers know them (Capability.TEMPLATE_ADMIN): what is there, what is asked.

The wire is in `_meta_templates.py`; which text is for which kind of message is decided in
`portal/messaging/templates.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.core.driverkit import Permanent

Component = Mapping[str, Any]

APPROVED = "APPROVED"
UTILITY, AUTHENTICATION, MARKETING = "UTILITY", "AUTHENTICATION", "MARKETING"


class TemplateExists(Permanent):
    """A text of that name is there already, in that language."""


@dataclass(frozen=True)
class RemoteTemplate:
    """A text as the provider has it. `status`, `category` and `quality` are its words, upper
    case; `language` has an underscore; `components` are as it describes them."""

    provider_id: str
    name: str
    language: str
    status: str
    category: str = ""
    quality: str = ""
    reason: str = ""
    parameter_format: str = "POSITIONAL"
    components: Sequence[Component] = ()


@dataclass(frozen=True)
class Brings:
    """What messages of a kind fill a template with. `names` are its values in order, sent by
    name when `named`; `header` is media, text or empty; `links` are the places of the link
    buttons that get a value."""

    names: Sequence[str]
    named: bool = False
    header: str = ""
    links: frozenset[int] = frozenset()


@dataclass(frozen=True)
class TemplateDraft:
    """A text to ask approval for. `lives` is how many seconds the provider may try to deliver
    a message of it; None leaves that to the provider."""

    name: str
    language: str
    category: str
    components: Sequence[Component] = field(default=())
    parameter_format: str = "POSITIONAL"
    lives: int | None = None


class TemplateAdmin(Protocol):
    """What a driver with Capability.TEMPLATE_ADMIN can do besides sending. Every call raises
    DriverError; Permanent for a text the provider refuses."""

    def templates(self) -> list[RemoteTemplate]:
        """Every approved or waiting text of the account, in all languages."""

    def brings(self, kind: str) -> Brings:
        """What its messages of that kind fill a template with."""

    def create_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Ask approval; what comes back may already have another category. Raises
        TemplateExists too."""

    def edit_template(self, provider_id: str, draft: TemplateDraft) -> None:
        """Replace a text; it is reviewed again."""

    def delete_template(self, name: str, provider_id: str = "") -> None:
        """Remove one language of a text, or without `provider_id` all of them."""
