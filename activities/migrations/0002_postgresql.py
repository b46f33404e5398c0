"""Trigram search over exchanges."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial"), ("crm", "0002_postgresql")]

    operations = [on_postgresql("CREATE INDEX IF NOT EXISTS exchange_search ON activities_exchange USING gin (search_key gin_trgm_ops)")]
