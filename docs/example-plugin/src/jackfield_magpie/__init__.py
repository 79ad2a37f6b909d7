"""Magpie AI for Jackfield."""

from .provider import Magpie

plugin = Magpie()
