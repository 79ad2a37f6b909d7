"""The author's command line: `jackfield-sdk new`, `check`, `try`, `record`."""


def main() -> None:
    """Run the command that the arguments name."""
    from .app import run  # noqa: PLC0415 - what only asks for the package imports no command line

    run()
