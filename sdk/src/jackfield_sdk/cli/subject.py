"""The provider that a command is about, and its credentials."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from jackfield.contract import CredentialForm, ModelType, ProviderDescription, ProvisionKind
from jackfield.host.library_credentials import variable_of
from jackfield.kernel import Kernel

from .check.findings import Finding
from .check.project import Project


@dataclass(frozen=True, slots=True)
class Subject:
    """:param added: whether its models are added one by one, with settings of their own"""

    kernel: Kernel
    provider: ProviderDescription
    added: bool

    @property
    def forms(self) -> list[CredentialForm]:
        """What is asked for."""
        own = self.provider.model_form if self.added else None
        return [form for form in (self.provider.provider_form, own) if form is not None]

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the fields that hold one."""
        return frozenset(name for form in self.forms for name in form.secret_names)


def find_subject(provider: str | None, folder: Path | None, *, model: str | None, model_type: ModelType) -> Subject:
    """An installed provider by its id; or that of the plugin in a folder (where none is named: in this one)."""
    if folder is None and provider is None and Path("pyproject.toml").is_file():
        folder = Path()
    kernel = Kernel.load() if folder is None else _kernel_of(folder)
    broken = [
        record.quarantined for record in kernel.plugins if record.quarantined and (folder or provider in record.providers)
    ]
    if broken:
        raise typer.BadParameter(f"The plugin does not load. {broken[0].cause} {broken[0].advice}")
    if provider is None and len(kernel.providers) == 1:
        (provider,) = kernel.providers
    if provider is None or provider not in kernel.providers:
        raise typer.BadParameter(f"Name one of the providers that are installed: {', '.join(kernel.providers) or 'none'}.")
    described = kernel.provider(provider)
    listed = model is not None and described.model(model, model_type) is not None
    predefined = ProvisionKind.PREDEFINED in described.provision
    added = described.model_form is not None and not listed and (bool(model) or not predefined)
    if added and model is None:
        raise typer.BadParameter(f"The models of {provider} are added one by one: name one with --model.")
    return Subject(kernel, described, added)


def _kernel_of(folder: Path) -> Kernel:
    project = Project.read(folder.resolve())
    if isinstance(project, Finding):
        raise typer.BadParameter(f"{project.path}: {project.message}")
    sys.path.insert(0, str(project.root))
    plugins = []
    for name, value in project.entry_points.items():
        module, _, attribute = value.partition(":")
        plugins.append((name, getattr(importlib.import_module(module), attribute)))
    return Kernel.of(plugins)


def fill_credentials(subject: Subject, given: Sequence[str], base_url: str | None) -> dict[str, Any]:
    """Values that were named, else of the environment, else asked for where somebody can answer; secrets unseen.

    :raises CredentialsInvalid: by the form
    """
    named = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{name!r} is not FIELD=VALUE.")
        named[name] = value
    if base_url is not None:
        named["base_url"] = base_url
    fields = {field.name: field for form in subject.forms for field in form.fields}
    if stray := set(named) - set(fields):
        raise typer.BadParameter(f"The form has no field {', '.join(sorted(stray))}; it has {', '.join(fields) or 'none'}.")
    if open_secrets := set(named) & subject.secrets:
        variable = variable_of(subject.provider.id, fields[min(open_secrets)])
        raise typer.BadParameter(f"{min(open_secrets)} is a secret, and a command line is no place for one: set {variable}.")
    values: dict[str, Any] = {}
    for form in subject.forms:
        values |= form.check(_filled(subject, form, named))
    return values


def _filled(subject: Subject, form: CredentialForm, named: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in form.fields:
        value: Any = named.get(field.name) or os.environ.get(variable_of(subject.provider.id, field)) or None
        if value is not None and field.kind == "switch":
            value = value.lower() in ("true", "yes", "on", "1")
        if value is None and field.required and field.default is None and form.shows(field, values) and sys.stdin.isatty():
            value = typer.prompt(str(field.label), hide_input=field.kind == "secret", err=True)
        if value is not None:
            values[field.name] = value
    return values
