"""The registrable domain of a host: the quick walk says what the library's own says."""

from core.text import domains


def test_registrable_domains_are_those_of_the_library_under_every_ending() -> None:
    # Below psl.hrsn.dev stand the list's own tests; of an exception two levels below a wildcard the library makes no ending.
    for ending in [each for each in sorted(domains._endings()) if not each.endswith("psl.hrsn.dev")][::5]:
        bare = ending.lstrip("!*.")
        for host in (bare, f"a.{bare}", f"b.a.{bare}"):
            assert domains.registered(host) == domains.registered_by_library(host), host


def test_below_a_suffix_that_is_let_each_name_is_somebody_elses() -> None:
    assert domains.registered("shop.acme.uk.com") == "acme.uk.com"
    assert domains.registered("uk.com") is None
