"""How dates and numbers are shown; no Django here.

Numbers are rounded here and nowhere before.
"""

DATE_FORMAT = "j F Y"


def decimals(value, number):
    """A number to so many decimals, with a true minus sign and without a −0."""
    return f"{value:z.{number}f}".replace("-", "−")


def signed(value):
    """A number with the decimals it has, such as a limit, and a true minus sign."""
    return f"{value:g}".replace("-", "−")


def metres(value):
    """A length [m] to 5 decimals."""
    return decimals(value, 5)


def millimetres(value):
    """A length [m] in mm, to 2 decimals."""
    return decimals(value * 1000, 2)


def ratio(value):
    """A factor to 6 decimals."""
    return decimals(value, 6)
