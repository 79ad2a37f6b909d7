"""The command line: thin commands over the host. `python -m jackfield.cli` and the script `jackfield` are the same."""


def main() -> None:
    """Run the command that the arguments name; ends the process with one of the codes of `jackfield.cli.exits`."""
    from .app import run  # noqa: PLC0415 - what only asks for the package's docstring imports no command line

    run()
