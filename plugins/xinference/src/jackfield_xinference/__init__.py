"""Xinference."""
