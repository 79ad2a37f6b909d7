"""The first run: who holds the address that `serve` printed, or the first API key, becomes the owner."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from jackfield.contract import JackfieldError

from ..registry import PageSet
from ..visit import Visit
from .sign_in import end_former

pages = PageSet()
PATH = "/setup"


@pages.get(PATH, public=True)
async def show(visit: Visit) -> Response:
    """The form, as long as there is no owner."""
    if await visit.host.tenancy.first_owner.workspace() is None:
        return visit.go("/sign-in")
    return await _form(visit, visit.query.get("token", ""))


@pages.post(PATH, public=True)
async def claim(visit: Visit) -> Response:
    """Make the owner, and sign them in."""
    form = await visit.form()
    proof, email, password = form.get("proof", ""), form.get("email", ""), form.get("password", "")
    try:
        await visit.host.tenancy.first_owner.claim(proof, email, password)
    except JackfieldError as error:
        return await _form(visit, proof, email, error)
    await end_former(visit)
    token = await visit.host.tenancy.people.sign_in(email, password)
    response = RedirectResponse("/console/", status_code=303)
    visit.cookies.keep_session(response, token)
    return response


async def _form(visit: Visit, proof: str, email: str = "", error: JackfieldError | None = None) -> Response:
    return await visit.page(
        "first_run.html",
        status=error.status if error is not None else 200,
        proof=proof,
        known=bool(proof) and await visit.host.tenancy.first_owner.holds(proof),
        email=email,
        param=error.param if error is not None else None,
        problem=visit.sentence(error.message) if error is not None else None,
        advice=visit.sentence(error.advice) if error is not None else None,
    )
