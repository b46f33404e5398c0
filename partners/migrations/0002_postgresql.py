"""Trigram search over folded names, byte order for sort keys, and dated rows that may not overlap."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("crm", "0002_postgresql")]

    operations = [
        on_postgresql(
            'ALTER TABLE partners_partner ALTER COLUMN sort_key TYPE varchar(240) COLLATE "C"',
            'ALTER TABLE partners_person ALTER COLUMN sort_key TYPE varchar(240) COLLATE "C"',
            "CREATE INDEX IF NOT EXISTS partner_search ON partners_partner USING gin (search_key gin_trgm_ops)",
            "CREATE INDEX IF NOT EXISTS person_search ON partners_person USING gin (search_key gin_trgm_ops)",
            """ALTER TABLE partners_stewardship ADD CONSTRAINT partners_stewardship_one_lead_a_day
               EXCLUDE USING gist (partner_id WITH =, daterange(valid_from, valid_to) WITH &&)
               WHERE (role = 'lead' AND archived_at IS NULL)""",
        )
    ]
