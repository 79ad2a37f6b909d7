"""Parrot AI for Jackfield."""

from .provider import Parrot

plugin = Parrot()
