"""All that came before in one step, so that a new database is made in seconds."""

from importlib import import_module

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import segments.models.fields
import segments.models.segment
import uuid
from django.conf import settings
from django.db import migrations, models

by_hand = import_module("segments.migrations.0003_by_hand")
columns = import_module("segments.migrations.0005_who_they_are_by_hand")
live_sets = import_module("segments.migrations.0009_live_sets_by_hand")


class Migration(migrations.Migration):
    replaces = [
        ("segments", "0001_initial"),
        ("segments", "0002_collection"),
        ("segments", "0003_by_hand"),
        ("segments", "0004_who_they_are"),
        ("segments", "0005_who_they_are_by_hand"),
        ("segments", "0006_imports_taken_back"),
        ("segments", "0007_traits_are_columns"),
        ("segments", "0008_live_sets"),
        ("segments", "0009_live_sets_by_hand"),
        ("segments", "0010_stages_are_columns"),
        ("segments", "0011_stages_without_rows"),
        ("segments", "0012_lists_say_why"),
        ("segments", "0013_levels_of_stages"),
        ("segments", "0014_days_counted"),
        ("segments", "0015_tiers_move"),
        ("segments", "0016_trait_previews"),
        ("segments", "0017_narrow_columns"),
        ("segments", "0018_heard"),
    ]

    initial = True

    dependencies = [
        ("console", "0001_squashed_0009_quotes"),
        ("console", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Column",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True, verbose_name="key")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("dtype", models.CharField(max_length=4)),
                ("stored", models.CharField(blank=True, db_default="", default="", max_length=4)),
                ("length", models.PositiveIntegerField(default=0)),
                ("words", models.JSONField(default=list)),
                ("version", models.BigIntegerField(default=0)),
                ("data_as_of", models.DateField(null=True, verbose_name="as of")),
                ("computed_at", models.DateTimeField(null=True, verbose_name="computed at")),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    segments.models.fields.SealedCharField(
                        blank=True, max_length=120, verbose_name="name"
                    ),
                ),
                (
                    "email",
                    segments.models.fields.SealedEmailField(
                        blank=True, max_length=254, verbose_name="e-mail"
                    ),
                ),
                (
                    "phone",
                    segments.models.fields.SealedCharField(
                        blank=True, db_default="", default="", max_length=40, verbose_name="phone"
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=16, verbose_name="language")),
                (
                    "attributes",
                    models.JSONField(blank=True, default=dict, verbose_name="attributes"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="known since"
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="erased at"),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absorbed",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("erased_at__isnull", False)),
                        fields=["erased_at"],
                        name="customers_erased",
                    ),
                    models.Index(
                        fields=["email"],
                        name="customer_by_email",
                        opclasses=["varchar_pattern_ops"],
                    ),
                    models.Index(
                        fields=["name"], name="customer_by_name", opclasses=["varchar_pattern_ops"]
                    ),
                    models.Index(
                        fields=["phone"],
                        name="customer_by_phone",
                        opclasses=["varchar_pattern_ops"],
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source_id", models.IntegerField()),
                ("received_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
                ("items", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="DirtyDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="InboxBatch",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LiveSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StageSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(unique=True, verbose_name="key")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "failure",
                    models.TextField(blank=True, verbose_name="why the last computation failed"),
                ),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
                ("computed_at", models.DateTimeField(null=True, verbose_name="computed at")),
                ("computed_version", models.PositiveIntegerField(null=True)),
                ("data_as_of", models.DateField(null=True, verbose_name="as of")),
                ("days", segments.models.fields.DaysField()),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "stage set",
                "verbose_name_plural": "stage sets",
                "ordering": ["-is_default", "key"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="one_default_set",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(verbose_name="key")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("rule", models.JSONField(default=dict, verbose_name="rule")),
                ("level", models.SmallIntegerField(default=0, verbose_name="level")),
                (
                    "color",
                    models.CharField(default="#0d9488", max_length=16, verbose_name="colour"),
                ),
                (
                    "description",
                    models.CharField(blank=True, max_length=300, verbose_name="description"),
                ),
                (
                    "retired_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="retired at"),
                ),
                (
                    "stage_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stages",
                        to="segments.stageset",
                    ),
                ),
            ],
            options={
                "verbose_name": "stage",
                "verbose_name_plural": "stages",
                "ordering": ["stage_set", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("stage_set", "key"), name="one_stage_a_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Suspect",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="suspect",
                        serialize=False,
                        to="segments.customer",
                        verbose_name="customer",
                    ),
                ),
                ("user_ids", models.PositiveIntegerField(verbose_name="user ids")),
                ("ids", models.PositiveIntegerField(verbose_name="identifiers")),
                ("merges", models.PositiveIntegerField(verbose_name="merges")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
            ],
            options={
                "verbose_name": "customer with many ids",
                "verbose_name_plural": "customers with many ids",
                "ordering": ["-user_ids", "-ids"],
            },
        ),
        migrations.CreateModel(
            name="ConsentChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=16, verbose_name="channel")),
                ("purpose", models.CharField(max_length=16, verbose_name="purpose")),
                ("granted", models.BooleanField(verbose_name="granted")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("source", models.CharField(max_length=120, verbose_name="source")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_changes",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a consent",
                "verbose_name_plural": "changes of consents",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=16, verbose_name="channel")),
                (
                    "purpose",
                    models.CharField(default="marketing", max_length=16, verbose_name="purpose"),
                ),
                ("granted", models.BooleanField(verbose_name="granted")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("source", models.CharField(blank=True, max_length=120, verbose_name="source")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "channel", "purpose"), name="one_consent_a_purpose"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["channel", "purpose", "granted"], name="consent_by_channel"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=200, verbose_name="customers of")),
                ("selection", models.JSONField(default=dict)),
                ("columns", models.JSONField(default=list, verbose_name="columns")),
                (
                    "has_contact",
                    models.BooleanField(default=False, verbose_name="with names and addresses"),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("xlsx", "Excel workbook (XLSX)")],
                        default="csv",
                        max_length=4,
                        verbose_name="format",
                    ),
                ),
                ("count", models.PositiveIntegerField(null=True, verbose_name="customers")),
                ("path", models.CharField(blank=True, max_length=400)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="asked at")),
                (
                    "expires_at",
                    models.DateTimeField(null=True, verbose_name="can be fetched until"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="exported by",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "export of customers",
                "verbose_name_plural": "exports of customers",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CustomerImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("path", models.CharField(blank=True, max_length=400, verbose_name="place")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "waiting for its columns to be named"),
                            ("checking", "being checked"),
                            ("checked", "waiting to be applied"),
                            ("applying", "being applied"),
                            ("applied", "applied"),
                            ("failed", "failed"),
                        ],
                        default="uploaded",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("mapping", models.JSONField(default=dict, verbose_name="columns")),
                ("counts", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded at")),
                ("applied_at", models.DateTimeField(null=True, verbose_name="applied at")),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.job",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of customers",
                "verbose_name_plural": "imports of customers",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CustomerImportRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("new", "new customer"),
                            ("changed", "changes"),
                            ("same", "changes nothing"),
                            ("conflict", "somebody has to look"),
                            ("bad", "cannot be read"),
                        ],
                        max_length=8,
                    ),
                ),
                ("identifier", models.CharField(blank=True, max_length=200)),
                ("customer_id", models.IntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("consents", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("values", models.JSONField(null=True)),
                (
                    "customer_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="segments.customerimport",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["customer_import", "outcome", "number"], name="rows_by_outcome"
                    ),
                    models.Index(
                        fields=["customer_import", "identifier"], name="rows_by_identifier"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("kind", models.CharField(max_length=40, verbose_name="identifier")),
                ("column", models.CharField(blank=True, max_length=200, verbose_name="column")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "uploaded"),
                            ("refused", "refused"),
                            ("ready", "ready"),
                        ],
                        default="uploaded",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("path", models.CharField(blank=True, editable=False, max_length=400)),
                (
                    "leaves_unknown_out",
                    models.BooleanField(default=False, verbose_name="leave unknown ones out"),
                ),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("unknown", models.PositiveIntegerField(default=0, verbose_name="unknown")),
                ("unknown_sample", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True, verbose_name="why it was refused")),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("size", models.PositiveIntegerField(default=0, verbose_name="customers")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="console.job",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "list of customers",
                "verbose_name_plural": "lists of customers",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CustomerNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("need", "need"), ("pain", "pain point"), ("other", "remark")],
                        default="other",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.CharField(max_length=2000, verbose_name="note")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Definition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("interaction", "interaction"),
                            ("paid", "paid"),
                            ("effective", "effective"),
                        ],
                        max_length=12,
                        verbose_name="word",
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("events", models.JSONField(default=list, verbose_name="events")),
                (
                    "all_but",
                    models.BooleanField(default=False, verbose_name="every event but these"),
                ),
                ("times", models.PositiveSmallIntegerField(default=1, verbose_name="times")),
                ("within_days", models.PositiveSmallIntegerField(default=1, verbose_name="days")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "definition",
                "verbose_name_plural": "definitions",
                "ordering": ["key", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "version"), name="one_definition_a_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("path", models.CharField(max_length=400, verbose_name="place")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "waiting for its columns to be named"),
                            ("loading", "loading"),
                            ("loaded", "loaded"),
                            ("failed", "failed"),
                            ("stopped", "stopped"),
                            ("undoing", "being taken back"),
                            ("undone", "taken back"),
                        ],
                        default="uploaded",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("mapping", models.JSONField(default=dict, verbose_name="columns")),
                ("again", models.BooleanField(default=False)),
                ("sha256", models.CharField(blank=True, db_index=True, max_length=64)),
                ("rows", models.BigIntegerField(default=0, verbose_name="rows")),
                (
                    "skipped",
                    models.BigIntegerField(default=0, verbose_name="rows without a customer"),
                ),
                ("left_out", models.JSONField(default=dict, verbose_name="rows left out")),
                ("bad", models.BigIntegerField(default=0, verbose_name="bad rows left out")),
                (
                    "erased",
                    models.BigIntegerField(default=0, verbose_name="events of erased customers"),
                ),
                ("events", models.BigIntegerField(default=0, verbose_name="events")),
                (
                    "known",
                    models.BigIntegerField(
                        default=0, verbose_name="events that were there already"
                    ),
                ),
                ("first_on", models.DateField(null=True, verbose_name="first day")),
                ("last_on", models.DateField(null=True, verbose_name="last day")),
                ("customers_new", models.BigIntegerField(default=0, verbose_name="new customers")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded at")),
                ("loaded_at", models.DateTimeField(null=True, verbose_name="loaded at")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back at")),
                ("stop_asked_at", models.DateTimeField(null=True, verbose_name="asked to stop at")),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.job",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="EventSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "description",
                    models.CharField(blank=True, max_length=200, verbose_name="description"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added at")),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="put away at"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "source",
                "verbose_name_plural": "sources",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dialect", models.CharField(max_length=16, verbose_name="sent as")),
                ("reason", models.CharField(max_length=40, verbose_name="reason")),
                ("detail", models.CharField(blank=True, max_length=200, verbose_name="detail")),
                ("event", models.CharField(blank=True, max_length=80, verbose_name="event")),
                ("raw", models.BinaryField()),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("replayed", "replayed"),
                            ("dropped", "dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True, verbose_name="settled at")),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dead_letters",
                        to="segments.eventsource",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "dead letter",
                "verbose_name_plural": "dead letters",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["status", "-id"], name="dead_letter_by_status"),
                    models.Index(fields=["received_at"], name="dead_letter_by_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "title",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="title"),
                ),
                (
                    "description",
                    models.CharField(
                        blank=True, default="", max_length=400, verbose_name="description"
                    ),
                ),
                (
                    "amount_property",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="amount"),
                ),
                (
                    "counts_as_active",
                    models.BooleanField(default=True, verbose_name="counts as active"),
                ),
                (
                    "counts_as_interaction",
                    models.BooleanField(default=False, verbose_name="counts as interaction"),
                ),
                (
                    "counts_as_paid",
                    models.BooleanField(default=False, verbose_name="counts as paid"),
                ),
                (
                    "counts_as_effective",
                    models.BooleanField(default=False, verbose_name="counts for effective"),
                ),
                ("blocked", models.BooleanField(default=False, verbose_name="blocked")),
                (
                    "blocked_volume",
                    models.BigIntegerField(default=0, verbose_name="events dropped"),
                ),
                (
                    "is_planned",
                    models.BooleanField(default=False, verbose_name="in the tracking plan"),
                ),
                ("volume", models.BigIntegerField(default=0, verbose_name="events")),
                ("beyond", models.BigIntegerField(default=0)),
                ("first_seen_at", models.DateTimeField(null=True, verbose_name="first seen")),
                ("last_seen_at", models.DateTimeField(null=True, verbose_name="last seen")),
                ("drift", models.JSONField(default=list)),
                ("drift_on", models.DateField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="console.team",
                        verbose_name="owner",
                    ),
                ),
                (
                    "taken_as",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="aliases",
                        to="segments.eventtype",
                    ),
                ),
            ],
            options={
                "verbose_name": "event type",
                "verbose_name_plural": "event types",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="EventProperty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="property")),
                ("kinds", models.JSONField(default=dict, verbose_name="kinds of values")),
                ("volume", models.BigIntegerField(default=0, verbose_name="events")),
                ("first_seen_on", models.DateField(null=True, verbose_name="first seen")),
                ("last_seen_on", models.DateField(null=True, verbose_name="last seen")),
                (
                    "description",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="description"
                    ),
                ),
                ("is_required", models.BooleanField(default=False, verbose_name="required")),
                (
                    "planned_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("string", "text"),
                            ("number", "number"),
                            ("boolean", "yes or no"),
                            ("list", "list"),
                            ("object", "object"),
                            ("null", "nothing"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="planned as",
                    ),
                ),
                (
                    "event_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="properties",
                        to="segments.eventtype",
                    ),
                ),
            ],
            options={
                "verbose_name": "property",
                "verbose_name_plural": "properties",
                "ordering": ["event_type", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_type", "name"), name="one_row_a_property"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("volume", models.BigIntegerField(default=0, verbose_name="events")),
                ("properties", models.JSONField(default=dict)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "event_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="segments.eventtype",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_type", "day"), name="one_row_an_event_and_day"
                    )
                ],
                "indexes": [models.Index(fields=["day"], name="event_day_by_day")],
            },
        ),
        migrations.CreateModel(
            name="DaySet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("level", models.PositiveSmallIntegerField()),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                (
                    "event_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="day_sets",
                        to="segments.eventtype",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_type", "day", "level"), name="one_set_a_day_and_level"
                    )
                ],
                "indexes": [models.Index(fields=["day"], name="day_set_by_day")],
            },
        ),
        migrations.CreateModel(
            name="HeardEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=200)),
                ("customer_id", models.IntegerField()),
                ("name", models.CharField(max_length=80)),
                ("time", models.DateTimeField()),
                ("amount", models.BigIntegerField(null=True)),
                ("properties", models.JSONField(default=dict)),
                (
                    "heard_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["who", "id"], name="heard_by_who"),
                    models.Index(fields=["customer_id"], name="heard_by_customer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                (
                    "value",
                    segments.models.fields.SealedIdentifierField(
                        max_length=200, verbose_name="value"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "identifier",
                "verbose_name_plural": "identifiers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "value"), name="one_customer_an_identifier"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["value"],
                        name="identifier_by_beginning",
                        opclasses=["varchar_pattern_ops"],
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportPreset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("mapping", models.JSONField(verbose_name="columns' meanings")),
                ("columns", models.JSONField(default=list, verbose_name="columns")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="saved at")),
                ("used_at", models.DateTimeField(null=True, verbose_name="last used at")),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saved by",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "import preset",
                "verbose_name_plural": "import presets",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="InboxEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("customer_id", models.IntegerField()),
                ("name", models.CharField(max_length=80)),
                ("time", models.DateTimeField()),
                ("amount", models.BigIntegerField(null=True)),
                ("properties", models.JSONField(default=dict)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["customer_id"], name="inbox_by_customer")],
            },
        ),
        migrations.CreateModel(
            name="Listener",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "indexes": [models.Index(fields=["who"], name="ears_by_who")],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "who"), name="one_ear_an_event")
                ],
            },
        ),
        migrations.CreateModel(
            name="LiveSetChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "customers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                ("added", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["name", "id"], name="live_set_changes")],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("held", "held: somebody should look"),
                            ("done", "merged"),
                            ("undone", "taken back"),
                            ("refused", "not the same person"),
                        ],
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("seen_together", "an anonymous visitor signed in"),
                            ("said_so", "the product said that they are one"),
                            ("by_hand", "merged by hand"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("evidence", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                ("at", models.DateTimeField(verbose_name="at")),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "settled_at",
                    models.DateTimeField(null=True, verbose_name="settled in the lake at"),
                ),
                (
                    "absorbed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_by",
                        to="segments.customer",
                        verbose_name="absorbed",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges",
                        to="segments.customer",
                        verbose_name="kept",
                    ),
                ),
            ],
            options={
                "verbose_name": "merge",
                "verbose_name_plural": "merges",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("absorbed")), _negated=True),
                        name="nobody_merges_with_themselves",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "done")),
                        fields=("absorbed",),
                        name="absorbed_once",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None), ("status", "done")),
                        fields=["absorbed"],
                        name="merges_to_settle",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["done", "undone"]), ("told_at", None)),
                        fields=["id"],
                        name="merges_to_tell",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["held", "refused", "undone"])),
                        fields=["id"],
                        name="merges_apart",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("export", "a copy of their data"), ("erase", "erasure")],
                        max_length=8,
                        verbose_name="asked for",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "waiting to be carried out"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "stopped: look at it"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="requested",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("mail", "by e-mail"),
                            ("phone", "by phone"),
                            ("letter", "by letter"),
                            ("app", "in the product"),
                            ("person", "in person"),
                            ("authority", "through an authority"),
                        ],
                        default="mail",
                        max_length=10,
                        verbose_name="asked",
                    ),
                ),
                ("asked_on", models.DateField(verbose_name="asked on")),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="The number of a ticket or letter; no name and no address.",
                        max_length=80,
                        verbose_name="reference",
                    ),
                ),
                (
                    "law",
                    models.CharField(
                        choices=[("pipl", "PIPL: 15 working days"), ("gdpr", "GDPR: 30 days")],
                        default="pipl",
                        max_length=4,
                        verbose_name="by which law",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due on")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="entered at"
                    ),
                ),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                ("problem", models.TextField(blank=True, verbose_name="what stopped it")),
                ("numbers", models.JSONField(default=list)),
                ("wanted", models.TextField(blank=True)),
                ("parts", models.JSONField(default=dict)),
                ("certificate", models.JSONField(default=dict)),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="digest")),
                ("path", models.CharField(blank=True, max_length=400)),
                ("until", models.DateTimeField(null=True, verbose_name="to be fetched until")),
                ("fetched_at", models.DateTimeField(null=True, verbose_name="fetched at")),
                (
                    "carried_out_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="carried out by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="privacy_requests",
                        to="segments.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.job",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "privacy request",
                "verbose_name_plural": "privacy requests",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["requested", "running", "failed"])),
                        fields=("customer", "kind"),
                        name="one_open_request_a_kind",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["requested", "running", "failed"])),
                        fields=["due_on"],
                        name="privacy_by_deadline",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ForgottenId",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forgotten",
                        to="segments.privacyrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReceivedKey",
            fields=[
                ("digest", models.UUIDField(primary_key=True, serialize=False)),
                ("received_on", models.DateField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["received_on"], name="received_by_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Scoring",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rfm", "RFM"),
                            ("value", "Value score"),
                            ("potential", "High potential"),
                            ("clusters", "Clusters"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("recipe", models.JSONField(verbose_name="recipe")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "scoring",
                "verbose_name_plural": "scorings",
                "ordering": ["kind", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "version"), name="one_scoring_a_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScoringRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="as of")),
                (
                    "computed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="computed at"
                    ),
                ),
                ("customers", models.PositiveIntegerField(verbose_name="customers")),
                ("summary", models.JSONField(default=dict)),
                (
                    "scoring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="segments.scoring",
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("scoring", "day"), name="one_run_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "rule",
                    models.JSONField(default=segments.models.segment.everyone, verbose_name="rule"),
                ),
                ("rule_version", models.PositiveIntegerField(default=1, verbose_name="version")),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("size", models.PositiveIntegerField(null=True, verbose_name="customers")),
                ("computed_at", models.DateTimeField(null=True, verbose_name="computed at")),
                (
                    "computed_version",
                    models.PositiveIntegerField(null=True, verbose_name="computed for version"),
                ),
                ("data_as_of", models.DateField(null=True, verbose_name="as of")),
                (
                    "failure",
                    models.TextField(blank=True, verbose_name="why the last computation failed"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("archived_at", models.DateTimeField(null=True, verbose_name="archived at")),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SegmentSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshots",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "day"), name="one_snapshot_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("rule", models.JSONField(verbose_name="rule")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a segment",
                "verbose_name_plural": "versions of segments",
                "ordering": ["segment", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "number"), name="one_rule_a_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("items", models.BigIntegerField(default=0)),
                ("last_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="segments.eventsource",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "day"), name="one_row_a_source_and_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StageFlow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField(verbose_name="on")),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
                (
                    "from_stage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.stage",
                    ),
                ),
                (
                    "to_stage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.stage",
                    ),
                ),
                (
                    "stage_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flows",
                        to="segments.stageset",
                    ),
                ),
            ],
            options={
                "ordering": ["-on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("stage_set", "on", "from_stage", "to_stage"),
                        name="one_flow_a_day_and_pair",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StageSetVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("stages", models.JSONField(verbose_name="stages")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "stage_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="segments.stageset",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a stage set",
                "verbose_name_plural": "versions of stage sets",
                "ordering": ["stage_set", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("stage_set", "number"), name="one_stages_a_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "description",
                    models.CharField(blank=True, max_length=300, verbose_name="description"),
                ),
                (
                    "color",
                    models.CharField(default="#0d9488", max_length=16, verbose_name="colour"),
                ),
                ("members", segments.models.fields.BitmapField()),
                (
                    "digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("members"), function="sha256"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("size", models.PositiveIntegerField(default=0, verbose_name="customers")),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="TagChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
                ("given", models.BooleanField(verbose_name="given")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="source")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="segments.tag",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a tag",
                "verbose_name_plural": "changes of tags",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Thing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=80, verbose_name="kind")),
                ("key", models.CharField(max_length=200, verbose_name="key")),
                ("attributes", models.JSONField(default=dict, verbose_name="attributes")),
                ("updated_at", models.DateTimeField(verbose_name="updated at")),
            ],
            options={
                "verbose_name": "group or item",
                "verbose_name_plural": "groups and items",
                "ordering": ["kind", "key"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="one_thing_a_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="TierFlow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rfm", "RFM"),
                            ("value", "Value score"),
                            ("potential", "High potential"),
                            ("clusters", "Clusters"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("on", models.DateField(verbose_name="on")),
                ("was", models.CharField(blank=True, max_length=40)),
                ("now", models.CharField(blank=True, max_length=40)),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
            ],
            options={
                "ordering": ["-on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "on", "was", "now"), name="one_tier_flow"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Trait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=60, unique=True, verbose_name="key")),
                ("title", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="definition")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("whole", "whole number"),
                            ("number", "number"),
                            ("money", "money"),
                            ("date", "date"),
                            ("choice", "one of several words"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("recipe", models.JSONField(verbose_name="how it is computed")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                ("is_shipped", models.BooleanField(default=False, editable=False)),
                ("known", models.PositiveIntegerField(null=True, verbose_name="known of")),
                ("computed_at", models.DateTimeField(null=True, verbose_name="computed at")),
                ("computed_version", models.PositiveIntegerField(null=True)),
                ("data_as_of", models.DateField(null=True, verbose_name="as of")),
                (
                    "failure",
                    models.TextField(blank=True, verbose_name="why the last computation failed"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "trait",
                "verbose_name_plural": "traits",
                "ordering": ["-is_shipped", "id"],
            },
        ),
        migrations.CreateModel(
            name="TraitPreview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recipe", models.JSONField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("whole", "whole number"),
                            ("number", "number"),
                            ("money", "money"),
                            ("date", "date"),
                            ("choice", "one of several words"),
                        ],
                        max_length=8,
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("form", models.JSONField()),
                ("spread", models.JSONField(null=True)),
                ("examples", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="console.job",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="WriteKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hint", models.CharField(max_length=16, verbose_name="key")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list, verbose_name="may send")),
                (
                    "per_second",
                    models.PositiveIntegerField(default=1000, verbose_name="events a second"),
                ),
                ("burst", models.PositiveIntegerField(default=20000, verbose_name="at once")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made at")),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="works until"),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last used"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="segments.eventsource",
                    ),
                ),
            ],
            options={
                "verbose_name": "write key",
                "verbose_name_plural": "write keys",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("version", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=16)),
                ("values", models.BinaryField()),
                (
                    "column",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocks",
                        to="segments.column",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["column", "version"], name="blocks_since")],
                "constraints": [
                    models.UniqueConstraint(fields=("column", "number"), name="one_block_a_number")
                ],
            },
        ),
        migrations.RunSQL(by_hand.OUTSIDE, by_hand.INSIDE),
        migrations.RunSQL(by_hand.REMEMBER_CONSENTS, by_hand.FORGET_CONSENTS),
        migrations.RunSQL(by_hand.KEEP_DEFINITIONS, by_hand.FREE_DEFINITIONS),
        migrations.RunSQL(columns.OUTSIDE, migrations.RunSQL.noop),
        migrations.RunSQL(columns.COUNT, columns.STOP_COUNTING),
        *live_sets.Migration.operations,
    ]
