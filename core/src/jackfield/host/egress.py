"""Where the host may connect to: rules over resolved addresses, checked at the moment a socket is made for one.

Checked there and nowhere before, so that a name that resolves to something else the second time (DNS rebinding), a literal
address, and a redirect that a plugin follows all meet the same rule.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.request import getproxies_environment

from .settings import EgressSettings

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class EgressDenied(OSError):
    """A rule refuses the address. One text for all addresses, so that aiohttp's list of attempts stays one error."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the host's egress rules refuse the address")


class EgressRules:
    """The networks refused, and those allowed all the same."""

    def __init__(self, denied: Iterable[str], allowed: Iterable[str] = ()) -> None:
        self._denied = tuple(ip_network(network, strict=False) for network in denied)
        self._allowed = tuple(ip_network(network, strict=False) for network in allowed)
        self.permits = lru_cache(maxsize=4096)(self._permits)

    @classmethod
    def of(cls, settings: EgressSettings) -> EgressRules:
        """The rules that the settings ask for."""
        return cls(settings.denied_networks, settings.allow)

    def _permits(self, address: str) -> bool:
        """Whether the host may connect to `address` (IPv4 or IPv6, a zone index is ignored)."""
        ip = ip_address(address.split("%", 1)[0])
        forms = _forms(ip)
        if any(form in network for form in forms for network in self._allowed):
            return True
        return not any(form in network for form in forms for network in self._denied)

    def permits_host(self, host: str) -> bool:
        """The same for a host as it stands in a URL that goes through a proxy: a name passes, the proxy resolves it."""
        try:
            return self.permits(host)
        except ValueError:
            pass
        try:
            return self.permits(socket.inet_ntoa(socket.inet_aton(host)))  # 2130706433, 0x7f.1: what a proxy may take for one
        except OSError:
            return True

    def make_socket(self, address: Any) -> socket.socket:
        """aiohttp's `socket_factory`: called with each resolved address (as of getaddrinfo) right before connecting to it.

        :raises EgressDenied: where a rule refuses it
        """
        family, kind, protocol, _, target = address
        if not self.permits(target[0]):
            raise EgressDenied
        return socket.socket(family, kind, protocol)


def _forms(ip: IPv4Address | IPv6Address) -> tuple[IPv4Address | IPv6Address, ...]:
    """The address and the IPv4 address that it stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(ip, IPv4Address):
        return (ip,)
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and ip in _NAT64:
        inner = IPv4Address(ip.packed[-4:])
    return (ip,) if inner is None else (ip, inner)


class ProxyChoice:
    """Which proxy, if any, leads to a host."""

    def __init__(self, settings: EgressSettings) -> None:
        chosen = settings.proxy.get_secret_value() if settings.proxy is not None else None
        environment = {} if chosen or not settings.environment_proxy else getproxies_environment()
        self._proxies = {scheme: chosen or environment.get(scheme) or environment.get("all") for scheme in ("http", "https")}
        self._direct = tuple(
            entry.strip().lower() for entry in (*settings.no_proxy, *environment.get("no", "").split(",")) if entry
        )
        self.proxy_for = lru_cache(maxsize=1024)(self._proxy_for)

    @property
    def all(self) -> frozenset[str]:
        """Every proxy that some host may be reached through."""
        return frozenset(proxy for proxy in self._proxies.values() if proxy)

    def _proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The proxy's URL, or None for a direct connection."""
        if any(_matches(entry, host.lower(), port) for entry in self._direct):
            return None
        return self._proxies.get(scheme)


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of `no_proxy` means the host: `*`, a name and what is under it, an address, a network, `name:port`."""
    if entry == "*":
        return True
    name, _, wanted = entry.rpartition(":")
    if name and wanted.isdigit() and ":" not in name:
        if int(wanted) != port:
            return False
        entry = name
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        entry = entry.lstrip(".")
        return bool(entry) and (host == entry or host.endswith("." + entry))
