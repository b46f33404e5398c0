"""Plan lines of one scope, now of five parts, may not overlap."""

from django.db import migrations

from crm.database import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_secretariat")]

    operations = [
        on_postgresql("ALTER TABLE reports_planline DROP CONSTRAINT IF EXISTS reports_planline_no_overlap"),
        on_postgresql(
            """ALTER TABLE reports_planline ADD CONSTRAINT reports_planline_no_overlap
               EXCLUDE USING gist (
                   COALESCE(tier_id, -1) WITH =, COALESCE(country_id, -1) WITH =, COALESCE(partner_kind_id, -1) WITH =,
                   COALESCE(field_id, -1) WITH =, COALESCE(province_id, -1) WITH =, daterange(valid_from, valid_to) WITH &&)
               WHERE (archived_at IS NULL)"""
        ),
    ]
