"""Zhipu AI."""
