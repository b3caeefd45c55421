"""Tables of one or two columns as text: pasted, or out of a file."""

import re
from collections.abc import Iterator

import numpy as np

from genlab.data.own.examples import MOST_ROWS, OwnError, checked

LARGEST_FILE = 20 * 2**20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def table(source: str | bytes, *, decimal_comma: bool = False, standardise: bool = True) -> np.ndarray:
    """Points (n, 1) or (n, 2) float32 of a table with one or two columns; OwnError in one line with the row.

    Columns are parted by tabs or semicolons, else by commas (unless these are the decimals), else by spaces. A first
    row without numbers is a header; empty rows and those that begin with # are left out. With semicolons or tabs a
    decimal comma is understood by itself. ``standardise`` gives each column the mean 0 and the standard deviation 1.
    """
    if len(source) > LARGEST_FILE:
        raise OwnError(f"the table has {len(source) / 2**20:.0f} MB: allowed is {LARGEST_FILE / 2**20:.0f}")
    rows: list[list[float | None]] = []
    columns, separator = 0, ""
    for number, line in _lines(source):
        separator = separator or _separator(line, decimal_comma)
        parts = line.split() if separator == " " else line.split(separator)
        cells = [cell.strip().strip('"').strip() for cell in parts]
        if separator in ";\t" and len(cells) > 1 and not cells[-1]:
            # A row that ends with its separator.
            cells.pop()
        values = [_number(cell, decimal_comma or separator in "\t; ") for cell in cells]
        if not rows and not columns and None in values:
            # A header need not be parted as the rows are.
            columns, separator = -1, ""
            continue
        if None in values:
            raise OwnError(f"row {number}: “{_short(cells[values.index(None)])}” is not a number")
        if len(values) > 2:
            hint = "; if commas are decimals, switch that on" if separator == "," else ""
            raise OwnError(f"row {number} has {len(values)} columns: allowed is 1 or 2{hint}")
        if columns > 0 and len(values) != columns:
            raise OwnError(f"row {number} has {len(values)} columns, the rows before it have {columns}")
        columns = len(values)
        rows.append(values)
        if len(rows) > MOST_ROWS:
            raise OwnError(f"row {number}: allowed is at most {MOST_ROWS:,} rows")
    if not rows:
        raise OwnError("there is no row of numbers")
    table = np.array(rows, np.float64)
    if standardise:
        spread = table.std(axis=0)
        table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return checked(table.astype(np.float32))


def _lines(source: str | bytes) -> Iterator[tuple[int, str]]:
    """The rows that say something, each with its number from 1."""
    for number, line in enumerate(_text(source).splitlines(), start=1):
        line = line.strip(" \r\n")
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _text(source: str | bytes) -> str:
    if isinstance(source, str):
        return source
    if source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return source.decode("utf-16", "replace")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.decode("latin-1")


def _separator(line: str, decimal_comma: bool) -> str:
    for separator in ("\t", ";"):
        if separator in line:
            return separator
    if "," in line and not decimal_comma:
        return ","
    return " "


def _number(cell: str, decimal_comma: bool) -> float | None:
    if decimal_comma and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    return float(cell) if _NUMBER.fullmatch(cell) else None


def _short(cell: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in cell)
    return text if len(text) <= 24 else f"{text[:23]}…"
