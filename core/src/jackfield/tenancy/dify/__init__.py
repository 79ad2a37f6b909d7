"""Credentials, models and defaults brought over from Dify."""

from .database import DifyDatabase
from .importing import DifyImport, workspace_id_of
from .key_folder import KeyFolder
from .report import Item, Report, Result, TenantReport
from .target import Options

__all__ = [
    "DifyDatabase",
    "DifyImport",
    "Item",
    "KeyFolder",
    "Options",
    "Report",
    "Result",
    "TenantReport",
    "workspace_id_of",
]
