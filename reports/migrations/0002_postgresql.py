"""Plan lines of one scope may not overlap."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("crm", "0002_postgresql")]

    operations = [
        on_postgresql(
            """ALTER TABLE reports_planline ADD CONSTRAINT reports_planline_no_overlap
               EXCLUDE USING gist (COALESCE(tier_id, -1) WITH =, COALESCE(country_id, -1) WITH =, daterange(valid_from, valid_to) WITH &&)
               WHERE (archived_at IS NULL)"""
        )
    ]
