"""What a period came to and how it was judged is only ever added to."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION metrics_refuses_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Results and verdicts of closed periods are only ever added.'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER results_are_only_added BEFORE UPDATE OR DELETE ON metrics_periodresult
    FOR EACH ROW EXECUTE FUNCTION metrics_refuses_rewriting();
CREATE TRIGGER verdicts_are_only_added BEFORE UPDATE OR DELETE ON metrics_periodverdict
    FOR EACH ROW EXECUTE FUNCTION metrics_refuses_rewriting();
"""
ALLOW = """
DROP TRIGGER verdicts_are_only_added ON metrics_periodverdict;
DROP TRIGGER results_are_only_added ON metrics_periodresult;
DROP FUNCTION metrics_refuses_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("metrics", "0006_periods")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
