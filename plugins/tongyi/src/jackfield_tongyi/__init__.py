"""Alibaba Tongyi."""
