from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0007_offices_connect"),
    ]

    operations = [
        migrations.AddField(
            model_name="feedentry",
            name="was_user",
            field=models.BigIntegerField(null=True, verbose_name="given to before"),
        ),
    ]
