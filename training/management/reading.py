"""The options of commands that say how a file is read, with the rules of the page's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.forms import BaseForm

from jobsite.jobs.management.base import JobCommand
from training.web.dataset_forms import ReadingForm


def add_reading_arguments(parser: CommandParser) -> None:
    """Add an option for each field of the form, such as --separator and --dates."""
    for name, field in ReadingForm.base_fields.items():
        values = [value for value, _ in getattr(field, "choices", ()) if value]
        parser.add_argument(
            f"--{name}",
            default="",
            metavar=name.upper(),
            help=f"{field.label}: {', '.join(values) or field.help_text}",
        )


def reading_choices(command: JobCommand, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices as the reader takes them, or end with status 2 and the reason."""
    form = ReadingForm({name: options[name] for name in ReadingForm.base_fields})
    if not form.is_valid():
        command.refuse(refusals(form))
    return form.choices


def refusals(form: BaseForm) -> str:
    """Return the sentences of a form that is not valid, a line for each field."""
    return "\n".join(refusal(name, map(str, found)) for name, found in form.errors.items())


def refusal(name: str, messages: Iterable[str]) -> str:
    """Return the sentences about a field of the form, with the option that it belongs to."""
    option = {"wanted": "problem"}.get(name, name.replace("_", "-"))
    return f"--{option}: {' '.join(messages)}"
