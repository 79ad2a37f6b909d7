"""The commands by name. Each is a module of its own, imported when it is called: help and completion import none.

A new command, or group of commands, is a module with a Typer object `app` and a line in `COMMANDS`.
"""

from __future__ import annotations

import errno
import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from . import exits
from .state import State

_MODELS: Final = "Use models"
_LOOK: Final = "Look around"
_RUN: Final = "Run a host"


class Entry(NamedTuple):
    """:param module: of this package; holds `app`
    :param panel: the heading under which the help lists it
    """

    module: str
    help: str
    panel: str


COMMANDS: Final[dict[str, Entry]] = {
    "serve": Entry("serve", "Start the gateway.", _RUN),
    "keys": Entry("keys", "Create, list, change and revoke API keys.", _RUN),
    "workspaces": Entry("workspaces", "Make, list, rename and remove workspaces.", _RUN),
    "members": Entry("members", "The people of a workspace, their roles and passwords.", _RUN),
    "credentials": Entry("credentials", "Add, list, check, change and remove vendor credentials.", _RUN),
    "defaults": Entry("defaults", "The default models, and aliases with fallbacks.", _RUN),
    "usage": Entry("usage", "What was used, by day, model, key, provider or type.", _RUN),
    "quota": Entry("quota", "The hosted trials, and what is left of them.", _RUN),
    "budgets": Entry("budgets", "What the workspace and its keys may spend.", _RUN),
    "audit": Entry("audit", "Who changed what in the workspace.", _RUN),
    "import": Entry("importing", "Bring over what another system has: Dify's credentials, models and defaults.", _RUN),
    "rotate-keys": Entry("rotate_keys", "Renew the master key and the workspaces' key pairs.", _RUN),
    "doctor": Entry("doctor", "Say what is wrong here, whose fault it is, and how to mend it.", _LOOK),
    "plugins": Entry("plugins", "List the plugins, the broken ones with the cause.", _LOOK),
    "providers": Entry("providers", "List the providers, and what each asks for; own or hosted first.", _LOOK),
    "models": Entry("models", "List the models; switch them off and on, try them out.", _LOOK),
    "chat": Entry("chat", "Talk to a model.", _MODELS),
    "embed": Entry("embed", "Turn the lines of a file into vectors.", _MODELS),
    "rerank": Entry("rerank", "Put documents in the order in which they answer a query.", _MODELS),
    "transcribe": Entry("transcribe", "Write down what a recording says.", _MODELS),
    "speak": Entry("speak", "Have a text spoken.", _MODELS),
}


class LazyCommands(TyperGroup):
    """The commands of `COMMANDS`: a name and a line of help until one is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = {name: self.get_command(ctx, name) for name in COMMANDS}  # from which a mistyped name is guessed
        name, stub, rest = super().resolve_command(ctx, args)
        if stub is None or name is None:
            return name, stub, rest
        command = typer.main.get_command(import_module(f".{COMMANDS[name].module}", __package__).app)
        command.name = name
        _unwrap(command)
        return name, command, rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _unwrap(self)
        super().format_help(ctx, formatter)


def _unwrap(command: Any) -> None:
    """Help is wrapped to the terminal's width, and not as the source is."""
    if command.help:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    for inner in getattr(command, "commands", {}).values():
        _unwrap(inner)


app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # an unexpected error is for a bug report: Python's own traceback, which shows no values
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"jackfield {import_module('importlib.metadata').version('jackfield')}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The settings file.", envvar="JACKFIELD_CONFIG", dir_okay=False, show_default=False)
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="The folder of the database and the keys.", file_okay=False, show_default=False)
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option("--workspace", "-w", help="The workspace, by name or id; else the first.", envvar="JACKFIELD_WORKSPACE"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Jackfield: one small host, every model vendor a plugin.

    Exit codes: 0 it worked, 1 the host or a plugin failed, 2 wrong use, 3 the workspace's credentials, permissions or quota,
    4 the vendor.
    """
    ctx.obj = State(config=config, data_dir=data_dir, workspace=workspace)


def run(arguments: list[str] | None = None) -> None:
    """Run, and end the process."""
    try:
        app(args=arguments, prog_name="jackfield")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        exits.give_up(f"What the command says or keeps cannot be written: {error.strerror}.", "Make room, and run it again.")
    except Exception as error:
        known = exits.as_error(error)
        if known is None:
            raise
        exits.show(known, as_json="--json" in (sys.argv if arguments is None else arguments))
        sys.exit(exits.code_of(known))
