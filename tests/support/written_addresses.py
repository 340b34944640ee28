"""Addresses as websites write them, with hosts, ports and characters that are none among them."""

from hypothesis import strategies as st

_HOSTS = st.one_of(
    st.text(max_size=70),
    st.builds("xn--{}".format, st.text("abz09-ß\ud800", max_size=70)),
    st.builds("[{}]".format, st.text("0123456789abcdef:.%v[]", max_size=20)),
    st.text("0123456789.xX", max_size=20),
    st.lists(st.text("a-_.é。ａ", max_size=65), max_size=5).map(".".join),
)
ADDRESSES = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "//", "/", "", "ftp://", "http:", "http:/\\", "javascript:"]),
    st.sampled_from(["", "", "", "user@", "user:pw@", "@"]),
    _HOSTS,
    st.sampled_from(["", "", ":", ":80", ":-1", ":99999", ":x", ":" + "9" * 5000]),
    st.sampled_from(["", "/", "?", "#", "/%", "/%zz", "/..//../"]),
    st.text(st.characters(), max_size=20),
)
