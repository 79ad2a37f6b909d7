"""Default models, API keys, members, plugins, the audit log, the account."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jackfield.contract import EmbeddingRequest, ModelType
from jackfield.tenancy import Role, operator
from playwright.sync_api import Page, expect


def test_default_models_are_chosen(page: Page, site: Any, owner: Any) -> None:
    page.goto("/console/defaults")
    page.get_by_label("Chat").select_option("local/smollm2")
    page.get_by_label("Rerank").select_option("local/wordllama-rerank")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    view = site.run(site.host.tenancy.views.get(owner.caller.workspace_id))
    assert view.defaults == {ModelType.LLM: "local/smollm2", ModelType.RERANK: "local/wordllama-rerank"}
    site.run(site.host.tenancy.choices.switch_model(owner.caller, "local", "smollm2", ModelType.LLM, on=False))
    page.reload()
    expect(page.get_by_text("is switched off")).to_be_visible()
    page.get_by_label("Rerank").select_option("none")
    page.get_by_role("button", name="Save").click()  # what is gone may stay while something else is changed
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    page.get_by_label("Chat").select_option("none")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is switched off")).to_be_hidden()
    expect(page.get_by_role("button", name="Save")).to_be_focused()

    # Switched off elsewhere while the page was open: the field is marked, and nothing is saved.
    page.get_by_label("Embedding").select_option("local/wordllama")
    page.get_by_label("Rerank").select_option("local/wordllama-rerank")
    site.run(site.host.tenancy.choices.switch_model(owner.caller, "local", "wordllama", ModelType.TEXT_EMBEDDING, on=False))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Embedding")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Switch it on under Settings > Model providers.")).to_be_visible()
    expect(page.locator(".field > .problem code")).to_have_text("local/wordllama")
    assert not site.run(site.host.tenancy.views.get(owner.caller.workspace_id)).defaults


def test_an_alias_is_made_changed_and_removed(page: Page, site: Any, owner: Any) -> None:
    page.goto("/console/defaults")
    page.get_by_role("button", name="New alias").click()
    dialog = page.get_by_role("dialog", name="New alias")
    dialog.get_by_label("Name").fill("not a name")
    dialog.get_by_label("Model", exact=True).select_option("local/smollm2")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("quick")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("cell", name="quick", exact=True)).to_be_visible()
    page.get_by_role("button", name="Edit quick").click()
    page.get_by_role("dialog").get_by_label("If that fails").first.select_option("local/wordllama")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="local/smollm2 → local/wordllama")).to_be_visible()
    page.get_by_role("button", name="Remove quick").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No alias yet.")).to_be_visible()
    assert not site.run(site.host.tenancy.views.get(owner.caller.workspace_id)).aliases


def test_a_key_is_shown_once_works_and_is_revoked(page: Page, site: Any, owner: Any) -> None:
    page.goto("/console/keys")
    expect(page.get_by_text("No key yet.")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog).to_contain_text("A key needs a name.")
    dialog.get_by_label("Name").fill("<b>shop</b>")
    dialog.get_by_label("Chat").check()
    dialog.get_by_label("Only these models").fill("local/*, quick")
    expect(dialog.get_by_label("Last day")).to_be_hidden()
    dialog.get_by_label("Ends").select_option("on a day")
    dialog.get_by_label("Last day").fill("2099-12-31")
    dialog.get_by_label("Requests a minute").fill("many")
    dialog.get_by_label("Budget a month").fill("12.50")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog).to_contain_text("must be a whole number above zero")
    dialog.get_by_label("Requests a minute").fill("60")
    dialog.get_by_role("button", name="Make the key").click()
    token = dialog.get_by_label("The new key").inner_text()
    caller = site.run(site.host.tenancy.keys.authenticate(token))
    assert (caller.name, caller.role, caller.requests_per_minute) == ("<b>shop</b>", None, 60)
    assert caller.scopes.model_types == {ModelType.LLM}
    assert caller.scopes.models == ("local/*", "quick")
    dialog.get_by_role("button", name="I have it: close").click()
    row = page.get_by_role("row", name=re.compile("shop"))
    for text in ("<b>shop</b>", "local/*, quick", "60 requests", "$12.50 a month", "2099-12-31"):
        expect(row).to_contain_text(text)
    page.reload()
    assert token not in page.content()

    page.get_by_role("button", name=re.compile("^Edit")).click()
    dialog = page.get_by_role("dialog", name=re.compile("^Edit"))
    expect(dialog.get_by_label("Chat")).to_be_checked()
    expect(dialog.get_by_label("Last day")).to_have_value("2099-12-31")
    expect(dialog.get_by_label("Only these models")).to_have_value("local/*, quick")
    dialog.get_by_label("Requests a minute").fill("90")
    dialog.get_by_label("Ends").select_option("never")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("90 requests")
    expect(row).not_to_contain_text("2099")
    page.get_by_role("button", name=re.compile("^Budget of")).click()
    page.get_by_role("dialog").get_by_label("Amount").fill("5000")
    page.get_by_role("dialog").get_by_label("Unit").select_option("tokens")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("5,000 tokens a month")
    page.get_by_role("button", name=re.compile("^Revoke")).click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("1 key that no longer works")).to_be_visible()
    (found,) = site.run(site.host.tenancy.keys.list(owner.caller))
    assert found.revoked_at is not None


def test_the_workspace_has_a_budget(page: Page, site: Any, owner: Any) -> None:
    page.goto("/console/keys")
    page.get_by_role("button", name="Set a budget").click()
    dialog = page.get_by_role("dialog", name="Budget of the whole workspace")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Type an amount.")
    dialog.get_by_label("Amount").fill("100")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("$0 of $100 a month")).to_be_visible()
    page.get_by_role("button", name="Set a budget").click()
    expect(dialog.get_by_text("$0 of $100 a month")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("$100 a month")).to_have_count(0)
    assert not site.run(site.host.tenancy.views.get(owner.caller.workspace_id)).budgets


def test_what_is_spent_of_a_budget_is_shown_to_those_who_set_it(
    page: Page, new_page: Callable[..., Page], new_person: Callable[..., Any], site: Any, owner: Any
) -> None:
    tenancy = site.host.tenancy
    site.run(tenancy.budgets.set(owner.caller, None, "day", "tokens", Decimal(4)))
    used = site.run(site.host.calls.embedding(owner.caller, EmbeddingRequest(model="local/wordllama", inputs=["a river"] * 3)))
    site.run(tenancy.ledger.flush())
    page.goto("/console/keys")
    expect(page.get_by_text(f"{used.usage.total_tokens} of 4 tokens a day")).to_be_visible()
    expect(page.get_by_label("Spent of the budget")).to_have_js_property("value", 4)
    expect(page.get_by_text("spent: calls are refused")).to_be_visible()
    member = new_page(new_person(Role.MEMBER, owner.caller.workspace_id))
    member.goto("/console/keys")
    expect(member.get_by_text("4 tokens a day", exact=True)).to_be_visible()


def test_members_come_change_and_go(page: Page, new_page: Callable[..., Page], site: Any, owner: Any) -> None:
    page.goto("/console/members")
    page.get_by_role("button", name="Add a member").click()
    dialog = page.get_by_role("dialog", name="Add a member")
    email = f"new-{owner.email}"
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_label("First password").fill("short")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("A password has at least 10 characters.")
    dialog.get_by_label("First password").fill("long enough now")
    dialog.get_by_role("button", name="Add").click()
    page.get_by_label(f"Role of {email}").select_option("Admin")
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("button", name=f"New password for {email}").click()
    page.get_by_role("dialog").get_by_label("New password").fill("an even longer one")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    other = new_page()
    other.goto("/console/members")
    other.get_by_label("E-mail").fill(email)
    other.get_by_label("Password").fill("an even longer one")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Members")).to_be_visible()
    expect(other.get_by_role("button", name="Add a member")).to_have_count(0)

    page.get_by_label(f"Role of {owner.email}").select_option("Member")
    expect(page.get_by_text("A workspace needs an owner.")).to_be_visible()
    page.get_by_role("button", name=f"Remove {email}").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("cell", name=email, exact=True)).to_be_hidden()
    other.reload()
    other.get_by_label("E-mail").fill(email)
    other.get_by_label("Password").fill("an even longer one")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_contain_text("This account belongs to no workspace any more.")

    page.get_by_label("Name of the workspace").fill("Research")
    with page.expect_response("**/members/workspace"):
        page.get_by_role("button", name="Save").click()
    assert site.run(site.host.tenancy.views.get(owner.caller.workspace_id)).name == "Research"


def test_plugins_are_listed(page: Page) -> None:
    page.goto("/console/plugins")
    item = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="jackfield-local"))
    expect(item).to_contain_text("Works")
    item.get_by_role("link", name="Local models").click()
    expect(page.get_by_role("dialog", name="Local models")).to_be_visible()


def test_the_audit_log_tells_who_did_what(
    page: Page, new_page: Callable[..., Page], new_person: Callable[..., Any], site: Any, owner: Any
) -> None:
    for number in range(51):
        site.run(site.host.tenancy.choices.set_alias(owner.caller, f"alias-{number}", ("local/smollm2",)))
    page.goto("/console/audit")
    first = page.get_by_role("row").nth(1)
    for text in (owner.email, "set an alias", "alias-50", "local/smollm2"):
        expect(first).to_contain_text(text)
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("row").last).to_contain_text("made the workspace")
    expect(page.get_by_role("row").last).to_contain_text("the operator")
    member = new_page(new_person(Role.MEMBER, owner.caller.workspace_id))
    member.goto("/console/audit")
    expect(member.get_by_role("heading", name="This needs the role admin in the workspace.")).to_be_visible()
    expect(member.get_by_role("link", name="Audit log")).to_have_count(0)


def test_the_account_language_theme_and_password(page: Page, new_page: Callable[..., Page], owner: Any) -> None:
    elsewhere = new_page(owner)
    page.goto("/console/account")
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Language").select_option("中文")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="账号")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 20, 22)"

    page.get_by_label("当前密码").fill("wrong")
    page.get_by_label("新密码", exact=True).fill("a new long password")
    page.get_by_label("再次输入新密码").fill("a new long one")
    page.get_by_role("button", name="更改密码").click()
    expect(page.get_by_text("两次输入不一致。")).to_be_visible()
    page.get_by_label("再次输入新密码").fill("a new long password")
    page.get_by_role("button", name="更改密码").click()
    expect(page.get_by_text("邮箱或密码错误。")).to_be_visible()
    page.get_by_label("当前密码").fill(owner.password)
    page.get_by_role("button", name="更改密码").click()
    expect(page.get_by_role("status")).to_contain_text("新密码已生效")
    page.get_by_label("当前密码").fill("still the same session")
    page.get_by_role("button", name="更改密码").click()
    expect(page.get_by_label("新密码", exact=True)).to_have_attribute("aria-invalid", "true")
    elsewhere.goto("/console/")
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()


def test_somebody_in_two_workspaces_goes_from_one_to_the_other(
    page: Page, new_person: Callable[..., Any], site: Any, owner: Any
) -> None:
    other = new_person()
    site.run(site.host.tenancy.people.add_member(operator(other.caller.workspace_id), owner.email, Role.MEMBER))
    site.run(site.host.tenancy.choices.set_alias(other.caller, "theirs", ("local/smollm2",)))
    name = site.run(site.host.tenancy.views.get(other.caller.workspace_id)).name
    page.goto("/console/defaults")
    expect(page.get_by_text("No alias yet.")).to_be_visible()
    page.get_by_label("Workspace").select_option(name)
    page.get_by_role("button", name="Open").click()
    page.goto("/console/defaults")
    expect(page.get_by_role("cell", name="theirs")).to_be_visible()
    expect(page.get_by_role("button", name="New alias")).to_have_count(0)


def test_an_owner_removes_a_workspace_and_goes_on_in_another(
    page: Page, new_page: Callable[..., Page], new_person: Callable[..., Any], site: Any, owner: Any
) -> None:
    tenancy, other = site.host.tenancy, new_person()
    first, second = owner.caller.workspace_id, other.caller.workspace_id
    site.run(tenancy.people.add_member(operator(second), owner.email, Role.OWNER))
    for caller in (owner.caller, other.caller):
        site.run(tenancy.workspaces.rename(caller, "Twice  named"))
    page.goto("/console/members")
    button = page.get_by_role("button", name="Remove this workspace")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove this workspace")
    typed = dialog.get_by_label("Its name, typed again")
    expect(typed).to_be_focused()
    expect(dialog).to_contain_text("You go on in Twice  named.")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(typed).to_be_focused()
    page.keyboard.type("Twice named")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("This is not the name of the workspace. Say it as it is written.")
    expect(typed).to_be_focused()
    # Another tab has gone to the other workspace since: what the dialog told of is removed all the same, and nothing else.
    page.context.add_cookies([{"name": "jackfield_workspace", "value": second, "url": site.url}])
    typed.fill("Twice  named")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    left = site.run(tenancy.people.memberships(owner.caller.person_id))
    assert [each.workspace_id for each in left] == [second]
    assert first in [gone.id for gone in site.run(tenancy.workspaces.removed())]

    page.goto("/console/members")
    button.click()
    expect(dialog).to_contain_text("You belong to no other workspace, and will be signed out.")
    typed.fill("Twice  named")
    dialog.get_by_role("button", name="Remove the workspace").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "jackfield_session" not in [cookie["name"] for cookie in page.context.cookies()]
    assert not site.run(tenancy.people.memberships(owner.caller.person_id))


def test_who_is_no_owner_removes_no_workspace(
    new_page: Callable[..., Page], new_person: Callable[..., Any], site: Any, owner: Any
) -> None:
    workspace = owner.caller.workspace_id
    page = new_page(new_person(Role.ADMIN, workspace))
    page.goto("/console/members")
    expect(page.get_by_role("region", name="Members")).to_be_visible()
    expect(page.get_by_role("button", name="Remove this workspace")).to_have_count(0)
    page.evaluate("() => htmx.ajax('GET', '/console/members/workspace/removal', '#drawer')")
    expect(page.get_by_text("This needs the role owner in the workspace.")).to_be_visible()
    name = site.run(site.host.tenancy.views.get(workspace)).name
    for path, status in ((workspace, 403), (new_person().caller.workspace_id, 404)):
        answered = page.evaluate(
            "([path, name]) => fetch(`/console/members/workspace/${path}/remove`, {method: 'POST', headers: {'HX-Request':"
            " 'true', 'Content-Type': 'application/x-www-form-urlencoded', 'X-CSRF-Token': JSON.parse(document.body"
            ".getAttribute('hx-headers'))['X-CSRF-Token']}, body: new URLSearchParams({name})}).then((r) => r.status)",
            [path, name],
        )
        assert answered == status
    assert site.run(site.host.tenancy.workspaces.get(workspace)).name == name
