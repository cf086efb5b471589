"""What the database does so that it is always known who has an address, and who is suppressed."""

from django.db import migrations

# Estimates are made of these sets; a claim looks at each customer. Where a block and another
# address come in the same moment, `campaigns.reach.mend` finds it in the night.
FOLLOW = """
    CREATE FUNCTION campaigns_note(text, integer[], boolean) RETURNS void LANGUAGE sql AS $$
        INSERT INTO segments_livesetchange (name, customers, added)
        SELECT $1, $2, $3 WHERE cardinality($2) > 0;
    $$;
    CREATE FUNCTION campaigns_note_new_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM campaigns_note('address:email', array_agg(id), true) FROM fresh WHERE email <> '';
        PERFORM campaigns_note('address:phone', array_agg(id), true) FROM fresh WHERE phone <> '';
        PERFORM campaigns_note('suppressed:' || s.channel, array_agg(f.id), true)
        FROM campaigns_suppression s JOIN fresh f
            ON s.address = CASE s.channel WHEN 'email' THEN f.email ELSE f.phone END
        WHERE s.address <> '' AND s.channel IN ('email', 'sms', 'phone') GROUP BY s.channel;
        RETURN NULL;
    END $$;
    CREATE FUNCTION campaigns_note_changed_address() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.email = '') <> (NEW.email = '') THEN
            PERFORM campaigns_note('address:email', ARRAY[NEW.id], NEW.email <> '');
        END IF;
        IF (OLD.phone = '') <> (NEW.phone = '') THEN
            PERFORM campaigns_note('address:phone', ARRAY[NEW.id], NEW.phone <> '');
        END IF;
        PERFORM campaigns_note('suppressed:' || one.channel, ARRAY[NEW.id], bool_or(one.is_now))
        FROM (
            SELECT channel, (channel = 'email' AND address = NEW.email)
                OR (channel <> 'email' AND address = NEW.phone) AS is_now
            FROM campaigns_suppression
            WHERE address <> '' AND ((channel = 'email' AND address IN (OLD.email, NEW.email))
                OR (channel IN ('sms', 'phone') AND address IN (OLD.phone, NEW.phone)))
        ) one GROUP BY one.channel;
        RETURN NULL;
    END $$;
    CREATE FUNCTION campaigns_note_gone_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM campaigns_note('address:email', array_agg(id), false) FROM was WHERE email <> '';
        PERFORM campaigns_note('address:phone', array_agg(id), false) FROM was WHERE phone <> '';
        RETURN NULL;
    END $$;
    CREATE FUNCTION campaigns_note_suppression() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            PERFORM campaigns_note_suppressed(OLD.channel, OLD.address, false);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            PERFORM campaigns_note_suppressed(NEW.channel, NEW.address, true);
        END IF;
        RETURN NULL;
    END $$;
    CREATE FUNCTION campaigns_note_suppressed(of_channel text, of_address text, is_now boolean)
        RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF of_address = '' THEN
            RETURN;
        END IF;
        IF of_channel = 'email' THEN
            PERFORM campaigns_note('suppressed:email', array_agg(id), is_now)
            FROM segments_customer WHERE email = of_address;
        ELSIF of_channel IN ('sms', 'phone') THEN
            PERFORM campaigns_note('suppressed:' || of_channel, array_agg(id), is_now)
            FROM segments_customer WHERE phone = of_address;
        END IF;
    END $$;
    CREATE TRIGGER new_addresses_are_noted AFTER INSERT ON segments_customer
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION campaigns_note_new_addresses();
    CREATE TRIGGER changed_addresses_are_noted AFTER UPDATE OF email, phone ON segments_customer
        FOR EACH ROW WHEN (OLD.email <> NEW.email OR OLD.phone <> NEW.phone)
        EXECUTE FUNCTION campaigns_note_changed_address();
    CREATE TRIGGER gone_addresses_are_noted AFTER DELETE ON segments_customer
        REFERENCING OLD TABLE AS was
        FOR EACH STATEMENT EXECUTE FUNCTION campaigns_note_gone_addresses();
    CREATE TRIGGER suppressions_are_noted AFTER INSERT OR UPDATE OR DELETE ON campaigns_suppression
        FOR EACH ROW EXECUTE FUNCTION campaigns_note_suppression();
"""
STOP_FOLLOWING = """
    DROP TRIGGER new_addresses_are_noted ON segments_customer;
    DROP TRIGGER changed_addresses_are_noted ON segments_customer;
    DROP TRIGGER gone_addresses_are_noted ON segments_customer;
    DROP TRIGGER suppressions_are_noted ON campaigns_suppression;
    DROP FUNCTION campaigns_note_new_addresses();
    DROP FUNCTION campaigns_note_changed_address();
    DROP FUNCTION campaigns_note_gone_addresses();
    DROP FUNCTION campaigns_note_suppression();
    DROP FUNCTION campaigns_note_suppressed(text, text, boolean);
    DROP FUNCTION campaigns_note(text, integer[], boolean);
"""
# Who is there already comes in as one change, which the next gathering takes in.
BEGIN = """
    SELECT campaigns_note('address:email', array_agg(id), true)
    FROM segments_customer WHERE email <> '';
    SELECT campaigns_note('address:phone', array_agg(id), true)
    FROM segments_customer WHERE phone <> '';
    SELECT campaigns_note('suppressed:' || s.channel, array_agg(DISTINCT c.id), true)
    FROM campaigns_suppression s JOIN segments_customer c
        ON s.address = CASE s.channel WHEN 'email' THEN c.email ELSE c.phone END
    WHERE s.address <> '' AND s.channel IN ('email', 'sms', 'phone') GROUP BY s.channel;
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0009_templates"), ("segments", "0009_live_sets_by_hand")]

    operations = [
        migrations.RunSQL(FOLLOW, STOP_FOLLOWING),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
