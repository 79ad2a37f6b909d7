"""`python -m jackfield_sdk.cli`."""

from . import main

main()
