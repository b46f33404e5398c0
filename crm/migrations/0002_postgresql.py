"""Extensions, and byte order for sort keys: the database's own collation would sort, and index, them otherwise."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        on_postgresql(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            'ALTER TABLE crm_country ALTER COLUMN sort_key TYPE varchar(240) COLLATE "C"',
            'ALTER TABLE crm_province ALTER COLUMN sort_key TYPE varchar(240) COLLATE "C"',
            'ALTER TABLE crm_unit ALTER COLUMN path TYPE varchar(400) COLLATE "C"',
        )
    ]
