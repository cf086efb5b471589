"""What the database does so that some sets follow every change by themselves."""

from django.db import migrations

OUTSIDE = "ALTER TABLE segments_liveset ALTER COLUMN members SET STORAGE EXTERNAL"

# Customers come in many ways, some of them in bulk; the database notes who came and who went.
# Of two changes of one customer the later has the higher number: each holds the row's lock.
FOLLOW = """
    CREATE FUNCTION segments_note_new_customers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'everyone', array_agg(id), true FROM fresh
        WHERE merged_into_id IS NULL AND erased_at IS NULL HAVING count(*) > 0;
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_note_changed_customer() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        VALUES ('everyone', ARRAY[NEW.id], NEW.merged_into_id IS NULL AND NEW.erased_at IS NULL);
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_note_gone_customers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'everyone', array_agg(id), false FROM was HAVING count(*) > 0;
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_note_new_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'consent:' || channel || ':' || purpose, array_agg(customer_id), true
        FROM fresh WHERE granted GROUP BY channel, purpose;
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_note_gone_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'consent:' || channel || ':' || purpose, array_agg(customer_id), false
        FROM was WHERE granted GROUP BY channel, purpose;
        RETURN NULL;
    END $$;
    CREATE FUNCTION segments_note_changed_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'consent:' || w.channel || ':' || w.purpose, array_agg(w.customer_id), false
        FROM was w LEFT JOIN fresh f USING (id, customer_id, channel, purpose, granted)
        WHERE w.granted AND f.id IS NULL GROUP BY w.channel, w.purpose;
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT 'consent:' || f.channel || ':' || f.purpose, array_agg(f.customer_id), true
        FROM fresh f LEFT JOIN was w USING (id, customer_id, channel, purpose, granted)
        WHERE f.granted AND w.id IS NULL GROUP BY f.channel, f.purpose;
        RETURN NULL;
    END $$;
    CREATE TRIGGER new_customers_are_noted AFTER INSERT ON segments_customer
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION segments_note_new_customers();
    CREATE TRIGGER changed_customers_are_noted
        AFTER UPDATE OF merged_into_id, erased_at ON segments_customer FOR EACH ROW
        WHEN ((OLD.merged_into_id IS NULL AND OLD.erased_at IS NULL)
            <> (NEW.merged_into_id IS NULL AND NEW.erased_at IS NULL))
        EXECUTE FUNCTION segments_note_changed_customer();
    CREATE TRIGGER gone_customers_are_noted AFTER DELETE ON segments_customer
        REFERENCING OLD TABLE AS was
        FOR EACH STATEMENT EXECUTE FUNCTION segments_note_gone_customers();
    CREATE TRIGGER new_consents_are_noted AFTER INSERT ON segments_consent
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION segments_note_new_consents();
    CREATE TRIGGER gone_consents_are_noted AFTER DELETE ON segments_consent
        REFERENCING OLD TABLE AS was
        FOR EACH STATEMENT EXECUTE FUNCTION segments_note_gone_consents();
    CREATE TRIGGER changed_consents_are_noted AFTER UPDATE ON segments_consent
        REFERENCING OLD TABLE AS was NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION segments_note_changed_consents();
"""
STOP_FOLLOWING = """
    DROP TRIGGER new_customers_are_noted ON segments_customer;
    DROP TRIGGER changed_customers_are_noted ON segments_customer;
    DROP TRIGGER gone_customers_are_noted ON segments_customer;
    DROP TRIGGER new_consents_are_noted ON segments_consent;
    DROP TRIGGER gone_consents_are_noted ON segments_consent;
    DROP TRIGGER changed_consents_are_noted ON segments_consent;
    DROP FUNCTION segments_note_new_customers();
    DROP FUNCTION segments_note_changed_customer();
    DROP FUNCTION segments_note_gone_customers();
    DROP FUNCTION segments_note_new_consents();
    DROP FUNCTION segments_note_gone_consents();
    DROP FUNCTION segments_note_changed_consents();
"""
# Who is there already comes in as one change, which the next gathering takes in.
BEGIN = """
    INSERT INTO segments_livesetchange (name, customers, added)
    SELECT 'everyone', array_agg(id), true FROM segments_customer
    WHERE merged_into_id IS NULL AND erased_at IS NULL HAVING count(*) > 0;
    INSERT INTO segments_livesetchange (name, customers, added)
    SELECT 'consent:' || channel || ':' || purpose, array_agg(customer_id), true
    FROM segments_consent WHERE granted GROUP BY channel, purpose;
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0008_live_sets")]

    operations = [
        migrations.RunSQL(OUTSIDE, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW, STOP_FOLLOWING),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
