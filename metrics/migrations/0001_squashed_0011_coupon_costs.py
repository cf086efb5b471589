"""All that came before in one step, so that a new database is made in seconds."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import segments.models.fields
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

periods = import_module("metrics.migrations.0007_periods_are_kept")


class Migration(migrations.Migration):
    replaces = [
        ("metrics", "0001_initial"),
        ("metrics", "0002_definitions"),
        ("metrics", "0003_any_amount_a_day"),
        ("metrics", "0004_reports"),
        ("metrics", "0005_lifetime"),
        ("metrics", "0006_periods"),
        ("metrics", "0007_periods_are_kept"),
        ("metrics", "0008_alerts"),
        ("metrics", "0009_library_goals_and_spend"),
        ("metrics", "0010_comparisons"),
        ("metrics", "0011_coupon_costs"),
    ]

    initial = True

    dependencies = [
        ("campaigns", "0001_squashed_0019_messages_by_time"),
        ("console", "0001_squashed_0009_quotes"),
        ("console", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40, unique=True, verbose_name="key")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("words", models.JSONField(default=list, verbose_name="words in events")),
                (
                    "cap_minor",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="most that a new customer may cost"
                    ),
                ),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
            ],
            options={
                "verbose_name": "channel",
                "verbose_name_plural": "channels",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="MeasuredDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Payback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("lines", models.JSONField()),
                ("computed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="ResultBasis",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="result_basis",
                        serialize=False,
                        to="campaigns.campaign",
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Attribution",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True, verbose_name="version")),
                ("channel_properties", models.JSONField(default=list)),
                ("device_properties", models.JSONField(default=list)),
                ("app_words", models.JSONField(default=list)),
                ("trait", models.CharField(blank=True, default="", max_length=60)),
                ("cap_minor", models.PositiveBigIntegerField(null=True)),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "late_days",
                    models.PositiveSmallIntegerField(default=3, verbose_name="days for late data"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="closing_is_a_single_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("goal_event", models.CharField(max_length=200, verbose_name="goal event")),
                ("where", models.JSONField(default=list)),
                ("since", models.DateField(verbose_name="first day")),
                ("until", models.DateField(verbose_name="last day")),
                (
                    "is_random",
                    models.BooleanField(
                        default=True,
                        help_text="Otherwise a difference is no effect, and the page says so.",
                        verbose_name="chance decided who is in which group",
                    ),
                ),
                ("plan", models.JSONField(default=dict)),
                ("counted_through", models.DateField(null=True, verbose_name="counted through")),
                ("counted_at", models.DateTimeField(null=True, verbose_name="counted at")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                    "owner",
                    models.ForeignKey(
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
                "verbose_name": "comparison",
                "verbose_name_plural": "comparisons",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("since__lte", models.F("until"))),
                        name="a_window_has_a_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ComparedGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("source", models.CharField(max_length=60)),
                ("weight", models.PositiveIntegerField(default=1, verbose_name="planned share")),
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
                    "comparison",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="metrics.comparison",
                    ),
                ),
            ],
            options={
                "ordering": ["comparison", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("comparison", "position"), name="one_group_a_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("question", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("version", models.CharField(blank=True, max_length=64)),
                ("data", models.BinaryField(null=True)),
                ("as_of", models.DateField(null=True, verbose_name="as of")),
                ("under", models.JSONField(default=dict)),
                ("computed_at", models.DateTimeField(null=True, verbose_name="computed at")),
                ("used_on", models.DateField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="console.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer of a report",
                "verbose_name_plural": "answers of reports",
            },
        ),
        migrations.CreateModel(
            name="FoundSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.CharField(max_length=20)),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sets",
                        to="metrics.keptanswer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("answer", "place"), name="one_found_set_a_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LifetimeRecipe",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True, verbose_name="version")),
                (
                    "months",
                    models.PositiveSmallIntegerField(default=12, verbose_name="months ahead"),
                ),
                (
                    "monthly_discount",
                    models.DecimalField(
                        decimal_places=4,
                        default=Decimal("0.01"),
                        max_digits=5,
                        verbose_name="discount a month",
                    ),
                ),
                (
                    "split_by",
                    models.CharField(blank=True, max_length=60, verbose_name="curves apart by"),
                ),
                (
                    "contract_start",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="a contract begins with"
                    ),
                ),
                (
                    "contract_end",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="a contract ends with"
                    ),
                ),
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
                "verbose_name": "settings of lifetime value",
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="LifetimeModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="as of")),
                ("since", models.DateField(null=True, verbose_name="orders since")),
                (
                    "computed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="computed at"
                    ),
                ),
                ("seconds", models.FloatField(default=0.0, verbose_name="seconds")),
                (
                    "refusal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nothing", "there are no orders yet"),
                            ("few", "too few customers came again"),
                            ("not_arrived", "the search found no best parameters"),
                        ],
                        max_length=12,
                        verbose_name="refused",
                    ),
                ),
                ("customers", models.PositiveIntegerField(default=0, verbose_name="customers")),
                ("repeaters", models.PositiveIntegerField(default=0, verbose_name="came again")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("paid_version", models.PositiveIntegerField(verbose_name="definition's version")),
                ("parameters", models.JSONField(default=dict, verbose_name="parameters")),
                ("log_likelihood", models.FloatField(null=True, verbose_name="log-likelihood")),
                ("report", models.JSONField(default=dict)),
                (
                    "recipe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="metrics.lifetimerecipe",
                    ),
                ),
            ],
            options={
                "verbose_name": "lifetime value",
                "verbose_name_plural": "lifetime value",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Metric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(unique=True, verbose_name="key")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("definition", models.TextField(blank=True, verbose_name="definition")),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("acquisition", "acquisition"),
                            ("activation", "activation"),
                            ("activity", "activity"),
                            ("retention", "retention"),
                            ("conversion", "conversion"),
                            ("referral", "referral"),
                            ("satisfaction", "satisfaction"),
                            ("messages", "messages and campaigns"),
                            ("value", "value"),
                        ],
                        default="activity",
                        max_length=12,
                        verbose_name="theme",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("customers", "customers"),
                            ("count", "times"),
                            ("money", "money"),
                            ("share", "share"),
                            ("number", "number"),
                            ("minutes", "minutes"),
                        ],
                        max_length=10,
                        verbose_name="unit",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("more", "more is better"),
                            ("less", "less is better"),
                            ("neither", "neither is better"),
                        ],
                        default="more",
                        max_length=7,
                        verbose_name="direction",
                    ),
                ),
                (
                    "over",
                    models.CharField(
                        choices=[
                            ("sum", "the sum of the days"),
                            ("average", "the average day"),
                            ("quotient", "its parts, each over all the days"),
                            ("last", "the last day"),
                        ],
                        default="average",
                        max_length=8,
                        verbose_name="several days",
                    ),
                ),
                ("recipe", models.JSONField(default=dict, verbose_name="how it is computed")),
                ("slices", models.JSONField(default=list, verbose_name="slices")),
                (
                    "rests_on",
                    models.CharField(blank=True, default="", editable=False, max_length=12),
                ),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("shipped_version", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("is_tailored", models.BooleanField(default=False, editable=False)),
                ("measured_version", models.PositiveSmallIntegerField(editable=False, null=True)),
                (
                    "failure",
                    models.TextField(blank=True, default="", verbose_name="why it is not measured"),
                ),
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
                "verbose_name": "metric",
                "verbose_name_plural": "metrics",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Measurement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("slice", models.CharField(blank=True, max_length=80, verbose_name="slice")),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=6, max_digits=25, null=True, verbose_name="value"
                    ),
                ),
                ("numerator", models.BigIntegerField(null=True, verbose_name="numerator")),
                ("denominator", models.BigIntegerField(null=True, verbose_name="denominator")),
                (
                    "definition_version",
                    models.PositiveIntegerField(null=True, verbose_name="definition's version"),
                ),
                (
                    "metric_version",
                    models.PositiveSmallIntegerField(null=True, verbose_name="metric's version"),
                ),
                ("computed_at", models.DateTimeField(verbose_name="computed at")),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measurements",
                        to="metrics.metric",
                    ),
                ),
            ],
            options={
                "verbose_name": "measurement",
                "verbose_name_plural": "measurements",
                "ordering": ["metric", "day", "slice"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("metric", "day", "slice"), name="one_value_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="weight",
                    ),
                ),
                (
                    "good",
                    models.DecimalField(decimal_places=6, max_digits=25, verbose_name="good from"),
                ),
                (
                    "bad",
                    models.DecimalField(decimal_places=6, max_digits=25, verbose_name="bad from"),
                ),
                (
                    "metric",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indicator",
                        to="metrics.metric",
                        verbose_name="metric",
                    ),
                ),
            ],
            options={
                "verbose_name": "indicator",
                "verbose_name_plural": "indicators",
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("good", models.F("bad")), _negated=True),
                        name="good_is_not_bad",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Goal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slice", models.CharField(blank=True, max_length=80, verbose_name="slice")),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until")),
                (
                    "target",
                    models.DecimalField(decimal_places=6, max_digits=25, verbose_name="target"),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("at_least", "at least"), ("at_most", "at most")],
                        default="at_least",
                        max_length=8,
                        verbose_name="direction",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("version", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
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
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goals",
                        to="metrics.metric",
                        verbose_name="metric",
                    ),
                ),
            ],
            options={
                "verbose_name": "goal",
                "verbose_name_plural": "goals",
                "ordering": ["-until", "metric", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="goal_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__gt", 0)), name="goal_has_a_target"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Benchmark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "value",
                    models.DecimalField(decimal_places=6, max_digits=25, verbose_name="value"),
                ),
                ("source", models.CharField(max_length=200, verbose_name="source")),
                ("day", models.DateField(verbose_name="as of")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="benchmarks",
                        to="metrics.metric",
                        verbose_name="metric",
                    ),
                ),
            ],
            options={
                "verbose_name": "benchmark",
                "verbose_name_plural": "benchmarks",
                "ordering": ["metric", "-day", "-id"],
            },
        ),
        migrations.CreateModel(
            name="MetricVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("says", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="metrics.metric",
                    ),
                ),
            ],
            options={
                "ordering": ["metric", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("metric", "version"), name="one_row_a_metric_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slice", models.CharField(blank=True, max_length=80, verbose_name="slice")),
                (
                    "grain",
                    models.CharField(
                        choices=[("week", "week"), ("month", "month")],
                        max_length=5,
                        verbose_name="period",
                    ),
                ),
                ("begins_on", models.DateField(verbose_name="begins on")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="revision")),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=6, max_digits=25, null=True, verbose_name="value"
                    ),
                ),
                ("numerator", models.BigIntegerField(null=True)),
                ("denominator", models.BigIntegerField(null=True)),
                ("closed_on", models.DateField(verbose_name="closed on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="metrics.metric",
                    ),
                ),
            ],
            options={
                "verbose_name": "closed period",
                "verbose_name_plural": "closed periods",
                "ordering": ["-begins_on", "metric", "slice", "-revision"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("metric", "slice", "grain", "begins_on", "revision"),
                        name="one_result_a_revision",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("slice", models.CharField(blank=True, max_length=80, verbose_name="slice")),
                (
                    "grain",
                    models.CharField(
                        choices=[("week", "week"), ("month", "month")],
                        default="month",
                        max_length=5,
                        verbose_name="period",
                    ),
                ),
                (
                    "comparator",
                    models.CharField(
                        choices=[
                            ("below", "is below"),
                            ("above", "is above"),
                            ("fell", "fell, against the period before, by at least"),
                            ("rose", "rose, against the period before, by at least"),
                        ],
                        max_length=5,
                        verbose_name="comparison",
                    ),
                ),
                (
                    "threshold",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=25,
                        null=True,
                        verbose_name="threshold",
                    ),
                ),
                (
                    "times",
                    models.PositiveSmallIntegerField(default=1, verbose_name="periods in a row"),
                ),
                ("begins_on", models.DateField(blank=True, null=True, verbose_name="watched from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="watched until")),
                (
                    "days_to_act",
                    models.PositiveSmallIntegerField(default=7, verbose_name="days to act"),
                ),
                (
                    "plan",
                    models.TextField(
                        blank=True, help_text="What a breach sets off.", verbose_name="plan"
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                (
                    "version",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, verbose_name="version"
                    ),
                ),
                ("shipped_key", models.SlugField(blank=True, default="", editable=False)),
                (
                    "benchmark",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.metric",
                        verbose_name="or the value of",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="metrics.metric",
                        verbose_name="metric",
                    ),
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
                "verbose_name": "period rule",
                "verbose_name_plural": "period rules",
                "ordering": ["-is_on", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("shipped_key", ""), _negated=True),
                        fields=("shipped_key",),
                        name="a_shipped_rule_is_there_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("threshold__isnull", True),
                            ("benchmark__isnull", True),
                            _connector="XOR",
                        ),
                        name="a_rule_has_one_threshold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("times__gte", 1)), name="a_rule_waits_for_a_period"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Breach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("began_on", models.DateField(verbose_name="first period")),
                ("last_on", models.DateField(verbose_name="last period")),
                ("found_on", models.DateField(verbose_name="found on")),
                ("doubted_on", models.DateField(null=True)),
                (
                    "work_item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.workitem",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="breaches",
                        to="metrics.periodrule",
                    ),
                ),
            ],
            options={
                "ordering": ["-began_on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "began_on"), name="one_breach_a_run")
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodVerdict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule_version", models.PositiveSmallIntegerField(verbose_name="rule's version")),
                ("threshold", models.DecimalField(decimal_places=6, max_digits=25, null=True)),
                ("is_breach", models.BooleanField(null=True)),
                ("judged_on", models.DateField(verbose_name="judged on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "benchmark",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.periodresult",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="metrics.periodresult",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="metrics.periodrule",
                    ),
                ),
            ],
            options={
                "ordering": ["-result__begins_on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "rule_version", "result", "benchmark", "threshold"),
                        name="one_verdict_a_revision",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("achieved", "achieved"),
                            ("reflected", "reflected"),
                            ("planned", "planned"),
                        ],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["since", "kind", "id"],
                "indexes": [models.Index(fields=["since", "until"], name="notes_of_a_period")],
            },
        ),
        migrations.CreateModel(
            name="SavedReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retention", "Retention"),
                            ("growth", "Growth"),
                            ("funnel", "Funnel"),
                            ("paths", "Paths"),
                            ("undone", "Left undone"),
                            ("stickiness", "Stickiness"),
                            ("rhythm", "Hours and days"),
                        ],
                        max_length=20,
                        verbose_name="report",
                    ),
                ),
                ("query", models.TextField(blank=True, verbose_name="settings")),
                ("at", models.DateTimeField(verbose_name="saved at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="console.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "ordering": ["kind", "name"],
            },
        ),
        migrations.CreateModel(
            name="SpendImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("entries", models.PositiveIntegerField(verbose_name="entries")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("taken_back_at", models.DateTimeField(null=True, verbose_name="taken back at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "file of spend",
                "verbose_name_plural": "files of spend",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Spend",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("entered", "entered"),
                            ("imported", "imported"),
                            ("campaign", "posted by a campaign"),
                            ("coupons", "redeemed coupons"),
                        ],
                        default="entered",
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spend",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spend",
                        to="metrics.channel",
                        verbose_name="channel",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spend",
                        to="metrics.spendimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "spend",
                "verbose_name_plural": "spend",
                "ordering": ["-day", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("source", "coupons")),
                        fields=("day", "campaign"),
                        name="coupons_of_a_campaign_once_a_day",
                        nulls_distinct=False,
                    )
                ],
                "indexes": [models.Index(fields=["day"], name="spend_by_day")],
            },
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slice", models.CharField(blank=True, max_length=80, verbose_name="slice")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("anomaly", "stands out against its own season"),
                            ("level", "is beyond a level"),
                            ("change", "changed against the week before by at least"),
                        ],
                        default="anomaly",
                        max_length=7,
                        verbose_name="when it",
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("both", "to either side"),
                            ("low", "downward"),
                            ("high", "upward"),
                        ],
                        default="both",
                        max_length=4,
                        verbose_name="side",
                    ),
                ),
                (
                    "threshold",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=25,
                        null=True,
                        verbose_name="threshold",
                    ),
                ),
                (
                    "cool_down_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="After a warning is over, it is quiet for so many days.",
                        verbose_name="days of rest",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                (
                    "snoozed_until",
                    models.DateField(blank=True, null=True, verbose_name="quiet until"),
                ),
                ("is_shipped", models.BooleanField(default=False, editable=False)),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="watches",
                        to="metrics.metric",
                        verbose_name="metric",
                    ),
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
            ],
            options={
                "verbose_name": "watch",
                "verbose_name_plural": "watches",
                "ordering": ["metric_id", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("metric", "slice", "kind", "side"),
                        name="one_watch_a_kind",
                        violation_error_message="This is watched already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
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
                        choices=[("open", "open"), ("acknowledged", "seen"), ("resolved", "over")],
                        default="open",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("began_on", models.DateField(verbose_name="since")),
                ("last_on", models.DateField(verbose_name="last seen on")),
                (
                    "value",
                    models.DecimalField(decimal_places=6, max_digits=25, verbose_name="value"),
                ),
                (
                    "expected",
                    models.DecimalField(
                        decimal_places=6, max_digits=25, null=True, verbose_name="expected"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("resolved_on", models.DateField(null=True, verbose_name="over on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cause",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="effects",
                        to="metrics.alert",
                        verbose_name="part of",
                    ),
                ),
                (
                    "watch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="metrics.watch",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "ordering": ["-began_on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "resolved"), _negated=True),
                        fields=("watch",),
                        name="one_open_alert_a_watch",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ComparedDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("sums", models.JSONField()),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="metrics.comparedgroup",
                    ),
                ),
            ],
            options={
                "ordering": ["group", "day"],
                "constraints": [
                    models.UniqueConstraint(fields=("group", "day"), name="one_row_a_compared_day")
                ],
            },
        ),
        *periods.Migration.operations,
    ]
