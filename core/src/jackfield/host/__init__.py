"""The host: settings, the way out to vendors, and the life of a call.

Names are imported when they are used: the library face of this package needs neither a database nor settings.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assist import Questions, Title
    from .events import AttemptFailed, CallFinished, CallRefused, Event, Observer
    from .health import CredentialHealth, Rest
    from .host import Check, Host, Readiness
    from .http import Outbound
    from .models import ProviderModel, ProviderState, ProviderStatus, UsableModel
    from .relaying import Relayed
    from .settings import Settings
    from .tickets import CallInfo
    from .vendors import NewCredential

__all__ = [
    "AttemptFailed",
    "CallFinished",
    "CallInfo",
    "CallRefused",
    "Check",
    "CredentialHealth",
    "Event",
    "Host",
    "NewCredential",
    "Observer",
    "Outbound",
    "ProviderModel",
    "ProviderState",
    "ProviderStatus",
    "Questions",
    "Readiness",
    "Relayed",
    "Rest",
    "Settings",
    "Title",
    "UsableModel",
]

_MODULES = {
    "assist": ("Questions", "Title"),
    "events": ("AttemptFailed", "CallFinished", "CallRefused", "Event", "Observer"),
    "health": ("CredentialHealth", "Rest"),
    "host": ("Check", "Host", "Readiness"),
    "http": ("Outbound",),
    "models": ("ProviderModel", "ProviderState", "ProviderStatus", "UsableModel"),
    "relaying": ("Relayed",),
    "settings": ("Settings",),
    "tickets": ("CallInfo",),
    "vendors": ("NewCredential",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{home}", __name__), name)
