"""The histogram is a well-formed picture whose bars are as high as their counts."""

from base64 import b64decode
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from core.qualification.histograms import data_uri, svg

SVG = "{http://www.w3.org/2000/svg}"


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=12))
def test_bars_are_as_high_as_their_counts(counts: list[int]) -> None:
    document = svg(counts, [str(number) for number in range(len(counts))], ["#123456"] * len(counts), title="scores")
    root = ET.fromstring(b64decode(data_uri(document).partition(",")[2]))
    heights = [float(bar.get("height", "")) for bar in root.iter(f"{SVG}rect") if bar.get("rx")]
    assert len(heights) == len(counts)
    assert [height > 0 for height in heights] == [count > 0 for count in counts]
    assert heights[counts.index(max(counts))] == max(heights)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[0] == "scores"
    assert texts[1::2] == [f"{count:,}" for count in counts]
