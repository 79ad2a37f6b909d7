"""Signing in and out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from jackfield.contract import JackfieldError, PermissionDenied, Unauthenticated

from ..registry import PageSet
from ..sessions import csrf_token
from ..visit import Visit

pages = PageSet()


@pages.get("/sign-in", public=True)
async def show(visit: Visit) -> Response:
    """The form; whoever is signed in is past it."""
    target = safe_target(visit.query.get("next", ""))
    if visit.signed_in:
        return RedirectResponse(target, status_code=303)
    unowned = await visit.host.tenancy.first_owner.workspace() is not None
    return await visit.page("sign_in.html", target=target, email="", problem=None, advice=None, unowned=unowned)


@pages.post("/sign-in", public=True)
async def sign_in(visit: Visit) -> Response:
    """A new session, with a token of its own, whatever the browser brought."""
    form = await visit.form()
    email, target = form.get("email", ""), safe_target(form.get("next", ""))
    client = visit.request.client
    try:
        token = await _new_session(visit, email, form.get("password", ""), client.host if client is not None else "")
    except JackfieldError as error:
        if visit.by_htmx:
            raise
        return await visit.page(
            "sign_in.html",
            status=error.status,
            target=target,
            email=email,
            problem=visit.sentence(error.message),
            advice=visit.sentence(error.advice),
            unowned=False,
        )
    await end_former(visit)
    if visit.by_htmx:  # over a page that is open: it goes on with the new session's token
        response = visit.done(visit.say("You are signed in again. Send the form once more."))
        visit.announce_csrf(response, csrf_token(token))
    else:
        response = RedirectResponse(target, status_code=303)
    visit.cookies.keep_session(response, token)
    return response


@pages.post("/sign-out", public=True)
async def sign_out(visit: Visit) -> Response:
    """The session ends here and on the server."""
    await end_former(visit)
    response = visit.go("/sign-in")
    visit.cookies.end_session(response)
    return response


async def _new_session(visit: Visit, email: str, password: str, address: str) -> str:
    people = visit.host.tenancy.people
    token = await people.sign_in(email, password, address=address)
    try:
        await people.session(token)
    except Unauthenticated as error:
        await people.sign_out(token)
        raise PermissionDenied(
            "This account belongs to no workspace any more.", fault="caller", advice="Ask an owner to add you as a member."
        ) from error
    return token


async def end_former(visit: Visit) -> None:
    """What the browser had before."""
    token = visit.cookies.session
    if token is not None:
        await visit.host.tenancy.people.sign_out(token)


def safe_target(path: str) -> str:
    """A page of the console, whatever was asked for: an address of another site is not followed."""
    inside = path.startswith("/console/") and not any(bad in path for bad in ("\\", "//", "..")) and path.isprintable()
    return path if inside else "/console/"
