"""The command line: thin commands over the host. `python -m jackfield.cli` and the script `jackfield` are the same."""

import gc


def main() -> None:
    """Run the command that the arguments name; ends the process with one of the codes of `jackfield.cli.exits`."""
    # The modules, classes and descriptions that a start makes stay: to look through them for garbage after every 700 new ones,
    # as Python does, takes a tenth of the time.
    gc.set_threshold(50_000)
    from .app import run  # noqa: PLC0415 - what only asks for the package's docstring imports no command line

    run()
