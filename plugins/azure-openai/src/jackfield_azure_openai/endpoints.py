"""Where a resource's API stands, and since which version it knows what.

The v1 API names the deployment in the body, the dated ones in the path:
https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jackfield_sdk import OPENAI_RESPONSES

_TAIL = re.compile(r"/openai(/v1|/responses|/deployments/.*)?$")
_VERSIONLESS = ("", "v1", "latest", "preview")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource's API.

    :param root: the resource's address, without what stands behind it
    :param version: a date as `2024-10-21`, or `preview` or nothing for the v1 API
    """

    root: str
    version: str

    @classmethod
    def of(cls, credentials: Mapping[str, Any]) -> Endpoint:
        """As the form says. An address that ends in `/openai/v1` is the v1 API's, whatever version stands beside it."""
        base = str(credentials.get("base_url") or "").partition("?")[0].rstrip("/")
        version = str(credentials.get("api_version") or "")
        if base.endswith("/openai/v1"):
            version = "preview" if version == "preview" else ""
        return cls(_TAIL.sub("", base), "" if version in ("v1", "latest") else version)

    @property
    def is_v1(self) -> bool:
        """Whether it is the v1 API."""
        return self.version in _VERSIONLESS

    def has(self, since: str) -> bool:
        """Whether the version is as new as this one (`2024-09-01`)."""
        return self.is_v1 or self.version >= since

    def url(self, surface: str, path: str, deployment: str) -> str:
        """The address of a surface; `path` as OpenAI has it."""
        query = f"?api-version={self.version}" if self.version else ""
        if self.is_v1:
            return f"{self.root}/openai/v1{path}{query}"
        of_deployment = "" if surface == OPENAI_RESPONSES else f"/deployments/{deployment}"
        return f"{self.root}/openai{of_deployment}{path}{query}"
