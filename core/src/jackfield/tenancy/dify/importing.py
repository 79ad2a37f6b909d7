"""The import itself: what a tenant of Dify has, put into a workspace here, once, however often it is run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from uuid import UUID

from jackfield.contract import BadRequest, NotFound
from jackfield.vault import SealBroken

from ..tenancy import Tenancy
from ..workspaces import operator
from .choice_import import ChoiceImport
from .content import Content, Tenant
from .credential_import import CredentialImport
from .database import DifyDatabase
from .key_folder import KeyFolder
from .report import Report, Result, TenantReport
from .source import read_content, read_tenants
from .target import Options, Target
from .translation import Offers, Translated, Translator, Untranslatable


class DifyImport:
    """The service.

    :param offers: the installed plugins
    """

    def __init__(self, tenancy: Tenancy, offers: Offers, options: Options) -> None:
        self._tenancy = tenancy
        self._offers = offers
        self._options = options
        self._credentials = CredentialImport(tenancy, options)
        self._choices = ChoiceImport(tenancy, offers, options)

    async def run(self, database: DifyDatabase, keys: KeyFolder) -> Report:
        """Bring everything over that the options ask for.

        :raises BadRequest: for a tenant that Dify does not have
        :raises NotFound: for a workspace that does not exist
        """
        tenants = await read_tenants(database)
        mapped = await self._map_workspaces(tenants)
        report = Report(self._options.dry_run)
        for tenant in _find(tenants, self._options.tenants) if self._options.tenants else tenants:
            report.tenants.append(await self._bring(await read_content(database, tenant), keys, mapped.get(tenant.id)))
        return report

    async def _map_workspaces(self, tenants: list[Tenant]) -> dict[str, str]:
        mapped: dict[str, str] = {}
        for named, workspace in self._options.workspaces.items():
            (tenant,) = _find(tenants, [named])
            mapped[tenant.id] = (await self._tenancy.workspaces.find(workspace)).id
        return mapped

    async def _bring(self, content: Content, keys: KeyFolder, workspace_id: str | None) -> TenantReport:
        tenant = content.tenant
        report = TenantReport(tenant.id, tenant.name)
        if tenant.archived or content.empty:
            why = "Dify has archived it." if tenant.archived else "It has no credentials and no models of its own."
            report.add("workspace", tenant.name, Result.SKIPPED, why)
            return report
        target = await self._target(tenant, report, workspace_id or workspace_id_of(tenant))
        translator = self._translator(tenant, keys)
        translated = _translate(content, translator, target)
        await self._credentials.put(translated, target)
        added = await self._choices.put_models(translated, target)
        await self._choices.put_defaults(content, translator, added, target)
        await self._choices.put_switches(content, translator, added, target)
        await self._choices.put_preferences(content, translator, target)
        for kind, subject, why in content.problems:
            target.add(kind, subject, Result.SKIPPED, why)
        return report

    async def _target(self, tenant: Tenant, report: TenantReport, workspace_id: str) -> Target:
        try:
            found = await self._tenancy.workspaces.get(workspace_id)
        except NotFound:
            report.workspace = tenant.name
            report.add("workspace", tenant.name, Result.IMPORTED)
            if self._options.dry_run:
                return Target(operator(workspace_id), None, report)
            await self._tenancy.workspaces.create(tenant.name, workspace_id=workspace_id)
        else:
            report.workspace = found.name
            report.add("workspace", tenant.name, Result.UNCHANGED)
        return Target(operator(workspace_id), await self._tenancy.views.get(workspace_id), report)

    def _translator(self, tenant: Tenant, keys: KeyFolder) -> Translator:
        try:
            return Translator(self._offers, keys.key(tenant.id))
        except SealBroken as error:
            return Translator(self._offers, None, f"{error.message} {error.advice}")


def _translate(content: Content, translator: Translator, target: Target) -> list[Translated]:
    done = []
    for credential in content.credentials:
        try:
            done.append(translator.credential(credential))
        except Untranslatable as reason:
            target.add("credential", credential.subject, Result.SKIPPED, str(reason))
    return done


def _find(tenants: list[Tenant], names: Collection[str]) -> list[Tenant]:
    """:raises BadRequest: for a name that is not that of just one"""
    for name in names:
        found = [tenant for tenant in tenants if name in (tenant.id, tenant.name)]
        if len(found) != 1:
            how_many = f"{len(found)} tenants" if found else "no tenant"
            raise BadRequest(f"Dify has {how_many} `{name}`.", param="tenant", advice="Name the tenant by its id.")
    return [tenant for tenant in tenants if tenant.id in names or tenant.name in names]


def workspace_id_of(tenant: Tenant) -> str:
    """The id of the workspace that is made for a tenant: the same with every run, so that there is only one."""
    try:
        return UUID(tenant.id).hex
    except ValueError:
        return hashlib.sha256(f"dify tenant {tenant.id}".encode()).hexdigest()[:32]
