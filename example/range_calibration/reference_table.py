"""The stored reference table: written from all campaigns, read by month."""

from django.db import transaction

from .models import RangeMeasurement, RangeParameter
from .monthly_means import Campaign, monthly_table


@transaction.atomic
def recompute():
    """Compute the table again from the campaigns stored now."""
    # A second officer's recomputation waits here until this one is committed.
    list(RangeParameter.objects.select_for_update().values_list("pk"))
    campaigns = [
        Campaign(date.month, {int(pin): height for pin, height in heights.items()})
        for date, heights in RangeMeasurement.objects.values_list("date", "heights")
    ]
    months = {campaign.month for campaign in campaigns}
    RangeParameter.objects.exclude(month__in=months).delete()
    RangeParameter.objects.bulk_create(
        [
            RangeParameter(
                interval=row.interval,
                month=row.month,
                value=row.value,
                campaigns=row.campaigns,
            )
            for row in monthly_table(campaigns)
        ],
        update_conflicts=True,
        unique_fields=["interval", "month"],
        update_fields=["value", "campaigns"],
    )


def reference_of(month):
    """Return the reference heights [m] of a month (1 … 12) by interval."""
    rows = RangeParameter.objects.filter(month=month)
    return dict(rows.values_list("interval", "value"))


def values_by_month():
    """Return the whole table: heights [m] by month and interval."""
    table = {}
    for parameter in RangeParameter.objects.all():
        table.setdefault(parameter.month, {})[parameter.interval] = parameter.value
    return table
