"""HTTP: the host as an ASGI application (`create_app`) and as a server (`server.run`)."""

from .app import Gateway, create_app

__all__ = ["Gateway", "create_app"]
