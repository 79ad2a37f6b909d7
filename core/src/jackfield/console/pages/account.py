"""The account: language, theme, password."""

from __future__ import annotations

from starlette.responses import Response

from jackfield.contract import BadRequest

from ..registry import PageSet
from ..sessions import csrf_token
from ..translations import mark
from ..visit import Visit

pages = PageSet()
THEMES = {"system": mark("as the system"), "light": mark("light"), "dark": mark("dark")}


@pages.get("/account")
async def show(visit: Visit) -> Response:
    """The page."""
    return await visit.page("account.html", themes=THEMES, chosen=visit.theme or "system")


@pages.post("/account/password")
async def change_password(visit: Visit) -> Response:
    """A new password; every other session ends, and this one gets a new token."""
    sent = await visit.form()
    new, people = sent.get("password", ""), visit.host.tenancy.people
    if new != sent.get("again"):
        raise BadRequest("The two are not the same.", param="again")
    client = visit.request.client
    address = client.host if client is not None else ""
    await people.change_password(visit.cookies.session or "", sent.get("current", ""), new, address=address)
    token = await people.sign_in(visit.caller.name, new, address=address)
    response = visit.done(visit.say("The new password holds. Your other sessions have ended."), "password_form.html")
    visit.announce_csrf(response, csrf_token(token))
    visit.cookies.keep_session(response, token)
    return response
