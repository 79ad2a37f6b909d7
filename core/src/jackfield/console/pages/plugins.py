"""Host > Plugins: what is installed, what is broken and why, how to install more."""

from __future__ import annotations

from starlette.responses import Response

from jackfield.tenancy import Role

from ..registry import PageSet
from ..translations import mark
from ..visit import Visit

pages = PageSet()
pages.menu("/plugins", mark("Plugins"), group="Host", order=10)


@pages.get("/plugins")
async def show(visit: Visit) -> Response:
    """All plugins, the broken ones first. Tracebacks are for those who can do something about them."""
    plugins = sorted(visit.host.kernel.plugins, key=lambda plugin: (plugin.quarantined is None, plugin.title))
    labels = {name: visit.label(found.label) for name, found in visit.host.kernel.providers.items()}
    return await visit.page("plugins.html", plugins=plugins, labels=labels, may_see_traceback=visit.caller.may(Role.ADMIN))
