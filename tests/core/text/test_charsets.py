import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.charsets import decode

GREETING = "Geschäftsführer Jürgen Löffler"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (GREETING.encode(), "text/html"),
        (GREETING.encode(), "text/html; charset=iso-8859-1"),
        (GREETING.encode("cp1252"), "text/html; charset=utf-8"),
        (GREETING.encode("cp1252"), ""),
        (GREETING.encode("latin-1"), "text/html; charset=ISO-8859-1"),
        (b"\xef\xbb\xbf" + GREETING.encode(), "text/html; charset=ascii"),
        (b"\xff\xfe" + GREETING.encode("utf-16-le"), ""),
        (b'<meta charset="iso-8859-15">' + GREETING.encode("iso-8859-15"), "text/html"),
        (GREETING.encode(), "text/html; charset=no-such-thing"),
    ],
)
def test_umlauts_survive(data, content_type):
    assert decode(data, content_type).endswith(GREETING)


def test_a_cut_character_does_not_spoil_the_rest():
    data = (GREETING * 3).encode()
    cut = data.rindex("ü".encode()) + 1
    assert "Jürgen Löffler" in decode(data[:cut], truncated=True)


@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=utf-16", "text/html; charset=shift_jis", "x"]))
def test_any_bytes_are_decoded(data, content_type):
    assert isinstance(decode(data, content_type), str)


@pytest.mark.parametrize("name", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "rot13", "undefined"])
def test_what_is_no_encoding_of_the_web_is_not_believed(name):
    assert decode(b"caf\xe9-" + b"-a" * 300_000, f"text/html; charset={name}").startswith("caf\u00e9-")
