"""The settings of a host: defaults, over them `jackfield.toml`, over that the environment (`JACKFIELD_…`).

A nested setting is a table in the file (`[server] port = 80`) and has two underscores in the environment
(`JACKFIELD_SERVER__PORT=80`). A list or a table in the environment is JSON.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from jackfield.contract import HostFault

CONFIG_NAME = "jackfield.toml"
CONFIG_VARIABLE = "JACKFIELD_CONFIG"

# Cloud metadata services hand out the machine's own credentials to whoever asks from inside; no vendor lives there.
LINK_LOCAL = ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")
PRIVATE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "fc00::/7",
    "ff00::/8",
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Section):
    """How `jackfield serve` listens."""

    host: str = Field(default="127.0.0.1", description="address to listen on; `0.0.0.0` for all of the machine's")
    port: int = Field(default=8700, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    workers: int = Field(default=1, ge=1, le=256, description="worker processes; one uses about one core")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="the address under which clients reach the host, where a proxy is before it",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1",), description="addresses or networks of proxies whose X-Forwarded-For and -Proto are believed"
    )
    max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="largest request body, in bytes; above it, 413")
    grace_period: float = Field(
        default=30.0, ge=0, description="seconds that running calls may take to end when the host is told to stop"
    )
    cors_origins: tuple[str, ...] = Field(
        default=(), description="origins of web pages whose scripts may call /v1, as `https://app.example.com`; `*` for all"
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="bearer token that /metrics asks for; default: it asks for none"
    )


class CallSettings(_Section):
    """Time limits and repeats of a call."""

    timeout: float = Field(default=600.0, gt=0, description="seconds for a whole call, or until the first byte of a stream")
    idle_timeout: float = Field(default=120.0, gt=0, description="seconds between two pieces of a stream")
    connect_timeout: float = Field(default=10.0, gt=0, description="seconds to reach a vendor, name look-up and TLS included")
    validation_timeout: float = Field(default=30.0, gt=0, description="seconds for checking a credential with its vendor")
    attempts: int = Field(
        default=3, ge=1, le=20, description="how often a call is tried with one model, over all its credentials"
    )
    backoff: float = Field(default=0.25, ge=0, description="seconds before the second attempt; doubled for each further one")
    backoff_max: float = Field(default=8.0, ge=0, description="longest pause between two attempts, in seconds")
    retry_after_max: float = Field(
        default=15.0,
        ge=0,
        description="longest pause a vendor may ask for with retry-after before the caller is told to wait, in seconds",
    )


class CooldownSettings(_Section):
    """When a credential rests."""

    failures: int = Field(default=3, ge=1, description="failures in a row after which a credential rests")
    seconds: float = Field(default=30.0, ge=0, description="how long it rests; doubled for each failure after that")
    seconds_max: float = Field(default=300.0, ge=0, description="longest rest, in seconds")
    rate_limited: float = Field(default=5.0, ge=0, description="rest after a 429 without retry-after, in seconds")
    refused: float = Field(
        default=60.0,
        ge=0,
        description="rest of a credential that the vendor refuses, or whose account there is spent, in seconds",
    )


class LimitSettings(_Section):
    """Rates allowed to a key and to a workspace for which no other is set. None: no limit.

    Without `redis_url` each worker process counts for itself.
    """

    key_requests_per_minute: int | None = Field(default=None, ge=1, description="calls a minute for each API key")
    key_tokens_per_minute: int | None = Field(default=None, ge=1, description="tokens a minute for each API key, in and out")
    workspace_requests_per_minute: int | None = Field(default=None, ge=1, description="calls a minute for each workspace")
    workspace_tokens_per_minute: int | None = Field(
        default=None, ge=1, description="tokens a minute for each workspace, in and out"
    )


class EgressSettings(_Section):
    """Where the host may connect to, and how. Rules hold for resolved addresses, at the moment of connecting."""

    proxy: SecretStr | None = Field(
        default=None, description="URL of a proxy for all connections to vendors; a user and password may stand in it"
    )
    no_proxy: tuple[str, ...] = Field(
        default=("localhost", "127.0.0.1", "::1"),
        description="host names, `.suffixes` and addresses that are reached without the proxy",
    )
    environment_proxy: bool = Field(
        default=True, description="whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count where `proxy` is not set"
    )
    deny_private: bool = Field(
        default=False, description="refuse loopback, private and multicast networks as well; for hosts that serve strangers"
    )
    deny: tuple[str, ...] = Field(default=(), description="further networks to refuse, as `10.1.0.0/16`")
    allow: tuple[str, ...] = Field(
        default=(), description="networks to allow although another rule refuses them; the link-local ones too, if you must"
    )
    ca_file: Path | None = Field(default=None, description="PEM file of certificate authorities to trust beside the usual ones")
    max_connections: int = Field(default=2000, ge=0, description="open connections to all vendors together; 0: no limit")
    keepalive: float = Field(default=30.0, ge=0, description="seconds for which an idle connection is kept for the next call")

    @field_validator("proxy")
    @classmethod
    def _http(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @field_validator("deny", "allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, network in enumerate(value, 1):
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"entry {number} is not a network such as 10.0.0.0/8") from None
        return value

    @property
    def denied_networks(self) -> tuple[str, ...]:
        """Every network that is refused unless `allow` has it."""
        return LINK_LOCAL + (PRIVATE if self.deny_private else ()) + self.deny


class SecretSource(_Section):
    """A secret that stands elsewhere: in an environment variable, or in a file (a mounted secret)."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("give either `env` or `file`")
        return self

    def read(self) -> SecretStr:
        """:raises HostFault: if the variable or the file is not there"""
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise HostFault(
                    f"The settings take a secret from the environment variable {self.env}, which is not set.",
                    advice=f"Set {self.env}, or take the trial out of {CONFIG_NAME}.",
                )
            return SecretStr(value)
        assert self.file is not None
        try:
            return SecretStr(self.file.read_text("utf-8").strip())
        except (OSError, UnicodeError) as error:
            raise HostFault(
                f"The settings take a secret from the file {self.file}, which cannot be read: {error}.",
                advice="Put the secret there, readable by the host.",
            ) from error


