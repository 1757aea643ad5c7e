"""How heights, uncertainties and intervals are shown; numbers are rounded only here."""

import calendar

from django import template

from instruments.reading import interval_label

from ..chart import chart
from ..table import values_by_month

register = template.Library()


@register.filter
def interval(upper_pin):
    """`1` → `1-2`."""
    return interval_label(upper_pin)


@register.filter
def metres(value):
    """A length [m] to 5 decimals."""
    return f"{value:.5f}"


@register.filter
def millimetres(value):
    """A length [m] in mm, to 2 decimals."""
    return f"{value * 1000:.2f}"


@register.filter
def ratio(value):
    """A factor to 6 decimals."""
    return f"{value:.6f}"


@register.filter
def decimals(value, number):
    """A number to so many decimals."""
    return f"{value:.{number}f}"


@register.filter
def month_name(month):
    """`1` → `January`."""
    return calendar.month_name[month]


@register.inclusion_tag("range_calibration/chart.html")
def range_chart():
    """Draw the yearly cycle of the range; one query."""
    return {"chart": chart(values_by_month())}
