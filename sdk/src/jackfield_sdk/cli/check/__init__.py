"""`jackfield-sdk check`: what is wrong with a plugin's folder, before its users find it."""

from .findings import Finding
from .folder import check_folder

__all__ = ["Finding", "check_folder"]
