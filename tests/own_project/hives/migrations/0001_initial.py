from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Weighing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("hive", models.CharField(max_length=40)),
                ("keeper", models.EmailField(max_length=254)),
                ("kilograms", models.TextField(editable=False)),
            ],
        ),
    ]
