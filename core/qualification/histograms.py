"""A histogram as a picture: SVG, written by hand, so that it needs no library and no font."""

from base64 import b64encode
from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 640, 300, 16, 34, 44
_LABEL = 'font-family="system-ui, sans-serif" fill="#64748b" text-anchor="middle"'


def svg(counts: Sequence[int], labels: Sequence[str], colours: Sequence[str], *, title: str) -> str:
    """Draw bars with their counts above and their labels below.

    Args:
        counts: not negative, one a bar.
        labels: as many.
        colours: as many, as SVG takes them.
        title: for those who do not see it, and above the bars; plain text without mark-up.

    Returns:
        An SVG document on white, readable on any background.
    """
    most = max([*counts, 1])
    step = (_WIDTH - 2 * _LEFT) / max(len(counts), 1)
    room = _HEIGHT - _TOP - _BOTTOM - 18
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        f' role="img"><title>{title}</title>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_WIDTH / 2}" y="22" font-size="15" {_LABEL}>{title}</text>',
    ]
    for number, (count, label, colour) in enumerate(zip(counts, labels, colours, strict=True)):
        height = max(room * count / most, 1.5 if count else 0)
        left, top = _LEFT + number * step, _HEIGHT - _BOTTOM - height
        middle = left + step / 2
        parts.append(
            f'<rect x="{left + 3:.1f}" y="{top:.1f}" width="{step - 6:.1f}" height="{height:.1f}" rx="2"'
            f' fill="{colour}"/>'
            f'<text x="{middle:.1f}" y="{top - 5:.1f}" font-size="12" {_LABEL}>{count:,}</text>'
            f'<text x="{middle:.1f}" y="{_HEIGHT - _BOTTOM + 18}" font-size="12" {_LABEL}>{label}</text>'
        )
    base = _HEIGHT - _BOTTOM + 0.5
    parts.append(f'<path d="M{_LEFT} {base}H{_WIDTH - _LEFT}" stroke="#cbd5e1"/></svg>')
    return "".join(parts)


def data_uri(document: str) -> str:
    """Return an SVG document as an address that holds it."""
    return "data:image/svg+xml;base64," + b64encode(document.encode()).decode()
