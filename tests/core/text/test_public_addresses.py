import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.public_addresses import is_private_host, is_public_address

NOT_PUBLIC = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "172.31.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "0.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "168.63.129.16",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "100::1",
    "100:0:0:1::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "e000::1",
    "1::1",
    "::ffff:127.0.0.1",
    "::ffff:168.63.129.16",
    "::ffff:0:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::8.8.8.8",
    "::127.0.0.1",
    "64:ff9b:1::808:808",
    "64:ff9b::7f00:1",
    "64:ff9b::a83f:8110",
    "64:ff9b::c058:6301",
    "64:ff9b:0:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::f7f7:f7f7",
    "2001:0:808:808::80ff:fffe",
    "2606:2800::5efe:10.0.0.1",
    "2606:2800::200:5efe:10.0.0.1",
    "2606:2800::1%eth0",
    "127.0.0.1.",
    "2130706433",
    "0x7f.1",
    "nothing",
]
PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "192.0.0.9",
    "192.0.0.10",
    "192.0.1.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.98.1",
    "192.175.48.1",
    "168.63.129.17",
    "223.255.255.255",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2001:1::1",
    "2001:3::1",
    "2001:20::1",
    "2620:4f:8000::1",
    "3ffe::1",
    "::ffff:93.184.216.34",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "2001:0:808:808::f7f7:f7f7",
    "2606:2800::5efe:8.8.8.8",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address):
    assert is_public_address(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_an_ipv6_one_decides(ip):
    low, is_public = int(ip), is_public_address(str(ip))
    for made in (0xFFFF << 32 | low, 0x64FF9B << 96 | low, 0x2002 << 112 | low << 80):
        assert is_public_address(str(ipaddress.IPv6Address(made))) == is_public


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "127.0.0.1.", "2130706433", "017700000001", "0x7f000001", "0X7F.0.1", "0", "0x", "localhost",
     "LOCALHOST.", "a.localhost", "::1", "::ffff:7f00:1", "fe80::1%eth0", "168.63.129.16", "2822734096", "0xa83f8110",
     "0250.077.0201.020", "1.2.3.400", "1.2.3.4.5", "09.1.1.1"],
)  # fmt: skip
def test_hosts_that_name_no_public_address_however_they_are_written(host):
    assert is_private_host(host)


@pytest.mark.parametrize("host", ["example.com", "93.184.216.34", "0x5d.0270.0xd822", "2606:2800::1", "a.0xg", "1.a"])
def test_other_hosts_are_left_to_their_names(host):
    assert not is_private_host(host)
