"""Strangers send us to public addresses only, however the address is written."""

import ipaddress
import socket

import pytest

from recommender.safety import network
from recommender.safety.network import AddressError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
        "0.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1",
        "168.63.129.16", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
        "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "100::1",
    ],
)  # fmt: skip
def test_no_special_address_is_public(address: str) -> None:
    assert not network.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_others_are_public(address: str) -> None:
    assert network.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost.", "LOCALHOST", "db.internal", "printer.local", "127.0.0.1", "127.1",
     "2130706433", "0x7f.1", "0177.0.0.1", "::1", "::ffff:127.0.0.1", "0", "a\0b", "x" * 300],
)  # fmt: skip
def test_no_way_to_write_a_private_host_is_resolved(host: str) -> None:
    with pytest.raises(AddressError):
        network.resolve(host, 80, seconds=5)


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, 1, 6, "", (ip, 80)) for ip in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressError, match=r"10\.0\.0\.1; feeds_private"):
        network.resolve("both.example.com", 80, seconds=5)
    assert len(network.resolve("both.example.com", 80, seconds=5, private=True)) == 2
