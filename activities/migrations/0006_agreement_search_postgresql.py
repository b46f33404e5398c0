"""Trigram search over agreements and commitments."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_secretariat")]

    operations = [
        on_postgresql("CREATE INDEX IF NOT EXISTS agreement_search ON activities_agreement USING gin (search_key gin_trgm_ops)"),
        on_postgresql("CREATE INDEX IF NOT EXISTS commitment_search ON activities_commitment USING gin (search_key gin_trgm_ops)"),
    ]
