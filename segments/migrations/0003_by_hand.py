"""What the database keeps and does that Django has no words for."""

from django.db import migrations

# A set of ten million customers is megabytes. Stored outside of its row and uncompressed (its
# format is compact already), `substr` reads the few bytes that tell about one customer.
OUTSIDE = """
    ALTER TABLE segments_segment ALTER COLUMN members SET STORAGE EXTERNAL;
    ALTER TABLE segments_segmentsnapshot ALTER COLUMN members SET STORAGE EXTERNAL;
    ALTER TABLE segments_dayset ALTER COLUMN members SET STORAGE EXTERNAL;
"""
INSIDE = OUTSIDE.replace("EXTERNAL", "EXTENDED")

# Consents are written in several places, some of them in bulk: the database keeps their history.
REMEMBER_CONSENTS = """
    CREATE FUNCTION segments_remember_new_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_consentchange (customer_id, channel, purpose, granted, at, source)
        SELECT customer_id, channel, purpose, granted, at, source FROM fresh;
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_remember_changed_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_consentchange (customer_id, channel, purpose, granted, at, source)
        SELECT f.customer_id, f.channel, f.purpose, f.granted, f.at, f.source
        FROM fresh f JOIN was w ON w.id = f.id
        WHERE (f.granted, f.at, f.source) IS DISTINCT FROM (w.granted, w.at, w.source);
        RETURN NULL;
    END $$;
    CREATE TRIGGER new_consents_are_remembered AFTER INSERT ON segments_consent
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION segments_remember_new_consents();
    CREATE TRIGGER changed_consents_are_remembered AFTER UPDATE ON segments_consent
        REFERENCING OLD TABLE AS was NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION segments_remember_changed_consents();
    INSERT INTO segments_consentchange (customer_id, channel, purpose, granted, at, source)
        SELECT customer_id, channel, purpose, granted, at, source FROM segments_consent;
"""
FORGET_CONSENTS = """
    DROP TRIGGER new_consents_are_remembered ON segments_consent;
    DROP TRIGGER changed_consents_are_remembered ON segments_consent;
    DROP FUNCTION segments_remember_new_consents();
    DROP FUNCTION segments_remember_changed_consents();
"""

# What a word meant stays what it meant: a change is a new version.
KEEP_DEFINITIONS = """
    CREATE FUNCTION segments_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'Versions of a definition are only ever added.';
    END $$;
    CREATE TRIGGER definitions_are_only_added BEFORE UPDATE OR DELETE ON segments_definition
        FOR EACH ROW EXECUTE FUNCTION segments_refuse_rewriting();
"""
FREE_DEFINITIONS = """
    DROP TRIGGER definitions_are_only_added ON segments_definition;
    DROP FUNCTION segments_refuse_rewriting();
"""

# Addresses are compared as they are kept, so all of them are kept in one form.
ONE_FORM = """
    UPDATE segments_customer SET email = lower(btrim(email)) WHERE email <> lower(btrim(email));
"""
# Labels of people said who they are, in a log that is never forgotten: from now on a number.
NUMBER_LABELS = """
    ALTER TABLE console_auditentry DISABLE TRIGGER audit_is_append_only;
    UPDATE console_auditentry SET subject_label = '#' || subject_id WHERE subject_type_id IN (
        SELECT id FROM django_content_type
        WHERE (app_label, model) IN (('segments', 'customer'), ('campaigns', 'suppression'))
    );
    ALTER TABLE console_auditentry ENABLE TRIGGER audit_is_append_only;
"""

# A batch that is on its way while the console is brought up to date stays the same batch.
KEEP_BATCH = """
    INSERT INTO segments_inboxbatch (number, events)
    SELECT batch, array_agg(id ORDER BY id) FROM segments_inboxevent
    WHERE batch IS NOT NULL GROUP BY batch;
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0002_collection")]

    operations = [
        migrations.RunSQL(ONE_FORM, migrations.RunSQL.noop),
        migrations.RunSQL(NUMBER_LABELS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_BATCH, migrations.RunSQL.noop),
        migrations.RemoveField("inboxevent", "batch"),
        migrations.RunSQL(OUTSIDE, INSIDE),
        migrations.RunSQL(REMEMBER_CONSENTS, FORGET_CONSENTS),
        migrations.RunSQL(KEEP_DEFINITIONS, FREE_DEFINITIONS),
    ]
