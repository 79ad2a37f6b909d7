"""`python -m jackfield.cli`."""

from . import main

main()
