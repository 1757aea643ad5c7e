"""How heights, factors and intervals are shown in templates."""

import calendar

from django import template

from instruments import display
from instruments.reading import interval_label

from ..chart import chart
from ..table import values_by_month

register = template.Library()

register.filter(display.decimals)
register.filter(display.metres)
register.filter(display.millimetres)
register.filter(display.ratio)
register.filter("interval", interval_label)


@register.filter
def month_name(month):
    """`1` → `Jan`."""
    return calendar.month_abbr[month]


@register.inclusion_tag("range_calibration/chart.html")
def range_chart():
    """Draw the yearly cycle of the range; one query."""
    return {"chart": chart(values_by_month())}
