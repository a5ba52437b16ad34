"""The table of django-rest-knox's own token model, which `jobs.ApiToken` replaces, goes.

Nothing ever wrote to it. It points at the table of users, and PostgreSQL empties no table that
another one points at.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_tallies"), ("knox", "0009_extend_authtoken_field")]

    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS knox_authtoken", migrations.RunSQL.noop),
    ]
