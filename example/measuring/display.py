"""How dates and numbers are shown; no Django here.

Numbers are rounded here and nowhere before.
"""

DATE_FORMAT = "j F Y"


def decimals(value, number):
    """Show a number to so many decimals, with a true minus sign and without a −0."""
    return f"{value:z.{number}f}".replace("-", "−")


def signed(value):
    """Show a number, such as a limit, with the decimals it has and a true minus."""
    return f"{value:g}".replace("-", "−")


def metres(value):
    """Show a length [m] to 5 decimals."""
    return decimals(value, 5)


def millimetres(value):
    """Show a length [m] in mm, to 2 decimals."""
    return decimals(value * 1000, 2)


def ratio(value):
    """Show a factor to 6 decimals."""
    return decimals(value, 6)
