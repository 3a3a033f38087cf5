"""Where nothing is sent to: the registries of IANA and what clouds document."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from sessions_app.errors import InvalidWebhook
from sessions_app.services.webhooks.address import (
    AddressForbidden,
    check_url,
    may_reach,
    read_url,
    resolve,
)

FORBIDDEN = [
    pytest.param("127.0.0.1", id="loopback"),
    pytest.param("127.8.8.8", id="all-of-the-loopback"),
    pytest.param("0.0.0.0", id="this-host"),
    pytest.param("10.1.2.3", id="private-10"),
    pytest.param("172.16.0.1", id="private-172"),
    pytest.param("192.168.1.1", id="private-192"),
    pytest.param("100.100.100.200", id="shared-and-a-metadata-service"),
    pytest.param("169.254.169.254", id="link-local-and-the-metadata-service"),
    pytest.param("192.0.0.192", id="metadata-of-another-cloud"),
    pytest.param("168.63.129.16", id="a-public-address-that-is-none"),
    pytest.param("224.0.0.1", id="multicast"),
    pytest.param("255.255.255.255", id="broadcast"),
    pytest.param("240.0.0.1", id="reserved"),
    pytest.param("::1", id="loopback-6"),
    pytest.param("::", id="unspecified-6"),
    pytest.param("fe80::1", id="link-local-6"),
    pytest.param("fd00:ec2::254", id="unique-local-6"),
    pytest.param("fec0::1", id="site-local-6"),
    pytest.param("ff02::1", id="multicast-6"),
    pytest.param("ff0e::1", id="global-multicast-6"),
    pytest.param("::ffff:127.0.0.1", id="mapped-loopback"),
    pytest.param("::ffff:10.0.0.1", id="mapped-private"),
    pytest.param("64:ff9b::7f00:1", id="loopback-by-nat64"),
    pytest.param("64:ff9b::a9fe:a9fe", id="metadata-by-nat64"),
    pytest.param("64:ff9b:1::1", id="local-nat64"),
    pytest.param("2002:7f00:1::1", id="loopback-by-6to4"),
    pytest.param("2001:db8::1", id="documentation-6"),
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_of_the_inside_is_not_reached(address: str) -> None:
    assert not may_reach(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert may_reach(ip_address(address))


def test_the_operator_opens_a_network(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]

    assert may_reach(ip_address("10.1.2.3"))


def test_it_opens_no_other(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]

    assert not may_reach(ip_address("10.2.2.3"))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::127.0.0.1]",
    ],
)
def test_a_spelling_of_the_loopback_is_not_reached(host: str) -> None:
    with pytest.raises(AddressForbidden):
        resolve(read_url(f"http://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://example.org/", id="another-scheme"),
        pytest.param("file:///etc/passwd", id="a-file"),
        pytest.param("//example.org/", id="no-scheme"),
        pytest.param("http://", id="no-host"),
        pytest.param("http://user@example.org/", id="a-user"),
        pytest.param("http://user:secret@example.org/", id="a-password"),
        pytest.param("http://example.org\\@10.0.0.1/", id="a-backslash"),
        pytest.param("http://example.org/a b", id="a-space"),
        pytest.param("http://example.org/\r\nHost: x", id="a-line-end"),
        pytest.param("http://exämple.org/", id="not-ascii"),
        pytest.param("http://example.org:99999/", id="no-such-port"),
        pytest.param("http://example.org:0/", id="port-0"),
        pytest.param("http://[fe80::1%25eth0]/", id="a-zone"),
        pytest.param("http://[::1/", id="half-a-bracket"),
        pytest.param("http://169.254.169.254/latest/", id="metadata"),
        pytest.param("http://[::1]:8000/", id="the-loopback"),
        pytest.param(f"http://example.org/{'a' * 500}", id="too-long"),
    ],
)
def test_an_address_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(InvalidWebhook) as refused:
        check_url(url)

    assert refused.value.field == "url"


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://example.org", "example.org", "/"),
        ("https://example.org:443/a", "example.org", "/a"),
        ("http://Example.org:8080/a?b=c#d", "example.org:8080", "/a?b=c"),
        ("http://[2606:4700::1111]:81/", "[2606:4700::1111]:81", "/"),
    ],
)
def test_an_address_is_taken_apart(url: str, authority: str, path: str) -> None:
    target = read_url(url)

    assert (target.authority, target.path) == (authority, path)
