"""The registry as CSV, safe to open in a spreadsheet."""

import csv

from django.http import HttpResponse

COLUMNS = [
    "id",
    "date",
    "staff_number",
    "staff_type",
    "owner_name",
    "level_name",
    "observer",
    "mean_temperature",
    "standard_temperature",
    "standard_factor",
    "graduation_uncertainty",
]

# A spreadsheet takes a cell that begins with one of these for a formula.
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def registry_csv(calibrations):
    """Return the calibrations as a CSV download, numbers in full precision."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="calibrations.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for row in calibrations.values_list(*COLUMNS):
        writer.writerow([harmless(cell) for cell in row])
    return response


def harmless(cell):
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
