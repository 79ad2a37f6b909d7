"""The commands. What each does is in a module of its own, imported when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="jackfield-sdk",
    help="Write a Jackfield plugin: scaffold it, check it, try it against the vendor, record answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def new(
    vendor: Annotated[str, typer.Argument(help="The provider's id, as `acme`.", show_default=False)],
    folder: Annotated[Path | None, typer.Option(help="Where to; else ./jackfield-<vendor>.", show_default=False)] = None,
    openai: Annotated[
        bool, typer.Option("--openai", help="The vendor speaks OpenAI's dialect: say only where it differs.")
    ] = False,
    label: Annotated[str | None, typer.Option(help="The vendor's name, as `Acme AI`.", show_default=False)] = None,
) -> None:
    """Write the files of a new plugin, which pass `check` and the conformance kit as they are."""
    from .scaffold import ScaffoldError, scaffold  # noqa: PLC0415

    target = folder or Path(f"jackfield-{vendor.replace('_', '-')}")
    try:
        written = scaffold(vendor, target, "compatible" if openai else "own", label)
    except ScaffoldError as error:
        raise typer.BadParameter(str(error)) from None
    for path in written:
        typer.echo(f"  {path}")
    typer.echo(f'\nNext: cd {target}; pip install -e . "jackfield-sdk[testing]"; jackfield-sdk check; pytest')


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The plugin's folder.", file_okay=False)] = Path(),
    as_json: AsJson = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the codes and what they ask for.")] = False,
) -> None:
    """Look for what is wrong: packaging, entry point, forms, catalog, icon. Ends with code 1 if there is something.

    `[tool.jackfield-sdk] ignore = ["P108"]` in pyproject.toml leaves a code out.
    """
    from .report import show_findings, show_rules  # noqa: PLC0415

    if rules:
        show_rules(as_json=as_json)
        return
    from .check import check_folder  # noqa: PLC0415

    findings = check_folder(folder)
    show_findings(findings, folder.resolve(), as_json=as_json)
    raise typer.Exit(1 if findings else 0)


Provider = Annotated[
    str | None, typer.Argument(help="The provider's id; else that of the plugin in this folder.", show_default=False)
]
PluginFolder = Annotated[
    Path | None, typer.Option("--folder", help="A plugin that is not installed.", file_okay=False, show_default=False)
]
Model = Annotated[str | None, typer.Option(help="The model to call; else the cheapest of each type.", show_default=False)]
Kind = Annotated[str | None, typer.Option("--type", help="Models of this type only, as `text_embedding`.", show_default=False)]
Only = Annotated[list[str] | None, typer.Option("--only", help="This call only; see the first column.", show_default=False)]
Values = Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE of the form, for fields that are no secret.")]
BaseURL = Annotated[str | None, typer.Option(help="Another address than the vendor's own.", show_default=False)]


@app.command("try")
def try_provider(
    provider: Provider = None,
    *,
    folder: PluginFolder = None,
    model: Model = None,
    kind: Kind = None,
    only: Only = None,
    values: Values = None,
    base_url: BaseURL = None,
    as_json: AsJson = False,
) -> None:
    """Ask the real vendor: prove the credentials, list the models, one call of each type, streamed and whole.

    Secrets come from the environment (`jackfield providers` names the variables) or are asked for; none is ever shown.
    It costs what the calls cost. Ends with code 1 if one fails.
    """
    from .trying import Asked, try_it  # noqa: PLC0415

    asked = Asked(provider, folder, model, kind, tuple(only or ()), tuple(values or ()), base_url)
    raise typer.Exit(try_it(asked, as_json=as_json))


@app.command()
def record(
    provider: Provider = None,
    *,
    to: Annotated[Path, typer.Option(help="The folder of the cassettes.", file_okay=False)] = Path("tests/cassettes"),
    folder: PluginFolder = None,
    model: Model = None,
    kind: Kind = None,
    only: Only = None,
    values: Values = None,
    base_url: BaseURL = None,
    as_json: AsJson = False,
) -> None:
    """Do the same, and keep what the vendor answers as cassettes, secrets scrubbed; `CassetteConformance` replays them."""
    from .trying import Asked, try_it  # noqa: PLC0415

    asked = Asked(provider, folder, model, kind, tuple(only or ()), tuple(values or ()), base_url)
    raise typer.Exit(try_it(asked, as_json=as_json, to=to))


def run(arguments: list[str] | None = None) -> None:
    """Run, and end the process."""
    app(args=sys.argv[1:] if arguments is None else arguments, prog_name="jackfield-sdk")
