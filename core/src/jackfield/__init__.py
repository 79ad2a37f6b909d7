"""Jackfield: one small host, every model vendor a plugin."""
