"""Baidu Wenxin."""