class TrialSettings(_Section):
    """A credential of the operator's, lent to every workspace with a quota."""

    id: str | None = Field(
        default=None, max_length=64, description="name of the trial, if a provider has several; its quota is counted by it"
    )
    provider: str = Field(description="id of the provider, as in `jackfield providers`")
    models: tuple[str, ...] = Field(min_length=1, description="the models lent, or `*` for the whole catalog")
    credentials: dict[str, SecretStr | bool | int | float | SecretSource] = Field(
        default_factory=dict, description='the provider\'s form; a value may be `{ env = "NAME" }` or `{ file = "/path" }`'
    )
    quota: int = Field(ge=1, description="how much each workspace may use, in units")
    unit: Literal["calls", "tokens", "credits"] = Field(
        default="calls", description="what is counted: calls, tokens or credits"
    )
    credits: dict[str, int] = Field(
        default_factory=dict, description="price of a call in credits, by model; `*` for the others (1)"
    )
    ends_on: date | None = Field(default=None, description="last day of the trial (UTC); without it, it does not end")

    def opened(self) -> dict[str, Any]:
        """The credentials with every secret read from where it stands. Keep it out of logs."""
        opened: dict[str, Any] = {}
        for name, value in self.credentials.items():
            found = value.read() if isinstance(value, SecretSource) else value
            opened[name] = found.get_secret_value() if isinstance(found, SecretStr) else found
        return opened


class PluginSettings(_Section):
    """Which plugins are loaded."""

    disabled: tuple[str, ...] = Field(default=(), description="plugins (entry point or distribution names) that are not loaded")


