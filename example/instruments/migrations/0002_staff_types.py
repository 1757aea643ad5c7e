from django.db import migrations

# Typical thermal coefficients [ppm/°C]; range officers may change them.
STAFF_TYPES = {
    "Aluminium": 23,
    "Carbon/epoxy": 2.1,
    "E-glass": 5,
    "Fibreglass": 10,
    "Invar": 0.81,
    "S2-glass": 2.9,
    "Steel": 11,
    "Wood": 3,
}


def add_staff_types(apps, schema_editor):
    StaffType = apps.get_model("instruments", "StaffType")
    for name, coefficient in STAFF_TYPES.items():
        StaffType.objects.get_or_create(
            name=name, defaults={"thermal_coefficient": coefficient}
        )


def remove_unused_staff_types(apps, schema_editor):
    StaffType = apps.get_model("instruments", "StaffType")
    StaffType.objects.filter(name__in=STAFF_TYPES, staff=None).delete()


class Migration(migrations.Migration):
    dependencies = [("instruments", "0001_initial")]

    operations = [
        migrations.RunPython(add_staff_types, remove_unused_staff_types, elidable=False)
    ]
