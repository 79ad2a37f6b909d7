"""What the options before the command say; handed to every command as the context's object."""

from __future__ import annotations

import contextlib
import logging
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jackfield.host.settings import Settings
    from jackfield.kernel import Kernel


@dataclass(frozen=True)
class State:
    """:param config: the settings file, where one was named
    :param data_dir: the folder for the data, where one was named
    :param workspace: name or id of the workspace to work in; None: the first
    """

    config: Path | None = None
    data_dir: Path | None = None
    workspace: str | None = None

    def settings(self, **overrides: Any) -> Settings:
        """Those of the file and the environment, read once; `overrides` go over them.

        :raises HostFault: naming every setting at fault
        """
        return self._load(**overrides) if overrides else self._settings

    @cached_property
    def _settings(self) -> Settings:
        return self._load()

    def _load(self, **overrides: Any) -> Settings:
        from jackfield.host.settings import Settings  # noqa: PLC0415 - not before a command needs it

        if self.data_dir is not None:
            overrides["data_dir"] = self.data_dir
        return Settings.load(self.config, **overrides)

    def has_database(self) -> bool:
        """Whether there is one already. A command that merely calls a model makes none."""
        settings = self.settings()
        return settings.database_url is not None or (settings.data_dir / "jackfield.db").exists()

    def kernel(self) -> Kernel:
        """The plugins, as the host would load them. What is wrong with them, the commands say themselves."""
        from jackfield.kernel import Kernel  # noqa: PLC0415

        quiet()
        with contextlib.redirect_stdout(sys.stderr):  # what a plugin prints when it is imported is no part of an answer
            return Kernel.load(disabled=self.settings().plugins.disabled)


def quiet() -> None:
    """No log lines between a command's own: an error ends the command and is told once."""
    logging.getLogger("jackfield").setLevel(logging.CRITICAL)
