"""What Dify's tables mean, in both of their forms (`api/models/provider.py` in github.com/langgenius/dify).

Until 1.7, `providers` and `provider_models` each hold one form in `encrypted_config`. Since 1.8 (August 2025), forms have
names and stand in `provider_credentials` and `provider_model_credentials`; `credential_id` in the older tables says which one
calls use.
`load_balancing_model_configs` lists the forms between which Dify spreads the calls of one model, where
`provider_model_settings.load_balancing_enabled` is set; the name `__inherit__` stands for the one in use anyway.

Providers are named `openai` before 1.0 and `langgenius/openai/openai` (author, plugin, provider) since; databases have both at
once.
"""

from __future__ import annotations

import json
from typing import Any

from .content import Content, DifyCredential, DifyModel, Tenant
from .database import DifyDatabase, Row

_PROVIDER, _MODEL = "provider_credentials", "provider_model_credentials"
_ONLY_NAME = "default"
_GONE = "Dify says that it uses a credential of it, but the row of that is gone."


async def read_tenants(database: DifyDatabase) -> list[Tenant]:
    """All workspaces of Dify's."""
    rows = await database.rows("tenants")
    return [Tenant(row["id"], row["name"] or row["id"], row.get("status") == "archive") for row in rows]


async def read_content(database: DifyDatabase, tenant: Tenant) -> Content:
    """What one of them has."""
    content = Content(tenant)
    await _read_providers(database, content)
    await _read_models(database, content)
    await _read_balancing(database, content)
    for row in await database.rows("tenant_default_models", tenant_id=tenant.id):
        content.defaults.append(_model(row))
    for row in await database.rows("tenant_preferred_model_providers", tenant_id=tenant.id):
        content.preferences[short_name(row["provider_name"])] = row["preferred_provider_type"]
    return content


def short_name(provider: str) -> str:
    """`openai` for `langgenius/openai/openai`; the whole for a plugin of another author."""
    parts = provider.strip().split("/")
    return parts[-1] if parts[0] == "langgenius" and len(parts) in (2, 3) else "/".join(parts)


async def _read_providers(database: DifyDatabase, content: Content) -> None:
    in_use: dict[str, str] = {}
    for row in await database.rows("providers", tenant_id=content.tenant.id):
        provider = short_name(row["provider_name"])
        if row.get("provider_type") == "system":
            content.hosted.add(provider)
            continue
        if row.get("credential_id"):
            if row["is_valid"]:
                in_use[row["credential_id"]] = provider
        elif row.get("encrypted_config"):
            form = _form(row["encrypted_config"], provider)
            content.credentials.append(
                DifyCredential("providers", row["id"], provider, _ONLY_NAME, form, active=bool(row["is_valid"]))
            )
    for row in await database.rows(_PROVIDER, tenant_id=content.tenant.id):
        provider = short_name(row["provider_name"])
        form = _form(row["encrypted_config"], provider)
        active = in_use.pop(row["id"], None) is not None
        content.credentials.append(DifyCredential(_PROVIDER, row["id"], provider, row["credential_name"], form, active=active))
    for provider in in_use.values():
        content.problems.append(("credential", provider, _GONE))


async def _read_models(database: DifyDatabase, content: Content) -> None:
    in_use: dict[str, DifyModel] = {}
    for row in await database.rows("provider_models", tenant_id=content.tenant.id):
        model = _model(row)
        content.added.add(model)
        if row.get("credential_id"):
            if row["is_valid"]:
                in_use[row["credential_id"]] = model
        elif row.get("encrypted_config"):
            content.credentials.append(_of_model("provider_models", row, _ONLY_NAME, active=bool(row["is_valid"])))
    for row in await database.rows(_MODEL, tenant_id=content.tenant.id):
        active = in_use.pop(row["id"], None) is not None
        content.credentials.append(_of_model(_MODEL, row, row["credential_name"], active=active))
        content.added.add(_model(row))
    for model in in_use.values():
        content.problems.append(("credential", f"{model.provider}/{model.model}", _GONE))
    with_credentials = {(each.provider, each.model, each.model_type) for each in content.credentials}
    for model in sorted(content.added, key=lambda model: (model.provider, model.model, model.model_type)):
        if (model.provider, model.model, model.model_type) not in with_credentials:
            content.problems.append(("model", f"{model.provider}/{model.model}", "Dify has no credential of it."))


async def _read_balancing(database: DifyDatabase, content: Content) -> None:
    balanced = set()
    for row in await database.rows("provider_model_settings", tenant_id=content.tenant.id):
        model = _model(row)
        if not row["enabled"]:
            content.switched_off.append(model)
        if row.get("load_balancing_enabled"):
            balanced.add(model)
    by_id = {(credential.table, credential.id): credential for credential in content.credentials}
    for row in await database.rows("load_balancing_model_configs", tenant_id=content.tenant.id):
        model = _model(row)
        if row["name"] == "__inherit__" or not row["enabled"]:
            continue
        used = model in balanced
        if row.get("credential_id"):
            of_model = by_id.get((_MODEL, row["credential_id"]))
            if of_model is not None:
                of_model.active = of_model.active or used
            of_provider = by_id.get((_PROVIDER, row["credential_id"]))
            if of_provider is not None and used and not of_provider.active:
                of_provider.notes.append(_for_one_model(model))
        elif row.get("encrypted_config"):
            content.credentials.append(_own_form(row, model, used=used, added=model in content.added))


def _own_form(row: Row, model: DifyModel, *, used: bool, added: bool) -> DifyCredential:
    table = "load_balancing_model_configs"
    if added:
        return _of_model(table, row, row["name"], active=used)
    form = _form(row["encrypted_config"], model.provider)
    notes = [_for_one_model(model)] if used else []
    return DifyCredential(table, row["id"], model.provider, row["name"], form, active=False, notes=notes)


def _for_one_model(model: DifyModel) -> str:
    return (
        f"Dify spread the calls of {model.model} alone over it; here a credential is for all models of its provider:"
        " switch it on if that is wanted."
    )


def _of_model(table: str, row: Row, name: str, *, active: bool) -> DifyCredential:
    provider = short_name(row["provider_name"])
    form = _form(row["encrypted_config"], provider)
    return DifyCredential(
        table, row["id"], provider, name, form, active=active, model=row["model_name"], model_type=row["model_type"]
    )


def _model(row: Row) -> DifyModel:
    return DifyModel(short_name(row["provider_name"]), row["model_name"], row["model_type"])


def _form(stored: str, provider: str) -> dict[str, Any] | None:
    if not stored.lstrip().startswith("{"):  # before 0.4: the sealed key of OpenAI alone
        return {"openai_api_key": stored} if provider == "openai" else None
    try:
        form = json.loads(stored)
    except ValueError:
        return None
    return form if isinstance(form, dict) else None
