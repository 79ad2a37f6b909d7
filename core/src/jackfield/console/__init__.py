"""The console: the host's pages for people. `routes(host)` is what a server mounts."""

from .mount import routes

__all__ = ["routes"]
