"""What a fresh database has: the project's row, and an audit log that cannot be changed."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_is_append_only
    BEFORE UPDATE OR DELETE ON console_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_refuses();
CREATE TRIGGER audit_is_never_truncated
    BEFORE TRUNCATE ON console_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
"""
ALLOW = """
DROP TRIGGER audit_is_never_truncated ON console_auditentry;
DROP TRIGGER audit_is_append_only ON console_auditentry;
DROP FUNCTION audit_refuses();
"""


def make_project(apps, schema_editor):
    apps.get_model("console", "Project").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("console", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunPython(make_project, migrations.RunPython.noop, elidable=False),
    ]
