"""What the database itself keeps: balances from the ledger, histories as they were, a policy."""

from django.db import migrations

KEEP = """
CREATE FUNCTION history_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION budget_entry_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE console_budget SET
        available_minor = available_minor + NEW.available_minor,
        reserved_minor = reserved_minor + NEW.reserved_minor,
        committed_minor = committed_minor + NEW.committed_minor,
        spent_minor = spent_minor + NEW.spent_minor
    WHERE id = NEW.budget_id;
    IF NEW.reservation_id IS NOT NULL THEN
        UPDATE console_reservation SET
            reserved_minor = reserved_minor + NEW.reserved_minor,
            committed_minor = committed_minor + NEW.committed_minor,
            spent_minor = spent_minor + NEW.spent_minor
        WHERE id = NEW.reservation_id AND budget_id = NEW.budget_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The reservation is of another budget.'
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    ELSIF NEW.reserved_minor <> 0 OR NEW.committed_minor <> 0 OR NEW.spent_minor <> 0 THEN
        RAISE EXCEPTION 'Money is reserved, committed and spent for something.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_entry_counts AFTER INSERT ON console_budgetentry
    FOR EACH ROW EXECUTE FUNCTION budget_entry_counts();

CREATE FUNCTION balances_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Balances change by entries of the ledger alone.'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
BALANCES = {
    "console_budget": ["available_minor", "reserved_minor", "committed_minor", "spent_minor"],
    "console_reservation": ["reserved_minor", "committed_minor", "spent_minor"],
}
HISTORIES = ["console_budgetentry", "console_budgetrule", "console_policyversion", "console_vote"]


def guard(table, columns):
    """Balances begin at nothing, and change only inside the ledger's own trigger."""
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
    began = " OR ".join(f"NEW.{name} <> 0" for name in columns)
    return f"""
CREATE TRIGGER {table}_balances_change BEFORE UPDATE ON {table}
    FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND ({changed})) EXECUTE FUNCTION balances_refuse();
CREATE TRIGGER {table}_balances_begin BEFORE INSERT ON {table}
    FOR EACH ROW WHEN ({began}) EXECUTE FUNCTION balances_refuse();
"""


def freeze(table):
    return f"""
CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION history_refuses();
CREATE TRIGGER {table}_is_never_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuses();
"""


def drop():
    lines = ["DROP TRIGGER budget_entry_counts ON console_budgetentry;"]
    for table in BALANCES:
        lines += [f"DROP TRIGGER {table}_balances_{one} ON {table};" for one in ("change", "begin")]
    for table in HISTORIES:
        lines += [f"DROP TRIGGER {table}_is_append_only ON {table};"]
        lines += [f"DROP TRIGGER {table}_is_never_truncated ON {table};"]
    functions = ("budget_entry_counts", "balances_refuse", "history_refuses")
    return "\n".join([*lines, *(f"DROP FUNCTION {name}();" for name in functions)])


DEFAULT = {
    "when": {},
    "steps": [{"who": "role", "roles": ["manager", "admin"], "quorum": 1}],
}


def ship(apps, schema_editor):
    """As it was before there were policies: one yes of a manager or an administrator."""
    policy = apps.get_model("console", "ApprovalPolicy").objects.create(
        name="Everything else", rank=1000
    )
    version = apps.get_model("console", "PolicyVersion").objects.create(
        policy=policy, number=1, content=DEFAULT
    )
    apps.get_model("console", "Approval").objects.filter(status="pending").update(
        version=version, policy=DEFAULT
    )


class Migration(migrations.Migration):
    dependencies = [("console", "0007_budgets_and_policies")]
    operations = [
        migrations.RunPython(ship, migrations.RunPython.noop, elidable=False),
        migrations.RunSQL(
            "\n".join([KEEP, *(guard(*one) for one in BALANCES.items()), *map(freeze, HISTORIES)]),
            drop(),
        ),
    ]
