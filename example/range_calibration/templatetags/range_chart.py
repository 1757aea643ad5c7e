"""The chart of the year, for any page."""

from django import template

from ..chart import chart
from ..reference_table import values_by_month

register = template.Library()


@register.inclusion_tag("range_calibration/chart.html")
def range_chart():
    """Draw the yearly cycle of the range; one query."""
    return {"chart": chart(values_by_month())}
