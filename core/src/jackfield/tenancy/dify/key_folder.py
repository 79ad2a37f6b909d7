"""The folder of the tenants' private keys in Dify's storage."""

from __future__ import annotations

from pathlib import Path

from jackfield.contract import HostFault
from jackfield.vault import SealBroken
from jackfield.vault.dify import DifyKey


class KeyFolder:
    """:param path: `privkeys` of Dify's storage, or the folder in which it is

    :param secret_key: Dify's `SECRET_KEY`, where the key files themselves are sealed
    :raises HostFault: if there is no such folder
    """

    def __init__(self, path: Path, secret_key: str | None = None) -> None:
        if not path.is_dir():
            raise HostFault(f"There is no folder {path}.", advice="Name `privkeys` of Dify's storage: `--private-keys`.")
        self._path = path / "privkeys" if (path / "privkeys").is_dir() else path
        self._secret_key = secret_key

    def key(self, tenant_id: str) -> DifyKey:
        """:raises SealBroken: if the tenant has no key there, or none that can be read"""
        file = self._path / tenant_id / "private.pem"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise SealBroken(
                f"The tenant's private key {file} cannot be read: {error.strerror}.",
                advice="Copy the folder `privkeys` of Dify's storage here, with all it holds.",
            ) from None
        return DifyKey(content, self._secret_key)
