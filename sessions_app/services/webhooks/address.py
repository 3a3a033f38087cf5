"""Where a webhook may go: never into the network that the server stands in.

Anybody with an account names an address and the server connects to it. Names are
resolved once, every address found is checked, and the connection goes to what was
checked: a name that answers otherwise a moment later changes nothing.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from django.conf import settings

from sessions_app.errors import InvalidWebhook

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL = 500
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
_ALLOWED = f"http:// or https://, a public host, no user, at most {MAX_URL} characters"

#: Routed like public ones, yet not the public: services of a cloud to its machines.
_INNER = tuple(map(ip_network, ("192.0.0.0/24", "168.63.129.16/32")))
#: All that is unicast to the whole internet (RFC 4291) …
_UNICAST = IPv6Network("2000::/3")
#: … and IPv4 in the last 32 bits (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressForbidden(Exception):
    """The name leads to where the server does not send to; safe to show."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """Take an address apart. Raises InvalidWebhook."""
    if len(url) > MAX_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise _refused(url, "an address is printable ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, "this is no address") from error
    host = parts.hostname or ""
    if parts.scheme not in _PORTS:
        raise _refused(url, "a webhook speaks HTTP")
    if parts.username is not None or parts.password is not None:
        raise _refused(url, "an address names no user")
    if not _HOST.fullmatch(host) or port == 0:
        raise _refused(url, "this host cannot be reached")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def check_url(url: str) -> None:
    """What can be known without asking the network. Raises InvalidWebhook."""
    host = read_url(url).host
    try:
        literal = ip_address(host)
    except ValueError:
        return
    if not may_reach(literal):
        raise _refused(url, f"{literal} is not a public address")


def _refused(url: str, why: str) -> InvalidWebhook:
    return InvalidWebhook(why, field="url", value=url[:200], allowed=_ALLOWED)


def may_reach(address: Address) -> bool:
    """Whether it is public, or in a network that the operator opened."""
    if any(address in each for each in opened_networks()):
        return True
    return all(_is_public(each) for each in (address, *_within(address)))


def opened_networks() -> list[Network]:
    """Those of HWBPWEB_WEBHOOK_NETWORKS."""
    return [ip_network(each) for each in settings.WEBHOOK_NETWORKS]


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address in _NAT64:
            return True  # what it leads to is looked at by itself
        return address in _UNICAST and address.is_global
    inner = any(address in each for each in _INNER)
    return address.is_global and not address.is_multicast and not inner


def _within(address: Address) -> list[IPv4Address]:
    """IPv4 addresses that an IPv6 address leads on to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in found if each is not None]


def resolve(target: Target) -> list[tuple[socket.AddressFamily, str]]:
    """Family and address of each that the name has, in the resolver's order. One that is
    forbidden forbids all. Raises AddressForbidden, OSError."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 characters
        raise OSError("this is no name") from error
    places: list[tuple[socket.AddressFamily, str]] = [
        (family, str(place[0])) for family, _, _, _, place in found
    ]
    for _, text in places:
        if not may_reach(ip_address(text.partition("%")[0])):
            raise AddressForbidden("the host has no public address")
    return places
