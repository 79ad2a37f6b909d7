"""What Dify's tenants have, brought over: from both of its schemas, once, however often it is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import BadRequest, ModelType, NotFound
from jackfield.store.tables import AuditEntry, Base, CredentialRow
from jackfield.tenancy import Preference, operator
from jackfield.tenancy.dify import Report, Result, TenantReport
from sqlalchemy import func, select

if TYPE_CHECKING:
    from .conftest import MakeSite, Site

COMPATIBLE = "langgenius/openai_api_compatible/openai_api_compatible"


def results(report: TenantReport) -> dict[str, str]:
    """`kind subject` -> result, with the reason where there is one."""
    return {f"{item.kind} {item.subject}": f"{item.result}{': ' + item.why if item.why else ''}" for item in report.items}


def attention(report: TenantReport) -> dict[str, tuple[str, ...]]:
    return {item.subject: item.attention for item in report.items if item.attention}


async def fill(site: Site) -> str:
    """One tenant with something of everything, in the schema since 1.8."""
    dify = site.dify
    tenant = await dify.tenant("Acme")
    spare = await dify.add(
        "provider_credentials",
        tenant,
        "langgenius/openai/openai",
        credential_name="spare",
        encrypted_config=dify.form(tenant, {"openai_api_key": "sk-canary-spare"}),
    )
    main = await dify.add(
        "provider_credentials",
        tenant,
        "langgenius/openai/openai",
        credential_name="main",
        encrypted_config=dify.form(
            tenant,
            {"openai_api_key": "sk-canary-main"},
            openai_organization="org-1",
            openai_api_base="https://proxy.example.com/",
            validate_model="gpt-4o",
        ),
    )
    await dify.add("providers", tenant, "langgenius/openai/openai", provider_type="custom", is_valid=True, credential_id=main)
    await dify.add("providers", tenant, "langgenius/openai/openai", provider_type="system", is_valid=True)
    model = {"model_name": "qwen-72b", "model_type": "llm"}
    form = dify.form(
        tenant,
        {"api_key": "sk-canary-model"},
        endpoint_url="http://10.0.0.7:8000/v1",
        mode="chat",
        context_size="32768",
        function_calling_type="tool_call",
        vision_support="no_support",
        endpoint_model_name="Qwen/Qwen2.5-72B-Instruct",
        stream_mode_delimiter="\\n\\n",
        __model_type="llm",
    )
    credential = await dify.add(
        "provider_model_credentials", tenant, COMPATIBLE, credential_name="cluster", encrypted_config=form, **model
    )
    await dify.add("provider_models", tenant, COMPATIBLE, is_valid=True, credential_id=credential, **model)
    await dify.add("tenant_default_models", tenant, COMPATIBLE, **model)
    await dify.add("tenant_default_models", tenant, "openai", model_name="text-embedding-3-small", model_type="embeddings")
    await dify.add("tenant_default_models", tenant, "openai", model_name="whisper-1", model_type="speech2text")
    await dify.add(
        "provider_model_settings",
        tenant,
        "openai",
        model_name="gpt-4o",
        model_type="text-generation",
        enabled=False,
        load_balancing_enabled=False,
    )
    await dify.add("tenant_preferred_model_providers", tenant, "openai", preferred_provider_type="system")
    await dify.add(
        "provider_credentials",
        tenant,
        "someone/moonshot/moonshot",
        credential_name="m",
        encrypted_config=dify.form(tenant, {"api_key": "sk-canary-moon"}),
    )
    assert spare
    return tenant


async def snapshot(site: Site) -> dict[str, int]:
    """The number of rows of every table."""
    async with site.tenancy.store.read() as session:
        return {
            name: int((await session.execute(select(func.count()).select_from(table))).scalar_one())
            for name, table in Base.metadata.tables.items()
        }


async def test_everything_comes_over(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    site = await make_site()
    tenant = await fill(site)
    await site.dify.tenant("Empty")
    await site.dify.tenant("Old", status="archive")

    report = await site.run()

    acme, empty, old = report.tenants
    assert results(acme) == {
        "workspace Acme": "imported",
        "credential someone/moonshot/moonshot “m”": (
            "skipped: There is no counterpart of Dify's provider `someone/moonshot/moonshot`."
        ),
        "credential openai “spare”": "imported",
        "credential openai “main”": "imported",
        "credential openai_api_compatible/qwen-72b “cluster”": "imported",
        "model openai_compatible/qwen-72b": "imported",
        "default llm: openai_api_compatible/qwen-72b": "imported",
        "default embeddings: openai/text-embedding-3-small": "imported",
        "default speech2text: openai/whisper-1": "skipped: Here `openai` has no models of type speech_to_text.",
        "switch openai/gpt-4o": "imported",
        "preference openai": (
            "skipped: A hosted quota of Dify's stays there; the operator lends credentials of its own by [[trials]]."
        ),
    }
    assert attention(acme) == {"openai “spare”": ("It is switched off, as Dify's calls did not use it.",)}
    assert [item.result for item in (*empty.items, *old.items)] == [Result.SKIPPED, Result.SKIPPED]
    assert report.counts["attention"] == 1

    workspace_id = tenant.replace("-", "")
    assert (await site.tenancy.workspaces.get(workspace_id)).name == "Acme"
    assert await site.credentials(workspace_id) == {
        "openai: spare": {"api_key": "sk-canary-spare", "on": False},
        "openai: main": {
            "api_key": "sk-canary-main",
            "organization": "org-1",
            "base_url": "https://proxy.example.com/v1",
            "on": True,
        },
        "openai_compatible: qwen-72b: cluster": {
            "api_key": "sk-canary-model",
            "base_url": "http://10.0.0.7:8000/v1",
            "api": "chat",
            "context_size": 32768,
            "tools": True,
            "vision": False,
            "advanced": True,
            "endpoint_model": "Qwen/Qwen2.5-72B-Instruct",
            "stream_usage": True,
            "on": True,
        },
    }
    view = await site.tenancy.views.get(workspace_id)
    added = view.custom_models["openai_compatible", "qwen-72b", ModelType.LLM]
    assert added.context_window == 32768
    assert dict(view.defaults) == {
        ModelType.LLM: "openai_compatible/qwen-72b",
        ModelType.TEXT_EMBEDDING: "openai/text-embedding-3-small",
    }
    assert view.switched_off == {("openai", "gpt-4o", ModelType.LLM)}
    assert view.preference("openai") == Preference(hosted_first=True)

    async with site.tenancy.store.read() as session:
        rows = (await session.scalars(select(CredentialRow))).all()
        audit = (await session.scalars(select(AuditEntry))).all()
    stored = json.dumps(
        [[row.values, row.sealed, row.status_message] for row in rows] + [[e.details, e.subject] for e in audit]
    )
    assert {row.status for row in rows} == {"unchecked"}
    for text in (stored, repr(report), caplog.text):
        assert "canary" not in text


async def test_a_second_run_changes_nothing(make_site: MakeSite) -> None:
    site = await make_site()
    workspace_id = (await fill(site)).replace("-", "")
    await site.run()
    before, credentials = await snapshot(site), await site.credentials(workspace_id)
    again = await site.run()
    assert await snapshot(site) == before
    assert await site.credentials(workspace_id) == credentials
    assert again.counts["imported"] == again.counts["updated"] == again.counts["attention"] == 0
    assert again.counts["unchanged"] == 9


async def test_a_dry_run_writes_nothing_and_says_the_same(make_site: MakeSite, tmp_path: Path) -> None:
    site = await make_site()
    workspace_id = (await fill(site)).replace("-", "")
    before = await snapshot(site)
    dry = await site.run(dry_run=True)
    assert dry.dry_run
    assert await snapshot(site) == before
    with pytest.raises(NotFound):
        await site.tenancy.workspaces.get(workspace_id)
    real = await site.run()
    assert [results(tenant) for tenant in dry.tenants] == [results(tenant) for tenant in real.tenants]
    assert (await site.run(dry_run=True)).counts["imported"] == 0


async def test_the_older_schema(make_site: MakeSite) -> None:
    site = await make_site(named=False)
    dify = site.dify
    tenant = await dify.tenant("Early")
    form = dify.form(tenant, {"openai_api_key": "sk-1"})
    await dify.add("providers", tenant, "openai", provider_type="custom", is_valid=True, encrypted_config=form)
    form = dify.form(tenant, {"anthropic_api_key": "sk-2"})
    await dify.add("providers", tenant, "anthropic", provider_type="custom", is_valid=False, encrypted_config=form)
    model = {"model_name": "ft:gpt-4o:acme", "model_type": "text-generation"}
    form = dify.form(tenant, {"openai_api_key": "sk-3"})
    await dify.add("provider_models", tenant, "openai", is_valid=True, encrypted_config=form, **model)
    (report,) = (await site.run()).tenants
    assert set(results(report).values()) == {"imported"}
    workspace_id = tenant.replace("-", "")
    assert await site.credentials(workspace_id) == {
        "openai: default": {"api_key": "sk-1", "on": True},
        "anthropic: default": {"api_key": "sk-2", "on": False},
        "openai: ft:gpt-4o:acme: default": {"api_key": "sk-3", "on": True},
    }
    assert ("openai", "ft:gpt-4o:acme", ModelType.LLM) in (await site.tenancy.views.get(workspace_id)).custom_models


async def test_before_forms_were_json_the_key_alone_was_stored(make_site: MakeSite) -> None:
    site = await make_site(named=False)
    tenant = await site.dify.tenant("Earliest")
    sealed = site.dify.seal(tenant, "sk-first")
    await site.dify.add("providers", tenant, "openai", provider_type="custom", is_valid=True, encrypted_config=sealed)
    await site.run()
    assert await site.credentials(tenant.replace("-", "")) == {"openai: default": {"api_key": "sk-first", "on": True}}


async def test_tenants_go_where_they_are_sent(make_site: MakeSite) -> None:
    site = await make_site()
    tenant = await fill(site)
    ours = await site.tenancy.workspaces.create("Ours")
    await site.tenancy.choices.set_default(operator(ours.id), ModelType.LLM, "anthropic/claude-sonnet-4-5")
    other = await site.dify.tenant("Other")
    await site.dify.add(
        "provider_credentials", other, "openai", credential_name="x", encrypted_config=site.dify.form(other, {})
    )
    (report,) = (await site.run(workspaces={"Acme": "Ours"}, tenants=["Acme"])).tenants
    assert report.workspace == "Ours"
    assert results(report)["default llm: openai_api_compatible/qwen-72b"] == (
        "skipped: The workspace has another default of this type: anthropic/claude-sonnet-4-5."
    )
    assert len(await site.credentials(ours.id)) == 3
    with pytest.raises(NotFound):
        await site.tenancy.workspaces.get(tenant.replace("-", ""))
    for options, error in (
        ({"workspaces": {"Acme": "nowhere"}}, NotFound),
        ({"workspaces": {"nobody": "Ours"}}, BadRequest),
        ({"tenants": ["nobody"]}, BadRequest),
    ):
        with pytest.raises(error):
            await site.run(**options)


async def test_two_workspaces_can_take_over_the_same_tenant(make_site: MakeSite) -> None:
    site = await make_site()
    await fill(site)
    ours = await site.tenancy.workspaces.create("Ours")
    await site.run()
    await site.run(workspaces={"Acme": "Ours"})
    assert len(await site.credentials(ours.id)) == 3


async def test_what_changed_since_is_said_and_brought_over_on_demand(make_site: MakeSite) -> None:
    site = await make_site()
    tenant = await fill(site)
    workspace_id = tenant.replace("-", "")
    await site.run()
    credentials = site.dify.tables.tables["provider_credentials"]
    changed = site.dify.form(tenant, {"openai_api_key": "sk-changed"})
    async with site.dify.engine.begin() as connection:
        update = credentials.update().where(credentials.c.credential_name == "main").values(encrypted_config=changed)
        await connection.execute(update)
    (report,) = (await site.run()).tenants
    assert "--overwrite" in attention(report)["openai “main”"][0]
    assert (await site.credentials(workspace_id))["openai: main"]["api_key"] == "sk-canary-main"
    assert (await site.run(overwrite=True, dry_run=True)).counts["updated"] == 1
    assert (await site.credentials(workspace_id))["openai: main"]["api_key"] == "sk-canary-main"
    assert (await site.run(overwrite=True)).counts["updated"] == 1
    assert (await site.credentials(workspace_id))["openai: main"] == {"api_key": "sk-changed", "on": True}


async def one_credential(site: Site, provider: str = "openai", **form: Any) -> Report:
    """A run over one tenant with one provider credential; its secrets are sealed already."""
    tenant = next(iter(site.dify.rsa)) if site.dify.rsa else await site.dify.tenant("Acme")
    await site.dify.add("provider_credentials", tenant, provider, credential_name="c", encrypted_config=json.dumps(form))
    return await site.run()


async def test_without_the_private_key_what_is_sealed_stays_behind(make_site: MakeSite) -> None:
    site = await make_site()
    tenant = await fill(site)
    key = site.dify.keys / tenant / "private.pem"
    key.rename(key.with_name("lost.pem"))
    model = {"model_name": "open", "model_type": "llm"}
    await site.dify.add(
        "provider_model_credentials",
        tenant,
        COMPATIBLE,
        credential_name="no key",
        encrypted_config=json.dumps({"endpoint_url": "http://10.0.0.8/v1"}),
        **model,
    )
    (report,) = (await site.run()).tenants
    found = results(report)
    assert str(key) in found["credential openai “main”"]
    assert found["credential openai_api_compatible/open “no key”"] == "imported"
    assert list(await site.credentials(tenant.replace("-", ""))) == ["openai_compatible: open: no key"]
    key.write_bytes(b"rubbish")
    assert "no RSA private key" in results((await site.run()).tenants[0])["credential openai “main”"]


async def test_a_secret_that_does_not_open_is_named(make_site: MakeSite) -> None:
    site = await make_site()
    tenant, other = await site.dify.tenant("Acme"), await site.dify.tenant("Other")
    sealed = site.dify.seal(other, "sk-canary")
    report = await one_credential(site, openai_api_key=sealed)
    assert "`openai_api_key` does not open" in results(report.tenants[0])["credential openai “c”"]
    assert await site.credentials(tenant.replace("-", "")) == {}


async def test_fields_without_counterpart_are_said_without_their_values(make_site: MakeSite) -> None:
    site = await make_site()
    report = await one_credential(site, openai_api_key="sk-plain", secret_sauce="canary", api_protocol="responses")
    assert attention(report.tenants[0])["openai “c”"][:1] == ("Dify's field `secret_sauce` has no counterpart here.",)
    assert "canary" not in repr(report)
    (credentials,) = (await site.credentials(next(iter(site.dify.rsa)).replace("-", ""))).values()
    assert credentials == {"api_key": "sk-plain", "on": False}


@pytest.mark.parametrize(
    ("provider", "form", "why"),
    [
        ("openai", {"openai_organization": "org-1"}, "api_key is required"),
        ("openai", {"openai_api_key": "k", "openai_api_base": "not an address"}, "base_url does not look as expected"),
        ("openai_api_compatible", {"api_key": "k"}, "no credential of its own"),
        ("deepseek", {"api_key": "k"}, "pip install jackfield-deepseek"),
    ],
)
async def test_what_the_form_here_does_not_take_stays_behind(
    make_site: MakeSite, provider: str, form: dict[str, str], why: str
) -> None:
    site = await make_site()
    report = await one_credential(site, provider, **form)
    assert why in results(report.tenants[0])[f"credential {provider} “c”"]
    assert report.counts["imported"] == 1  # the workspace


async def test_rows_that_make_no_sense_are_said(make_site: MakeSite) -> None:
    site = await make_site()
    dify = site.dify
    tenant = await dify.tenant("Acme")
    gone = "11111111-1111-4111-8111-111111111111"
    await dify.add("providers", tenant, "openai", provider_type="custom", is_valid=True, credential_id=gone)
    await dify.add("provider_credentials", tenant, "anthropic", credential_name="x", encrypted_config="{broken")
    model = {"model_name": "none", "model_type": "llm"}
    await dify.add("provider_models", tenant, "openai", is_valid=False, **model)
    (report,) = (await site.run()).tenants
    assert results(report) == {
        "workspace Acme": "imported",
        "credential anthropic “x”": "skipped: What Dify stored is no JSON object.",
        "credential openai": "skipped: Dify says that it uses a credential of it, but the row of that is gone.",
        "model openai/none": "skipped: Dify has no credential of it.",
    }


async def test_a_model_added_to_a_provider_with_a_catalog_alone_stays_behind(make_site: MakeSite) -> None:
    site = await make_site()
    tenant = await site.dify.tenant("Acme")
    model = {"model_name": "claude-x", "model_type": "llm"}
    form = site.dify.form(tenant, {"anthropic_api_key": "sk"})
    await site.dify.add("provider_model_credentials", tenant, "anthropic", credential_name="c", encrypted_config=form, **model)
    model = {"model_name": "draw", "model_type": "text2img"}
    await site.dify.add("provider_model_credentials", tenant, "openai", credential_name="c", encrypted_config=form, **model)
    (report,) = (await site.run()).tenants
    found = results(report)
    assert "offers its catalog" in found["credential anthropic/claude-x “c”"]
    assert "type `text2img`" in found["credential openai/draw “c”"]


async def test_calls_that_dify_spread_over_credentials(make_site: MakeSite) -> None:
    site = await make_site()
    dify = site.dify
    tenant = await dify.tenant("Acme")
    added = {"model_name": "qwen", "model_type": "llm"}
    ids = [
        await dify.add(
            "provider_model_credentials",
            tenant,
            COMPATIBLE,
            credential_name=name,
            encrypted_config=dify.form(tenant, {"api_key": f"sk-{name}"}, endpoint_url="http://10.0.0.1/v1"),
            **added,
        )
        for name in ("one", "two", "three")
    ]
    await dify.add("provider_models", tenant, COMPATIBLE, is_valid=True, credential_id=ids[0], **added)
    spread = {"enabled": True, "load_balancing_enabled": True}
    await dify.add("provider_model_settings", tenant, COMPATIBLE, **added, **spread)
    config = {"credential_source_type": "custom_model", "enabled": True}
    await dify.add("load_balancing_model_configs", tenant, COMPATIBLE, name="__inherit__", enabled=True, **added)
    await dify.add("load_balancing_model_configs", tenant, COMPATIBLE, name="two", credential_id=ids[1], **config, **added)
    form = dify.form(tenant, {"api_key": "sk-own"}, endpoint_url="http://10.0.0.2/v1")
    await dify.add("load_balancing_model_configs", tenant, COMPATIBLE, name="own", encrypted_config=form, enabled=True, **added)
    catalog = {"model_name": "gpt-4o", "model_type": "llm"}
    await dify.add("provider_model_settings", tenant, "openai", **catalog, **spread)
    form = dify.form(tenant, {"openai_api_key": "sk-b"})
    await dify.add("load_balancing_model_configs", tenant, "openai", name="b", encrypted_config=form, enabled=True, **catalog)
    extra = await dify.add("provider_credentials", tenant, "openai", credential_name="e", encrypted_config=form)
    await dify.add("load_balancing_model_configs", tenant, "openai", name="e", credential_id=extra, enabled=True, **catalog)
    (report,) = (await site.run()).tenants
    found = await site.credentials(tenant.replace("-", ""))
    assert {name: values["on"] for name, values in found.items()} == {
        "openai_compatible: qwen: one": True,
        "openai_compatible: qwen: two": True,
        "openai_compatible: qwen: three": False,
        "openai_compatible: qwen: own": True,
        "openai: b": False,
        "openai: e": False,
    }
    notes = attention(report)
    assert "gpt-4o alone" in notes["openai “b”"][0]
    assert "gpt-4o alone" in notes["openai “e”"][0]
