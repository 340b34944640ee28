"""Rows with more cells than the table has columns: a delimiter stands unquoted in a cell, and what follows has shifted.

A shifted row is put right where joining neighbours makes every column hold what it holds elsewhere (an address among
addresses, a country among countries) in exactly one way. Where there is no such way or there are several, nobody knows
what the row says, and it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core.imports.column_content import ColumnProfile, is_kind, profile
from core.leads.fields import BY_NAME, FieldType

_CERTAIN = 0.9
_MOST_SURPLUS = 40
"""Cells more than columns, beyond which no row is looked at: it is no row of this table."""
_KINDS = ("linkedin", "email", "url", "date", "truth", "number", "phone", "country")
"""What a column may hold throughout, the narrower first."""
_TYPE_KINDS = {
    FieldType.EMAIL: "email",
    FieldType.URL: "url",
    FieldType.DOMAIN: "url",
    FieldType.PERSON_PROFILE: "linkedin",
    FieldType.COMPANY_PROFILE: "linkedin",
    FieldType.PHONE: "phone",
}
_ENOUGH = 3
"""Cells that tell what a column does not hold."""
_ALIEN = ("email", "linkedin")
"""What a column that holds none of it elsewhere does not hold once."""


@dataclass(frozen=True)
class TableShape:
    """What the columns of a table hold, as its sound rows show.

    Attributes:
        kinds: For each column the one kind of its cells; None where they are of no kind.
        aliens: For each column the kinds that none of its cells is of.
        blanks_lead: Whether cells commonly begin with a blank, so that one says nothing.
    """

    kinds: tuple[str | None, ...] = ()
    aliens: tuple[tuple[str, ...], ...] = ()
    blanks_lead: bool = False

    def straight(self, cells: Sequence[str], width: int, delimiter: str) -> list[str] | None:
        """Return a row's cells as its table has them; None where it is not certain which they are.

        What cannot have shifted anything, since every column holds what it should and no joining would do so, is left
        where it is, beyond the last column.

        Args:
            cells: More than `width`.
            width: Columns of the table.
            delimiter: What joins neighbours again.
        """
        if not self.kinds:  # nothing is known of the table
            return list(cells)
        filled = max((index for index, cell in enumerate(cells, 1) if cell.strip()), default=0)
        if filled <= width and self._is_sound(cells[:width]):
            return list(cells[:width])
        is_near = len(cells) - width <= _MOST_SURPLUS
        for count in range(max(filled, width + 1), len(cells) + 1) if is_near else ():
            ways = self._ways(cells[:count], width, delimiter)
            if ways:
                sure = ways if len(ways) == 1 else self._at_blanks(cells[:count], width, delimiter)
                return sure[0] if sure else None
        # Empty cells at the end are a habit of some programs; then it is the row's own fault that a value is none.
        if filled <= width:
            return list(cells[:width])
        return list(cells) if is_near and self._is_sound(cells[:width]) else None

    def _fits(self, column: int, cell: str) -> bool:
        text = cell.strip()
        if not text:
            return True
        kind = self.kinds[column] if column < len(self.kinds) else None
        if kind is not None:
            return is_kind(kind, text)
        aliens = self.aliens[column] if column < len(self.aliens) else ()
        return not any(is_kind(alien, text) for alien in aliens)

    def _may_be_joined(self, column: int, parts: Sequence[str]) -> bool:
        """Return whether a delimiter may stand in a cell of this column at all."""
        kind = self.kinds[column] if column < len(self.kinds) else None
        return kind in (None, "number", "country") or (
            kind == "phone" and all(is_kind("phone", part.strip()) for part in parts)
        )

    def _is_sound(self, cells: Sequence[str]) -> bool:
        return all(self._fits(column, cell) for column, cell in enumerate(cells))

    def _ways(self, cells: Sequence[str], width: int, delimiter: str) -> list[list[str]]:
        """Return the first two ways in which joining neighbours gives a sound row of `width` cells."""

        @cache
        def from_(start: int, column: int) -> tuple[tuple[str, ...], ...]:
            left, columns = len(cells) - start, width - column
            if columns == 0:
                return ((),) if left == 0 else ()
            found: list[tuple[str, ...]] = []
            for size in range(1, left - columns + 2):
                part = cells[start : start + size]
                if len(found) > 1 or (size > 1 and not all(map(str.strip, part))):
                    break  # two ways are enough, and what is empty was not cut off anything
                joined = delimiter.join(part)
                if self._fits_joined(column, part, joined):
                    found += [(joined, *rest) for rest in from_(start + size, column + 1)]
            return tuple(found[:2])

        return [list(way) for way in from_(0, 0)]

    def _fits_joined(self, column: int, parts: Sequence[str], joined: str) -> bool:
        return self._fits(column, joined) and (len(parts) == 1 or self._may_be_joined(column, parts))

    def _at_blanks(self, cells: Sequence[str], width: int, delimiter: str) -> list[list[str]]:
        """Join the cells that begin with a blank to their neighbours, as in 'Broken, Inc.': so people write commas."""
        if self.blanks_lead:
            return []
        joined = [cells[0]]
        for cell in cells[1:]:
            if cell[:1] == " " and cell.strip():
                joined[-1] += delimiter + cell
            else:
                joined.append(cell)
        return [joined] if len(joined) == width and self._is_sound(joined) else []


def line_of_wrong_header(
    records: Sequence[tuple[int, Sequence[str]]], shape: TableShape, width: int, delimiter: str
) -> int | None:
    """Return the first line that goes beyond the header where most do and cannot be put right: no header of theirs.

    Args:
        records: (line, cells) of a sample.
        shape: What the columns hold.
        width: Names in the header.
        delimiter: What joins neighbours again.
    """
    beyond = [line for line, cells in records if _goes_beyond(cells, shape, width, delimiter)]
    return beyond[0] if len(beyond) > 1 and 2 * len(beyond) > len(records) else None


def _goes_beyond(cells: Sequence[str], shape: TableShape, width: int, delimiter: str) -> bool:
    if len(cells) <= width or not any(map(str.strip, cells[width:])):
        return False
    straight = shape.straight(cells, width, delimiter)
    return straight is None or len(straight) > width


def shape_of(rows: Sequence[Sequence[str]], fields: Sequence[str | None]) -> TableShape:
    """Return what the columns of a table hold.

    Args:
        rows: A sample; those wider than the table say nothing.
        fields: For each column the field it was mapped to, if any.
    """
    width = len(fields)
    sound = [row for row in rows if len(row) <= width]
    profiles = [profile([row[column] if column < len(row) else "" for row in sound]) for column in range(width)]
    cells = [cell for row in sound for cell in row[1:] if cell.strip()]
    return TableShape(
        kinds=tuple(_kind(cells_, field) for cells_, field in zip(profiles, fields, strict=True)),
        aliens=tuple(
            tuple(kind for kind in _ALIEN if each.count >= _ENOUGH and not each.share(kind)) for each in profiles
        ),
        blanks_lead=10 * sum(cell[0] == " " for cell in cells) > len(cells),
    )


def _kind(cells: ColumnProfile, field: str | None) -> str | None:
    named = _TYPE_KINDS.get(BY_NAME[field].type) if field else None
    if cells.count == 0:
        return named
    if named and cells.share(named) >= _CERTAIN:
        return named
    return next((kind for kind in _KINDS if cells.share(kind) >= _CERTAIN), None)
