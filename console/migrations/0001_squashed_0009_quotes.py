"""All that came before in one step, so that a new database is made in seconds."""

from importlib import import_module

import console.models.project
import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

floor = import_module("console.migrations.0002_floor")
ledger = import_module("console.migrations.0008_the_ledger_is_kept")


class Migration(migrations.Migration):
    replaces = [
        ("console", "0001_initial"),
        ("console", "0002_floor"),
        ("console", "0003_collection"),
        ("console", "0004_work"),
        ("console", "0005_answered_calls"),
        ("console", "0006_phone"),
        ("console", "0007_budgets_and_policies"),
        ("console", "0008_the_ledger_is_kept"),
        ("console", "0009_quotes"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        default=100,
                        help_text="Policies are asked in this order, the lowest first.",
                        verbose_name="rank",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "approval policy",
                "verbose_name_plural": "approval policies",
                "ordering": ["rank", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MailboxMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wire",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("sms", "short message"),
                            ("push", "push"),
                            ("wecom", "WeCom"),
                            ("dingtalk", "DingTalk"),
                            ("feishu", "Feishu"),
                            ("webhook", "webhook"),
                        ],
                        default="email",
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="received at"),
                ),
                ("sender", models.CharField(blank=True, max_length=320, verbose_name="from")),
                ("recipient", models.CharField(db_index=True, max_length=320, verbose_name="to")),
                ("subject", models.CharField(blank=True, max_length=500, verbose_name="subject")),
                ("raw", models.BinaryField(verbose_name="source")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
            ],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "local mailbox",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RetentionPeriod",
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
                            ("events", "events in the lake, and the day sets made of them"),
                            ("dead_letters", "events that could not be taken"),
                            ("addresses", "addresses in the log of messages"),
                            ("mailbox", "mails in the local mailbox"),
                            ("jobs", "jobs that are over"),
                            ("merges", "what it takes to undo a merge"),
                            ("copies", "records of people's requests for a copy"),
                        ],
                        max_length=16,
                        unique=True,
                        verbose_name="kind of data",
                    ),
                ),
                (
                    "days",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="kept for (days)"
                    ),
                ),
            ],
            options={
                "verbose_name": "retention period",
                "verbose_name_plural": "retention periods",
                "ordering": ["kind"],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
            ],
            options={
                "verbose_name": "team",
                "verbose_name_plural": "teams",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Staff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "first_name",
                    models.CharField(blank=True, max_length=150, verbose_name="first name"),
                ),
                (
                    "last_name",
                    models.CharField(blank=True, max_length=150, verbose_name="last name"),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("operator", "operator"),
                            ("product", "product"),
                            ("manager", "manager"),
                            ("analyst", "analyst"),
                            ("support", "support"),
                            ("admin", "administrator"),
                        ],
                        default="operator",
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(default=True, verbose_name="may sign in to the console"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff member",
                "verbose_name_plural": "staff",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("purpose", models.CharField(blank=True, max_length=300, verbose_name="purpose")),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "available_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="available"),
                ),
                (
                    "reserved_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="reserved"),
                ),
                (
                    "committed_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="committed"),
                ),
                (
                    "spent_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="spent"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made at")),
                ("archived_at", models.DateTimeField(null=True, verbose_name="archived at")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "ordering": ["-until", "name", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="budget_has_a_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("available_minor__gte", 0)),
                        name="budget_available_not_below_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reserved_minor__gte", 0)),
                        name="budget_reserved_not_below_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("committed_minor__gte", 0)),
                        name="budget_committed_not_below_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spent_minor__gte", 0)),
                        name="budget_spent_not_below_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "over",
                    models.CharField(
                        choices=[
                            ("stop", "stop: nothing beyond the amount"),
                            ("ask", "ask: more may be asked for, and somebody else decides"),
                        ],
                        default="stop",
                        max_length=4,
                        verbose_name="when it does not reach",
                    ),
                ),
                (
                    "warn_share",
                    models.FloatField(
                        default=0.2,
                        help_text="Share of the whole that is still available.",
                        verbose_name="warn below",
                    ),
                ),
                ("because", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="console.budget",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of a budget",
                "verbose_name_plural": "rules of budgets",
                "ordering": ["budget", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("budget", "number"), name="one_budget_rule_a_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("warn_share__gte", 0), ("warn_share__lte", 1)),
                        name="warn_share_is_a_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deputy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until")),
                ("because", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="named at")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputies",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="of",
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
            ],
            options={
                "verbose_name": "deputy",
                "verbose_name_plural": "deputies",
                "ordering": ["-since", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="deputy_has_a_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("of", models.F("to")), _negated=True),
                        name="deputy_is_somebody_else",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("label", models.CharField(max_length=200, verbose_name="what")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("done", models.PositiveBigIntegerField(default=0, verbose_name="done")),
                ("total", models.PositiveBigIntegerField(default=0, verbose_name="of")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                (
                    "language",
                    models.CharField(default="zh-hans", max_length=16, verbose_name="language"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="asked at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="started by",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField(verbose_name="content")),
                ("because", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="console.approvalpolicy",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a policy",
                "verbose_name_plural": "versions of policies",
                "ordering": ["policy", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("policy", "number"), name="one_policy_a_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_id", models.PositiveBigIntegerField()),
                ("title", models.CharField(max_length=200, verbose_name="what")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "waiting for a decision"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("changes", "to be changed"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                            ("void", "void"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of what is to be approved.",
                        max_length=64,
                        verbose_name="content hash",
                    ),
                ),
                (
                    "summary",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        verbose_name="summary",
                    ),
                ),
                ("policy", models.JSONField(default=dict, editable=False)),
                ("facts", models.JSONField(default=dict, editable=False)),
                ("step", models.PositiveSmallIntegerField(default=0, verbose_name="step")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires at")),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="requested at"),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("decided_on", models.DateField(null=True, verbose_name="decided on")),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "subject_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.policyversion",
                        verbose_name="policy",
                    ),
                ),
            ],
            options={
                "verbose_name": "approval",
                "verbose_name_plural": "approvals",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "pending")),
                        fields=("subject_type", "subject_id"),
                        name="one_pending_approval_a_subject",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        default="User operations", max_length=120, verbose_name="name"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="Asia/Shanghai",
                        help_text="Days begin and end in this zone.",
                        max_length=64,
                        validators=[console.models.project.a_known_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="CNY",
                        help_text="ISO 4217 code, such as CNY.",
                        max_length=3,
                        verbose_name="currency",
                    ),
                ),
                (
                    "work_minor",
                    models.PositiveIntegerField(
                        default=1000,
                        help_text="What a duty of a person is priced at in quotes, in fen, cents and the like.",
                        verbose_name="cost of a work item",
                    ),
                ),
                (
                    "today_on",
                    models.DateField(
                        blank=True,
                        help_text="Pins the console's date, for demonstrations with past data. Empty: the real date.",
                        null=True,
                        verbose_name="the console's today",
                    ),
                ),
                (
                    "sealed_with",
                    models.CharField(blank=True, default="", editable=False, max_length=12),
                ),
            ],
            options={
                "verbose_name": "project",
                "verbose_name_plural": "project",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="project_is_a_single_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_id", models.PositiveBigIntegerField()),
                ("title", models.CharField(max_length=200, verbose_name="for what")),
                (
                    "reserved_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="reserved"),
                ),
                (
                    "committed_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="committed"),
                ),
                (
                    "spent_minor",
                    models.BigIntegerField(default=0, editable=False, verbose_name="spent"),
                ),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="console.budget",
                    ),
                ),
                (
                    "subject_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("budget", "subject_type", "subject_id"),
                        name="one_reservation_a_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reserved_minor__gte", 0)),
                        name="reservation_reserved_not_below_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("committed_minor__gte", 0)),
                        name="reservation_committed_not_below_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spent_minor__gte", 0)),
                        name="reservation_spent_not_below_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_id", models.PositiveBigIntegerField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fund", "put in"),
                            ("reduce", "taken out"),
                            ("reserve", "reserved"),
                            ("release", "given back from the reserved"),
                            ("commit", "committed"),
                            ("unspent", "given back from the committed"),
                            ("spend", "spent"),
                            ("refund", "not spent after all"),
                            ("out", "gone to another budget"),
                            ("in", "come by a transfer"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("asked_minor", models.BigIntegerField(verbose_name="asked for")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("available_minor", models.BigIntegerField(verbose_name="available")),
                ("reserved_minor", models.BigIntegerField(verbose_name="reserved")),
                ("committed_minor", models.BigIntegerField(verbose_name="committed")),
                ("spent_minor", models.BigIntegerField(verbose_name="spent")),
                ("key", models.CharField(max_length=200, verbose_name="key")),
                ("because", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("on", models.DateField(verbose_name="day")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="console.budget",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "subject_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.budgetrule",
                        verbose_name="rule in force",
                    ),
                ),
                (
                    "reservation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="console.reservation",
                        verbose_name="for what",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of a budget",
                "verbose_name_plural": "entries of budgets",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("budget", "key", "kind"), name="a_movement_is_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0), ("asked_minor__gte", models.F("amount_minor"))
                        ),
                        name="a_movement_moves_what_was_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("committed_minor", 0),
                                ("kind", "fund"),
                                ("reserved_minor", 0),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("committed_minor", 0),
                                ("kind", "reduce"),
                                ("reserved_minor", 0),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("committed_minor", 0),
                                ("kind", "reserve"),
                                (
                                    "reserved_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("committed_minor", 0),
                                ("kind", "release"),
                                (
                                    "reserved_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                ("available_minor", 0),
                                (
                                    "committed_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("kind", "commit"),
                                (
                                    "reserved_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                (
                                    "committed_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("kind", "unspent"),
                                ("reserved_minor", 0),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                ("available_minor", 0),
                                (
                                    "committed_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("kind", "spend"),
                                ("reserved_minor", 0),
                                (
                                    "spent_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                            ),
                            models.Q(
                                ("available_minor", 0),
                                (
                                    "committed_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("kind", "refund"),
                                ("reserved_minor", 0),
                                (
                                    "spent_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                            ),
                            models.Q(
                                ("available_minor", 0),
                                ("committed_minor", 0),
                                ("kind", "out"),
                                (
                                    "reserved_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(-1)
                                    ),
                                ),
                                ("spent_minor", 0),
                            ),
                            models.Q(
                                (
                                    "available_minor",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount_minor"), "*", models.Value(1)
                                    ),
                                ),
                                ("committed_minor", 0),
                                ("kind", "in"),
                                ("reserved_minor", 0),
                                ("spent_minor", 0),
                            ),
                            _connector="OR",
                        ),
                        name="movements_sum_to_zero",
                    ),
                ],
                "indexes": [models.Index(fields=["budget", "on"], name="budget_entries_by_day")],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("because", models.CharField(max_length=300, verbose_name="why")),
                ("asked_on", models.DateField(verbose_name="asked for on")),
                ("key", models.CharField(max_length=200)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked for by",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        help_text="Empty: new money.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.budget",
                        verbose_name="from the budget",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="console.budget",
                        verbose_name="to the budget",
                    ),
                ),
            ],
            options={
                "verbose_name": "transfer between budgets",
                "verbose_name_plural": "transfers between budgets",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="transfer_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source", None),
                            models.Q(("source", models.F("target")), _negated=True),
                            _connector="OR",
                        ),
                        name="transfer_to_another",
                    ),
                    models.UniqueConstraint(
                        fields=("asked_by", "key"), name="a_transfer_is_asked_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0, verbose_name="step")),
                (
                    "digest",
                    models.CharField(blank=True, max_length=64, verbose_name="content hash"),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("approve", "approve"),
                            ("reject", "reject"),
                            ("changes", "ask for changes"),
                        ],
                        max_length=8,
                        verbose_name="decision",
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="console.approval",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "stands_for",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="in place of",
                    ),
                ),
            ],
            options={
                "verbose_name": "vote",
                "verbose_name_plural": "votes",
                "constraints": [
                    models.UniqueConstraint(fields=("approval", "by"), name="one_vote_a_person"),
                    models.UniqueConstraint(
                        fields=("approval", "stands_for"), name="one_vote_a_person_stood_for"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.SlugField(max_length=40, verbose_name="kind")),
                ("title", models.CharField(max_length=200, verbose_name="what")),
                ("why", models.TextField(blank=True, verbose_name="why")),
                (
                    "plan",
                    models.TextField(
                        blank=True, help_text="What is to be done.", verbose_name="plan"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("started", "in progress"),
                            ("done", "done"),
                            ("dropped", "dropped"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                ("subject_id", models.PositiveBigIntegerField(null=True)),
                ("once", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("outcome", models.TextField(blank=True, verbose_name="outcome")),
                ("given_on", models.DateField(verbose_name="given on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "subject_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "work item",
                "verbose_name_plural": "work",
                "ordering": [models.OrderBy(models.F("due_on"), nulls_last=True), "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("once", ""), _negated=True),
                        fields=("once",),
                        name="work_is_given_once",
                    )
                ],
                "indexes": [
                    models.Index(fields=["owner", "status"], name="work_by_owner"),
                    models.Index(fields=["subject_type", "subject_id"], name="work_by_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnsweredCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("where", models.CharField(max_length=200)),
                ("key", models.CharField(max_length=100)),
                ("digest", models.CharField(max_length=64)),
                ("code", models.PositiveSmallIntegerField()),
                ("answer", models.TextField()),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("by", "where", "key"), name="a_call_is_answered_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(max_length=16)),
                ("number", models.PositiveSmallIntegerField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="console.approval",
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("approval", "to", "about", "number"), name="a_notice_is_sent_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="at")),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("browser", "browser"),
                            ("api", "API"),
                            ("task", "background task"),
                            ("shell", "command line"),
                        ],
                        max_length=8,
                        verbose_name="via",
                    ),
                ),
                (
                    "ref",
                    models.CharField(blank=True, max_length=64, verbose_name="request or task"),
                ),
                ("action", models.CharField(max_length=64, verbose_name="action")),
                (
                    "subject_id",
                    models.CharField(blank=True, max_length=64, verbose_name="subject's number"),
                ),
                (
                    "subject_label",
                    models.CharField(blank=True, max_length=200, verbose_name="subject"),
                ),
                (
                    "details",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        verbose_name="details",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="staff member",
                    ),
                ),
                (
                    "subject_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="kind of subject",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="team",
            name="lead",
            field=models.ForeignKey(
                blank=True,
                help_text="Approves where a policy asks for the lead of the requester's team.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="lead",
            ),
        ),
        migrations.RunSQL(floor.REFUSE, floor.ALLOW),
        migrations.RunPython(floor.make_project, migrations.RunPython.noop, elidable=False),
        *ledger.Migration.operations,
    ]
