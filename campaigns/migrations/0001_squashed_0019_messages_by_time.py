"""All that came before in one step, so that a new database is made in seconds."""

from importlib import import_module

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import segments.models.fields
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

templates = import_module("campaigns.migrations.0009_templates")
reach = import_module("campaigns.migrations.0010_reach_by_hand")


class Migration(migrations.Migration):
    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_privacy"),
        ("campaigns", "0003_waves"),
        ("campaigns", "0004_intakes"),
        ("campaigns", "0005_who_came_in"),
        ("campaigns", "0006_coupons"),
        ("campaigns", "0007_contact_policy"),
        ("campaigns", "0008_lift"),
        ("campaigns", "0009_templates"),
        ("campaigns", "0010_reach_by_hand"),
        ("campaigns", "0011_exclusions_held_out"),
        ("campaigns", "0012_ways"),
        ("campaigns", "0013_evidence"),
        ("campaigns", "0014_accounts"),
        ("campaigns", "0015_playbooks"),
        ("campaigns", "0016_pace"),
        ("campaigns", "0017_quotes"),
        ("campaigns", "0018_guards"),
        ("campaigns", "0019_messages_by_time"),
    ]

    initial = True

    dependencies = [
        ("console", "0001_squashed_0009_quotes"),
        ("console", "__first__"),
        ("segments", "0001_squashed_0018_heard"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("sms", "SMS"),
                            ("push", "push"),
                            ("in_app", "in the app"),
                            ("robot", "work chat"),
                            ("webhook", "webhook"),
                        ],
                        db_default="email",
                        default="email",
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
                (
                    "markup",
                    models.CharField(
                        choices=[("html", "HTML"), ("mjml", "MJML")],
                        db_default="html",
                        default="html",
                        max_length=4,
                        verbose_name="written in",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("zh-hans", "简体中文"), ("en", "English")],
                        db_default="zh-hans",
                        default="zh-hans",
                        help_text="Of the words that customers of any other language get, too.",
                        max_length=16,
                        verbose_name="language",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=200, verbose_name="subject")),
                (
                    "body",
                    models.TextField(
                        blank=True,
                        help_text="HTML with Liquid, such as {{ customer.name }}.",
                        verbose_name="text",
                    ),
                ),
                ("more", models.JSONField(blank=True, db_default={}, default=dict)),
                ("variants", models.JSONField(blank=True, db_default={}, default=dict)),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="archived at"),
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
                    "updated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="changed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "template",
                "verbose_name_plural": "templates",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("goal", models.CharField(blank=True, max_length=200, verbose_name="goal")),
                (
                    "kind",
                    models.CharField(
                        choices=[("ours", "sent from here"), ("recorded", "recorded")],
                        default="ours",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "entry",
                    models.CharField(
                        choices=[
                            ("once", "once"),
                            ("recurring", "again and again"),
                            ("event", "when something happens"),
                            ("segment", "when one comes into a segment"),
                            ("playbook", "when a playbook gives it"),
                        ],
                        default="once",
                        max_length=9,
                        verbose_name="who comes in when",
                    ),
                ),
                ("timetable", models.JSONField(blank=True, default=dict, verbose_name="timetable")),
                ("trigger", models.JSONField(blank=True, default=dict, verbose_name="trigger")),
                (
                    "starts_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Empty: when somebody starts it.",
                        null=True,
                        verbose_name="starts at",
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Empty: until it is ended.",
                        null=True,
                        verbose_name="lets in until",
                    ),
                ),
                (
                    "again_after_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        default=None,
                        help_text="Empty: once only. 0: each time.",
                        null=True,
                        verbose_name="comes in again after (days)",
                    ),
                ),
                (
                    "exit_events",
                    models.JSONField(blank=True, default=list, verbose_name="leave the plan at"),
                ),
                ("plan", models.JSONField(blank=True, default=list, verbose_name="plan")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marketing", "marketing"),
                            ("transactional", "about an order or an account"),
                        ],
                        default="marketing",
                        max_length=13,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=50,
                        help_text="0 to 100; the higher goes first.",
                        verbose_name="priority",
                    ),
                ),
                (
                    "control_share",
                    models.FloatField(
                        default=0.0,
                        help_text="Share of the audience that gets nothing.",
                        verbose_name="control",
                    ),
                ),
                (
                    "offer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("discount", "a price promotion"),
                            ("upsell", "something to pay for"),
                            ("perk", "an exclusive perk"),
                            ("content", "content or a service"),
                        ],
                        default="",
                        help_text="A coupon makes it a price promotion by itself.",
                        max_length=8,
                        verbose_name="offers",
                    ),
                ),
                ("mismatch_reason", models.CharField(blank=True, default="", max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "waiting for approval"),
                            ("approved", "approved"),
                            ("sending", "sending"),
                            ("paused", "paused"),
                            ("sent", "sent"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                (
                    "conversion_event",
                    models.CharField(default="order_paid", max_length=80, verbose_name="aims at"),
                ),
                (
                    "conversion_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="Days after the message, 1 to 90.",
                        verbose_name="counted for (days)",
                    ),
                ),
                (
                    "external_ref",
                    models.CharField(blank=True, max_length=80, verbose_name="number elsewhere"),
                ),
                (
                    "stopped_because",
                    models.CharField(blank=True, max_length=300, verbose_name="paused because"),
                ),
                ("paused_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
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
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.segment",
                        verbose_name="segment",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.messagetemplate",
                        verbose_name="template",
                    ),
                ),
            ],
            options={
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "recorded"),
                            models.Q(
                                models.Q(
                                    ("segment__isnull", False), ("entry", "event"), _connector="OR"
                                ),
                                models.Q(
                                    ("template__isnull", False),
                                    models.Q(("plan", []), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="campaign_has_whom_and_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("control_share__gte", 0), ("control_share__lte", 0.9)),
                        name="control_share_0_to_90_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__lte", 100)), name="priority_0_to_100"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("conversion_days__gte", 1), ("conversion_days__lte", 90)
                        ),
                        name="conversion_days_1_to_90",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_ref", ""), _negated=True),
                        fields=("external_ref",),
                        name="one_campaign_an_external_ref",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("kind", models.CharField(max_length=16, verbose_name="kind")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("sms", "SMS"),
                            ("push", "push"),
                            ("in_app", "in the app"),
                            ("robot", "work chat"),
                            ("webhook", "webhook"),
                        ],
                        max_length=16,
                        verbose_name="channel",
                    ),
                ),
                ("given", models.JSONField(default=dict, verbose_name="settings")),
                ("sealed", models.TextField(blank=True, default="", editable=False)),
                (
                    "tariff",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal("0"),
                        max_digits=9,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="cost of a message",
                    ),
                ),
                (
                    "per_minute",
                    models.PositiveIntegerField(
                        default=1200,
                        help_text="At most; what the provider allows.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(600000),
                        ],
                        verbose_name="messages a minute",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "is_default",
                    models.BooleanField(default=False, verbose_name="the channel's own"),
                ),
                ("token", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="added by",
                    ),
                ),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
                "ordering": ["channel", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("channel",),
                        name="one_default_account_a_channel",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_default", False), ("is_enabled", True), _connector="OR"
                        ),
                        name="default_account_is_in_use",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("per_minute__gte", 1)), name="account_pace_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tariff__gte", 0)), name="account_tariff_from_0"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(default="message", max_length=16, verbose_name="step")),
                ("occurrence", models.PositiveIntegerField(default=0)),
                (
                    "variant",
                    models.CharField(
                        blank=True, db_default="", max_length=16, verbose_name="variant"
                    ),
                ),
                (
                    "channel",
                    models.CharField(default="email", max_length=16, verbose_name="channel"),
                ),
                (
                    "address",
                    segments.models.fields.SealedCharField(
                        blank=True, max_length=512, verbose_name="address"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("sending", "sending"),
                            ("retry", "to be tried again"),
                            ("deferred", "put off"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("held", "held: may or may not have left"),
                            ("skipped", "skipped"),
                        ],
                        default="sending",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("due_at", models.DateTimeField(null=True, verbose_name="due at")),
                (
                    "provider_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=120,
                        verbose_name="number at the provider",
                    ),
                ),
                (
                    "cost_minor",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="cost"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="claimed at")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent at")),
                ("delivered_at", models.DateTimeField(null=True, verbose_name="delivered at")),
                ("opened_at", models.DateTimeField(null=True, verbose_name="opened at")),
                ("clicked_at", models.DateTimeField(null=True, verbose_name="clicked at")),
                ("replied_at", models.DateTimeField(null=True, verbose_name="answered at")),
                (
                    "machine_opened_at",
                    models.DateTimeField(null=True, verbose_name="opened by a machine at"),
                ),
                (
                    "machine_clicked_at",
                    models.DateTimeField(null=True, verbose_name="clicked by a machine at"),
                ),
                ("left_at", models.DateTimeField(null=True)),
                ("trapped_at", models.DateTimeField(null=True)),
                (
                    "unsubscribed_at",
                    models.DateTimeField(null=True, verbose_name="unsubscribed at"),
                ),
                ("bounced_at", models.DateTimeField(null=True, verbose_name="came back at")),
                ("complained_at", models.DateTimeField(null=True, verbose_name="complained at")),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.channelaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="segments.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "step", "occurrence", "customer"),
                        name="one_message_a_step",
                    )
                ],
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at"], name="messages_by_time"
                    ),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["provider_id"],
                        name="message_by_provider_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Phrase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "text",
                    models.CharField(
                        help_text="Found whatever the case, the width and the spaces between Chinese characters.",
                        max_length=80,
                        unique=True,
                        verbose_name="words",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("promise", "promises too much"), ("forbidden", "forbidden")],
                        default="forbidden",
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                (
                    "stops",
                    models.BooleanField(
                        default=False,
                        help_text="Otherwise whoever writes it is warned.",
                        verbose_name="cannot be sent",
                    ),
                ),
                ("instead", models.CharField(blank=True, max_length=200, verbose_name="instead")),
            ],
            options={
                "verbose_name": "word to avoid",
                "verbose_name_plural": "words to avoid",
                "ordering": ["kind", "text"],
            },
        ),
        migrations.CreateModel(
            name="Audience",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
                ("segment_rule", models.JSONField(default=dict)),
                ("segment_version", models.PositiveIntegerField(null=True)),
                ("template_revision", models.PositiveIntegerField(null=True)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("body", models.TextField(blank=True)),
                ("words", models.JSONField(default=dict)),
                ("data_as_of", models.DateField(null=True, verbose_name="as of")),
                ("frozen_at", models.DateTimeField(verbose_name="frozen at")),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audience",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "audience",
                "verbose_name_plural": "audiences",
            },
        ),
        migrations.CreateModel(
            name="CampaignResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reached", models.PositiveIntegerField(default=0, verbose_name="reached")),
                ("sent", models.PositiveIntegerField(default=0, verbose_name="sent")),
                ("opened", models.PositiveIntegerField(default=0, verbose_name="opened")),
                ("clicked", models.PositiveIntegerField(default=0, verbose_name="clicked")),
                (
                    "unsubscribed",
                    models.PositiveIntegerField(default=0, verbose_name="unsubscribed"),
                ),
                ("purchased", models.PositiveIntegerField(default=0, verbose_name="purchased")),
                (
                    "redeemed",
                    models.PositiveIntegerField(null=True, verbose_name="redeemed a coupon"),
                ),
                ("revenue_minor", models.BigIntegerField(default=0, verbose_name="revenue")),
                ("cost_minor", models.BigIntegerField(null=True, verbose_name="cost")),
                ("treated", models.PositiveIntegerField(null=True, verbose_name="to get it")),
                ("treated_purchased", models.PositiveIntegerField(null=True)),
                ("treated_revenue_minor", models.BigIntegerField(null=True)),
                ("control", models.PositiveIntegerField(null=True, verbose_name="control")),
                ("control_purchased", models.PositiveIntegerField(null=True)),
                ("control_revenue_minor", models.BigIntegerField(null=True)),
                ("lift", models.FloatField(null=True, verbose_name="lift")),
                ("lift_low", models.FloatField(null=True)),
                ("lift_high", models.FloatField(null=True)),
                ("window_days", models.PositiveSmallIntegerField(verbose_name="days counted")),
                ("is_final", models.BooleanField(default=False, verbose_name="the window is over")),
                ("computed_at", models.DateTimeField(verbose_name="computed at")),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="result",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "result",
                "verbose_name_plural": "results",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contact",
                        serialize=False,
                        to="campaigns.message",
                    ),
                ),
                ("channel", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("day", models.DateField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["customer", "at"], name="contacts_of_a_customer")],
            },
        ),
        migrations.CreateModel(
            name="InAppMessage",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="shown",
                        serialize=False,
                        to="campaigns.message",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="title")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("url", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="segments.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "in-app message",
                "verbose_name_plural": "in-app messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["customer", "-message"],
                        name="in_app_to_show",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("complaint", "complained"),
                            ("pause", "asked for a pause"),
                            ("by_hand", "left alone by hand"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="lifted at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="set by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact_holds",
                        to="segments.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "left alone",
                "verbose_name_plural": "left alone",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("lifted_at", None)),
                        fields=["customer"],
                        name="holds_not_lifted",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True, verbose_name="version")),
                ("content", models.JSONField(verbose_name="what it says")),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="What changed, and what for.",
                        max_length=200,
                        verbose_name="why",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="in force since")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="changed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact policy",
                "verbose_name_plural": "contact policy",
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="CouponBatch",
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
                            ("value", "an amount off"),
                            ("percent", "a share off"),
                            ("gift", "a gift or a service"),
                        ],
                        default="value",
                        max_length=8,
                        verbose_name="gives",
                    ),
                ),
                (
                    "value_minor",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="amount"),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="percent off"
                    ),
                ),
                (
                    "most_minor",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="at most"),
                ),
                ("gift", models.CharField(blank=True, max_length=120, verbose_name="what it is")),
                (
                    "floor_minor",
                    models.PositiveBigIntegerField(default=0, verbose_name="for orders from"),
                ),
                (
                    "shared_code",
                    models.CharField(blank=True, max_length=32, verbose_name="shared code"),
                ),
                (
                    "is_open",
                    models.BooleanField(
                        default=False,
                        help_text="Otherwise only for customers to whom it was given.",
                        verbose_name="for anybody who knows the code",
                    ),
                ),
                (
                    "valid_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="valid for (minutes)"
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                ),
                (
                    "most_issued",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="at most in all"
                    ),
                ),
                (
                    "most_a_day",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="at most a day"
                    ),
                ),
                (
                    "comes_back",
                    models.BooleanField(
                        default=True,
                        help_text="A customer whose order is refunded can use the coupon again while it lasts.",
                        verbose_name="comes back with a refund",
                    ),
                ),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "coupon",
                "verbose_name_plural": "coupons",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "value"),
                                ("value_minor__gt", 0),
                                ("value_minor__isnull", False),
                            ),
                            models.Q(
                                ("kind", "percent"),
                                ("percent__isnull", False),
                                ("percent__range", (1, 100)),
                            ),
                            models.Q(
                                ("kind", "gift"),
                                ("value_minor__isnull", False),
                                models.Q(("gift", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="coupon_gives_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("valid_minutes__gt", 0), ("valid_minutes__isnull", False)),
                            ("ends_at__isnull", False),
                            _connector="OR",
                        ),
                        name="coupon_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_open", False),
                            models.Q(("shared_code", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="open_coupon_has_a_shared_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("shared_code", ""), _negated=True),
                        fields=("shared_code",),
                        name="one_batch_a_shared_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=32, verbose_name="code")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("issued", "given"),
                            ("redeemed", "redeemed"),
                            ("revoked", "taken back"),
                        ],
                        default="issued",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("because", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("issued_at", models.DateTimeField(verbose_name="given at")),
                ("expires_at", models.DateTimeField(verbose_name="valid until")),
                (
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="segments.customer",
                        verbose_name="customer",
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
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="coupons",
                        to="campaigns.message",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="campaigns.couponbatch",
                        verbose_name="coupon",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer's coupon",
                "verbose_name_plural": "customers' coupons",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("code", ""), _negated=True),
                        fields=("code",),
                        name="one_coupon_a_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("code", "")),
                        fields=("batch", "customer"),
                        name="shared_code_once_a_customer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message__isnull", False)),
                        fields=("message", "batch"),
                        name="one_coupon_a_message",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("issued", models.PositiveIntegerField(default=0)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="campaigns.couponbatch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "day"), name="one_row_a_coupon_and_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entrance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(default=0)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entrances",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "day"), name="one_entrance_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("precedents", models.JSONField(default=list)),
                ("expected", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField(verbose_name="found at")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evidence",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence",
                "verbose_name_plural": "evidence",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("no_address", "no address"),
                            ("no_consent", "no consent"),
                            ("suppressed", "on the do-not-contact list"),
                            ("held_out", "in the holdout"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(verbose_name="customers")),
                (
                    "audience",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exclusions",
                        to="campaigns.audience",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("audience", "reason"), name="one_set_a_reason")
                ],
            },
        ),
        migrations.CreateModel(
            name="Guard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "offer",
                    models.CharField(
                        choices=[
                            ("discount", "a price promotion"),
                            ("upsell", "something to pay for"),
                            ("perk", "an exclusive perk"),
                            ("content", "content or a service"),
                        ],
                        max_length=8,
                        verbose_name="offer",
                    ),
                ),
                ("most_share", models.FloatField(default=0.1, verbose_name="share borne")),
                (
                    "blocks",
                    models.BooleanField(
                        default=False,
                        help_text="Otherwise one may go on with a written reason, which the approver reads.",
                        verbose_name="blocks",
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=300, verbose_name="why")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived at"),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.segment",
                        verbose_name="not for",
                    ),
                ),
            ],
            options={
                "verbose_name": "guard",
                "verbose_name_plural": "guards",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("most_share__gte", 0), ("most_share__lt", 1)),
                        name="guard_share_below_all",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Holdout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.PositiveSmallIntegerField(verbose_name="share")),
                ("salt", models.CharField(max_length=40)),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="set by",
                    ),
                ),
            ],
            options={
                "verbose_name": "holdout",
                "verbose_name_plural": "holdout",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("part__gte", 1), ("part__lte", 5000)),
                        name="holdout_up_to_a_half",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("until",),
                        name="one_holdout_at_a_time",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Intake",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=120)),
                ("members", segments.models.fields.BitmapField()),
                ("control", segments.models.fields.BitmapField()),
                ("left_out", models.JSONField(default=dict)),
                ("contexts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="intakes",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "number"), name="one_intake_a_number"
                    ),
                    models.UniqueConstraint(fields=("campaign", "key"), name="one_intake_a_key"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lookout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("members", segments.models.fields.BitmapField()),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lookout",
                        to="campaigns.campaign",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Playbook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("goal", models.CharField(blank=True, max_length=200, verbose_name="goal")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("active", "in force"),
                            ("paused", "paused"),
                            ("ended", "ended"),
                        ],
                        default="draft",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "control_share",
                    models.FloatField(
                        default=0.1,
                        help_text="Share of the customers who get none of its plays.",
                        verbose_name="control",
                    ),
                ),
                (
                    "rest_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="For so long whoever got a play gets no other, unless a more urgent one.",
                        verbose_name="rest (days)",
                    ),
                ),
                (
                    "budget_minor",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="budget"),
                ),
                (
                    "wake_event",
                    models.CharField(
                        blank=True,
                        help_text="Empty: by anything that counts as being active.",
                        max_length=80,
                        verbose_name="comes back by",
                    ),
                ),
                (
                    "wake_days",
                    models.PositiveSmallIntegerField(default=30, verbose_name="counted for (days)"),
                ),
                (
                    "takes_present",
                    models.BooleanField(
                        default=True, verbose_name="begins with those who are there already"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "playbook",
                "verbose_name_plural": "playbooks",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("control_share__gte", 0), ("control_share__lte", 0.5)),
                        name="playbook_control_0_to_50_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wake_days__gte", 1), ("wake_days__lte", 90)),
                        name="wake_days_1_to_90",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Play",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(verbose_name="place")),
                ("seen", segments.models.fields.BitmapField()),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="play",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "level",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.segment",
                        verbose_name="who",
                    ),
                ),
                (
                    "value",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.segment",
                        verbose_name="value",
                    ),
                ),
                (
                    "playbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plays",
                        to="campaigns.playbook",
                    ),
                ),
            ],
            options={
                "verbose_name": "play",
                "verbose_name_plural": "plays",
                "ordering": ["playbook", "place"],
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                        fields=("playbook", "place"),
                        name="one_play_a_place",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlayResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("treated", models.PositiveIntegerField(default=0)),
                ("woken", models.PositiveIntegerField(default=0)),
                ("control", models.PositiveIntegerField(default=0)),
                ("control_woken", models.PositiveIntegerField(default=0)),
                ("followed", models.PositiveIntegerField(default=0)),
                ("stayed", models.PositiveIntegerField(default=0)),
                ("lift", models.FloatField(null=True)),
                ("lift_low", models.FloatField(null=True)),
                ("lift_high", models.FloatField(null=True)),
                ("cost_minor", models.BigIntegerField(default=0)),
                ("as_of", models.DateField(verbose_name="as of")),
                ("computed_at", models.DateTimeField(auto_now=True)),
                (
                    "play",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="result",
                        to="campaigns.play",
                    ),
                ),
                (
                    "playbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="campaigns.playbook",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("play", None)),
                        fields=("playbook",),
                        name="one_whole_a_playbook",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.PositiveIntegerField(null=True, verbose_name="customers")),
                ("lines", models.JSONField(default=list)),
                ("low_minor", models.BigIntegerField(verbose_name="at least")),
                ("expected_minor", models.BigIntegerField(verbose_name="expected")),
                ("worst_minor", models.BigIntegerField(verbose_name="at most")),
                ("returns", models.JSONField(null=True)),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quotes",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Redemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("order", models.CharField(blank=True, max_length=120, verbose_name="order")),
                (
                    "order_minor",
                    models.PositiveBigIntegerField(null=True, verbose_name="order's amount"),
                ),
                ("cost_minor", models.PositiveBigIntegerField(verbose_name="cost")),
                ("at", models.DateTimeField(verbose_name="redeemed at")),
                ("reversed_at", models.DateTimeField(null=True, verbose_name="reversed at")),
                (
                    "reversed_because",
                    models.CharField(blank=True, max_length=200, verbose_name="reversed because"),
                ),
                ("is_booked", models.BooleanField(default=False)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="redeemed by",
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="campaigns.coupon",
                    ),
                ),
            ],
            options={
                "verbose_name": "redemption",
                "verbose_name_plural": "redemptions",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reversed_at__isnull", True)),
                        fields=("coupon",),
                        name="a_coupon_is_redeemed_once",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("order", ""), _negated=True),
                        fields=["order"],
                        name="redemptions_by_order",
                    ),
                    models.Index(fields=["at"], name="redemptions_by_time"),
                    models.Index(
                        condition=models.Q(("is_booked", False)),
                        fields=["id"],
                        name="redemptions_to_book",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(default="email", max_length=16, verbose_name="channel"),
                ),
                (
                    "address",
                    segments.models.fields.SealedEmailField(
                        blank=True, max_length=320, verbose_name="address"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        blank=True, db_default="", default="", editable=False, max_length=64
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "unsubscribed"),
                            ("bounced", "the address does not exist"),
                            ("complained", "called it spam"),
                            ("by_hand", "entered by hand"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="since")),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="segments.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "suppression",
                "verbose_name_plural": "do not contact",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        fields=("channel", "address"),
                        name="one_line_an_address",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("digest", ""), _negated=True),
                        fields=("channel", "digest"),
                        name="one_line_a_digest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemplateRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="revision")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("sms", "SMS"),
                            ("push", "push"),
                            ("in_app", "in the app"),
                            ("robot", "work chat"),
                            ("webhook", "webhook"),
                        ],
                        default="email",
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
                (
                    "markup",
                    models.CharField(
                        choices=[("html", "HTML"), ("mjml", "MJML")], default="html", max_length=4
                    ),
                ),
                ("language", models.CharField(max_length=16, verbose_name="language")),
                ("words", models.JSONField()),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="changed at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="changed by",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="campaigns.messagetemplate",
                        verbose_name="template",
                    ),
                ),
            ],
            options={
                "verbose_name": "revision",
                "verbose_name_plural": "revisions",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("template", "number"), name="one_row_a_revision"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("members", segments.models.fields.BitmapField()),
                ("control", segments.models.fields.BitmapField()),
                ("left_out", models.JSONField(default=dict)),
                (
                    "play",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="turns",
                        to="campaigns.play",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["day"], name="turns_by_day")],
            },
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(default="message", max_length=16)),
                ("kind", models.CharField(db_default="message", default="message", max_length=8)),
                ("occurrence", models.PositiveIntegerField(default=0)),
                ("members", segments.models.fields.BitmapField()),
                ("size", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("claimed", "claimed"), ("done", "done")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("not_before", models.DateTimeField(null=True)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waves",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "done"), _negated=True),
                        fields=["campaign", "kind", "not_before", "id"],
                        name="waves_to_do",
                    ),
                    models.Index(fields=["campaign", "step"], name="waves_by_step"),
                ],
            },
        ),
        migrations.RunPython(templates.ship_phrases, migrations.RunPython.noop),
        *reach.Migration.operations,
    ]
