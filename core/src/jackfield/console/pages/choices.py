"""What a browser chooses for itself, kept in cookies: language, theme, workspace."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from ..registry import PageSet
from ..sessions import LANGUAGE, THEME, WORKSPACE
from ..translations import LANGUAGES
from ..visit import Visit
from .sign_in import safe_target

pages = PageSet()


@pages.post("/choices", public=True)
async def choose(visit: Visit) -> Response:
    """One or several of them; back to the page that it came from."""
    form = await visit.form()
    response = RedirectResponse(safe_target(form.get("back", "")), status_code=303)
    if form.get("language") in LANGUAGES:
        visit.cookies.keep_choice(response, LANGUAGE, form["language"])
    if form.get("theme") in ("light", "dark", "system"):
        visit.cookies.keep_choice(response, THEME, form["theme"])
    if form.get("workspace"):
        visit.cookies.keep_choice(response, WORKSPACE, form["workspace"])
    return response
