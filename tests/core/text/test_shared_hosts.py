"""Hosts that many share are nobody's own."""

import pytest

from core.text.shared_hosts import is_shared, shared_hosts


def test_the_list_is_of_hosts_in_one_spelling():
    hosts = shared_hosts()
    assert len(hosts) > 100
    for host in hosts:
        assert host == host.lower().strip()
        assert "." in host
        assert not host.startswith(("www.", ".", "#", "http"))
        assert "/" not in host


@pytest.mark.parametrize("host", ["gmail.com", "linkedin.com", "facebook.com", "wixsite.com", "bit.ly"])
def test_well_known_ones_and_their_parts(host):
    assert is_shared(host)
    assert is_shared(f"a.b.{host}")


@pytest.mark.parametrize("host", ["acme-looms.example", "notgmail.com", "gmail.com.acme.example", "com", ""])
def test_others(host):
    assert not is_shared(host)