class LogSettings(_Section):
    """What the host writes to standard error. Never a secret, never a prompt."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level that is written")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="`json`, `text`, or text in a terminal and JSON elsewhere"
    )
    requests: bool = Field(default=True, description="whether a line is written for each request")


class Settings(BaseSettings):
    """All settings. Made by `Settings.load`; a test or a library may also construct it."""

    model_config = SettingsConfigDict(
        env_prefix="JACKFIELD_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )
    _toml_file: ClassVar[Path | None] = None

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("jackfield"),
        description="folder for the database (unless `database_url` is set), the master key file and the usage journal",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://user:password@host/name`, or `sqlite:///path`; default: a SQLite file in `data_dir`",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="`redis://…`: rate limits and cool-downs for all replicas; without it, each has its own",
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that lock the workspaces' keys, former ones after it; default: `master_key_file`",
    )
    master_key_file: Path | None = Field(
        default=None, description="file (mode 0600) that holds it; default: `master.key` in `data_dir`, made at first start"
    )
    owners_make_workspaces: bool | None = Field(
        default=None,
        description="whether who owns a workspace may make others; default: unless trials are lent, which each would have anew",
    )
    server: ServerSettings = ServerSettings()
    calls: CallSettings = CallSettings()
    cooldown: CooldownSettings = CooldownSettings()
    limits: LimitSettings = LimitSettings()
    egress: EgressSettings = EgressSettings()
    plugins: PluginSettings = PluginSettings()
    log: LogSettings = LogSettings()
    trials: tuple[TrialSettings, ...] = Field(
        default=(), description="credentials of the operator's, lent to workspaces: `[[trials]]`"
    )

    @property
    def workspaces_by_owners(self) -> bool:
        """`owners_make_workspaces`, or what it is where it is left open."""
        return not self.trials if self.owners_make_workspaces is None else self.owners_make_workspaces

    @classmethod
    def load(cls, path: Path | str | None = None, **overrides: Any) -> Settings:
        """Read the settings.

        :param path: the file; default: $JACKFIELD_CONFIG, ./jackfield.toml, or the user's configuration folder's
        :param overrides: settings by name, over everything else
        :raises HostFault: naming every setting at fault
        """
        file = find_config(path)
        source = type("Settings", (cls,), {"_toml_file": file, "__module__": cls.__module__})
        try:
            loaded: Settings = source(**overrides)
        except tomllib.TOMLDecodeError as error:
            raise HostFault(f"{file} is not TOML: {error}.", advice="Correct the file.") from error
        except ValidationError as error:
            raise _fault(error, file) from None  # its text would show the values, secrets among them
        except ValueError as error:  # SettingsError: a list or table in the environment that is not JSON
            raise HostFault(f"The settings cannot be read: {error}.", advice="Correct the environment variable.") from None
        return loaded

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of precedence, highest first."""
        if cls._toml_file is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls._toml_file)


def find_config(path: Path | str | None = None) -> Path | None:
    """The configuration file that counts, or None where there is none.

    :raises HostFault: if one is named and is not there, by the caller's fault
    """
    named = path or os.environ.get(CONFIG_VARIABLE)
    if named:
        file = Path(named)
        if not file.is_file():
            raise HostFault(
                f"The configuration file {file} does not exist.",
                advice=f"Name a file, or unset {CONFIG_VARIABLE}.",
                fault="caller",
            )
        return file
    places = (Path.cwd() / CONFIG_NAME, platformdirs.user_config_path("jackfield") / CONFIG_NAME)
    return next((place for place in places if place.is_file()), None)


def _fault(error: ValidationError, file: Path | None) -> HostFault:
    problems = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        where = ".".join(str(step) for step in problem["loc"]) or "settings"
        problems.append(f"`{where}`: {problem['msg']}")
    source = f"{file} and the environment" if file else "the environment"
    return HostFault(
        f"The settings from {source} are not right: {'; '.join(problems)}.",
        advice="A setting `a.b` is `b` in the table [a] of the file, and JACKFIELD_A__B in the environment.",
    )
