"""What is known of a plugin: where it comes from, what it offers, and why it is kept out where it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jackfield.contract import Fault


class Cause(StrEnum):
    """The ways in which a plugin breaks."""

    METADATA = "metadata"  # its distribution's metadata cannot be read
    NOT_FOUND = "not_found"  # its entry point leads to nothing
    IMPORT = "import"  # it raises when it is imported
    NOT_A_PLUGIN = "not_a_plugin"  # its entry point leads to something that has no hooks
    HOOKS = "hooks"  # a hook implementation does not fit its spec
    PROVIDERS = "providers"  # `jackfield_providers` raises or answers nonsense
    INCOMPLETE = "incomplete"  # it offers a model type whose hook it does not implement
    TAKEN = "taken"  # it claims a provider id that another plugin has


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Why a plugin is kept out.

    :param cause: one sentence
    :param traceback: of the exception behind it, from the plugin's own frames on; empty where there is none
    :param advice: how to mend it, one sentence
    :param fault: `plugin` (its author mends it) or `host` (whoever runs this environment does)
    """

    kind: Cause
    cause: str
    advice: str
    fault: Fault = "plugin"
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRecord:
    """A plugin that was found, whether it works or not.

    :param name: the entry point's name
    :param distribution: what `pip uninstall` takes; empty for a plugin that was handed in as an object
    :param entry_point: `module:attribute`
    :param providers: ids of the providers that it offers (or would, were it not quarantined)
    :param wraps: the hooks of other plugins' providers around which it stands
    """

    name: str
    distribution: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    homepage: str = ""
    summary: str = ""
    entry_point: str = ""
    providers: tuple[str, ...] = ()
    wraps: tuple[str, ...] = ()
    disabled: bool = False
    quarantined: Quarantine | None = None

    @property
    def title(self) -> str:
        """How an error or a page names it: the distribution and, where that is another word, the entry point."""
        return self.distribution or self.name
