"""How heights, factors and intervals are shown in templates."""

from django import template

from measuring import display
from measuring.reading import interval_label

register = template.Library()

register.filter(display.decimals)
register.filter(display.metres)
register.filter(display.millimetres)
register.filter(display.ratio)
register.filter("interval", interval_label)
